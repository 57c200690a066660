"""What a method costs is its own: not what came before it in the same process."""

import numpy as np

from bench.compare.cost import Growth
from bench.testbeds.stopwatch import Stopwatch

MEGABYTES = 64


def work(megabytes):
    return np.ones(megabytes * 2**17).sum()


def test_memory_that_a_method_takes_and_gives_back_is_seen():
    with Growth() as growth:
        work(MEGABYTES)
    assert 0.8 * MEGABYTES * 2**20 < growth.bytes < 2.5 * MEGABYTES * 2**20


def test_a_light_method_after_a_heavy_one_is_light():
    with Growth() as heavy:
        work(4 * MEGABYTES)
    with Growth() as light:
        work(1)
    assert light.bytes < heavy.bytes / 10


def test_a_stopwatch_adds_up_what_is_within():
    watch = Stopwatch()
    for _ in range(2):
        with watch:
            work(1)
    assert watch.seconds > 0
    once = watch.seconds
    work(MEGABYTES)
    assert watch.seconds == once
