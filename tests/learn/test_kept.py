"""Weights are made once, by one of several processes, and made again when the file does not hold them."""

from __future__ import annotations

import os
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest
import torch

from bench.learn.kept import Made, kept

PROCESSES = 3


def layer():
    """A module with weights that no two calls share."""
    return torch.nn.Linear(3, 2)


def never():
    raise AssertionError("made again")


def test_what_is_kept_comes_back_ready_to_be_judged_with_what_was_seen(tmp_path):
    path = tmp_path / "folder" / "one.safetensors"
    made = kept(path, layer, lambda: Made(layer(), {"seconds": 1.5, "steps": 3.0}))
    again = kept(path, layer, never)
    assert torch.equal(again.module.weight, made.module.weight)
    assert torch.equal(again.module.bias, made.module.bias)
    assert again.facts == {"seconds": 1.5, "steps": 3.0}
    assert not again.module.training


@pytest.mark.parametrize("damage", [lambda whole: whole[:-1], lambda whole: b"", lambda whole: b"\xff" * len(whole)])
def test_a_damaged_file_is_made_again(tmp_path, damage):
    path = tmp_path / "one.safetensors"
    kept(path, layer, lambda: Made(layer(), {"try": 1.0}))
    path.write_bytes(damage(path.read_bytes()))
    second = kept(path, layer, lambda: Made(layer(), {"try": 2.0}))
    third = kept(path, layer, never)
    assert second.facts == third.facts == {"try": 2.0}
    assert torch.equal(third.module.weight, second.module.weight)


def test_what_could_not_be_made_leaves_nothing_and_keeps_nobody_waiting(tmp_path):
    path = tmp_path / "one.safetensors"
    with pytest.raises(AssertionError, match="made again"):
        kept(path, layer, never)
    assert not path.exists()
    assert kept(path, layer, lambda: Made(layer(), {"try": 2.0})).facts == {"try": 2.0}


def _want(folder):
    """What a process gets; who makes it does so only once all have come, so that the others have to wait."""
    (folder / f"came-{os.getpid()}").touch()

    def make():
        (folder / f"made-{os.getpid()}").touch()
        until = time.monotonic() + 60
        while len(list(folder.glob("came-*"))) < PROCESSES and time.monotonic() < until:
            time.sleep(0.02)
        time.sleep(0.3)
        return Made(layer(), {"process": float(os.getpid())})

    made = kept(folder / "one.safetensors", layer, make)
    return made.facts, made.module.weight.tolist()


def test_of_several_processes_one_makes_it_and_the_others_wait(tmp_path):
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        found = list(pool.map(_want, [tmp_path] * PROCESSES))
    assert len(list(tmp_path.glob("came-*"))) == PROCESSES
    (maker,) = tmp_path.glob("made-*")
    assert found == [({"process": float(maker.name.removeprefix("made-"))}, found[0][1])] * PROCESSES
