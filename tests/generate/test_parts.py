"""What was sampled before a kill is not sampled again, and the parts do not show."""

from __future__ import annotations

import numpy as np
import pytest

from bench.generate.parts import in_parts

PROMPTS = [np.arange(length, dtype=np.int32) for length in (5, 2, 4, 2, 3)]


class Sampler:
    """Two responses a prompt, that tell their prompt; counts what it was asked."""

    def __init__(self, most=99):
        self.asked, self.most = [], most

    def __call__(self, prompts):
        if len(self.asked) == self.most:
            raise KeyboardInterrupt
        self.asked.append([len(prompt) for prompt in prompts])
        return [[np.append(prompt, 7), prompt] for prompt in prompts]


def plain(found):
    return [[ids.tolist() for ids in each] for each in found]


def test_parts_are_put_together_in_the_order_of_the_prompts(tmp_path):
    found = in_parts(PROMPTS, Sampler(), tmp_path / "s", 2)
    assert plain(found) == plain(Sampler()(PROMPTS))
    assert all(ids.dtype == np.int32 for each in found for ids in each)


def test_prompts_of_similar_length_share_a_part(tmp_path):
    sampler = Sampler()
    in_parts(PROMPTS, sampler, tmp_path / "s", 2)
    assert sampler.asked == [[2, 2], [3, 4], [5]]


def test_after_a_kill_only_what_is_missing_or_damaged_is_sampled(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        in_parts(PROMPTS, Sampler(most=2), tmp_path / "s", 2)
    first = sorted((tmp_path / "s").glob("*.json"))[0]
    first.write_text(first.read_text()[:4])
    again = Sampler()
    assert plain(in_parts(PROMPTS, again, tmp_path / "s", 2)) == plain(Sampler()(PROMPTS))
    assert again.asked == [[2, 2], [5]]
