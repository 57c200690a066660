"""Which pairs a deep reward model run gets: the authors' draws, and parts that share no prompt."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from bench.data import rm_static, shp, splits
from bench.data.pairs import Dataset, Pair
from bench.errors import UserError
from bench.papers.sparse import fig3_data
from bench.spec import Unavailable, Variant

HUBS = {"rm-static": (rm_static.HUB, (30_502, 2_041)), "shp": (shp.HUB, (12_903, 682))}


class Rows(Sequence):
    """`count` pairs made when asked for: row r has the prompt (r + shift) // 2."""

    def __init__(self, split, count, shift=0):
        self.split, self.count, self.shift = split, count, shift

    def __len__(self):
        return self.count

    def __getitem__(self, row):
        return Pair(f"{self.split}/{row}", str((row + self.shift) // 2), "", "", "")


@pytest.fixture
def hub(monkeypatch):
    """Datasets with the hub's row counts; no prompt is in two splits."""

    def rows(name, split, _folder):
        counts = HUBS[name][0].rows
        shift = 10**6 * list(counts).index(split)
        return Dataset(name, Rows(split, counts[split], shift), f"{name} {split}", "")

    monkeypatch.setattr(fig3_data, "_hub_split", rows)


def parts(name, variant, seed=0, train_pairs=None, eval_pairs=None, folder=Path("/nowhere")):
    return fig3_data.parts(name, folder, variant, seed, train_pairs, eval_pairs)


def ids(pairs):
    return tuple(pair.id for pair in pairs)


@pytest.mark.parametrize("name", HUBS)
@pytest.mark.parametrize("seed", [0, 3])
def test_as_released_draws_the_rows_that_deepspeed_chat_draws(name, seed, hub):
    drawn = parts(name, Variant.AS_RELEASED, seed)
    assert (len(drawn.train), len(drawn.test)) == HUBS[name][1]
    committed = splits.load(name, seed)
    assert ids(drawn.train) == committed.parts["train"]
    assert ids(drawn.test) == committed.parts["test"]
    assert not drawn.validation, "the authors select on the test part"


@pytest.mark.parametrize("name", HUBS)
def test_corrected_has_one_split_for_all_seeds_and_a_validation_part(name, hub):
    first, second = parts(name, Variant.CORRECTED, 0), parts(name, Variant.CORRECTED, 1)
    assert first == second
    assert first.train
    assert ids(first.test) == splits.load(name, fig3_data.SPLIT_SEED).parts["test"]
    assert first.validation


def test_corrected_drops_pairs_whose_prompt_is_evaluated(monkeypatch):
    """The two splits share prompts here; what is tested stays whole, train and validation give way."""

    def rows(name, split, _folder):
        return Dataset(name, Rows(split, 500, shift=400 if split == "train" else 0), split, "")

    monkeypatch.setattr(fig3_data, "_hub_split", rows)
    drawn = parts("rm-static", Variant.CORRECTED)
    train, validation, test = ({pair.group for pair in part} for part in (drawn.train, drawn.validation, drawn.test))
    assert not train & test
    assert not train & validation
    assert not validation & test
    assert len(drawn.test) == 200
    assert train
    assert validation


@pytest.mark.parametrize("variant", [Variant.AS_RELEASED, Variant.CORRECTED])
def test_fewer_pairs_are_the_first_of_more(variant, hub):
    few, more = (parts("shp", variant, train_pairs=count, eval_pairs=count) for count in (10, 50))
    assert few.train == more.train[:10]
    assert few.test == more.test[:10]
    assert few.sizes["train"] == 10


def test_a_folder_that_is_not_there_says_how_to_get_it(tmp_path):
    with pytest.raises(Unavailable, match="hf download Dahoas/rm-static --repo-type dataset --local-dir"):
        fig3_data.folder("rm-static", None, tmp_path)
    with pytest.raises(Unavailable, match="PREFBENCH_DATA"):
        fig3_data.folder("hh_rlhf", None, None)
    with pytest.raises(UserError, match="Did you mean 'rm-static'"):
        fig3_data.folder("rm_static", None, tmp_path)


needs_data = pytest.mark.skipif("PREFBENCH_DATA" not in os.environ, reason="needs PREFBENCH_DATA with hh_rlhf")


@needs_data
def test_hh_rlhf_is_redrawn_by_seed_as_released_and_fixed_by_prompt_corrected():
    folder = Path(os.environ["PREFBENCH_DATA"]) / "hh_rlhf"
    released = [parts("hh_rlhf", Variant.AS_RELEASED, seed, folder=folder) for seed in (0, 1)]
    assert released[0].sizes == released[1].sizes == {"train": 3265, "validation": 0, "test": 933}
    assert set(released[0].test) != set(released[1].test)
    assert not set(released[0].train) & set(released[0].test)
    corrected = parts("hh_rlhf", Variant.CORRECTED, folder=folder)
    groups = [{pair.group for pair in part} for part in (corrected.train, corrected.validation, corrected.test)]
    assert not groups[0] & groups[1]
    assert not groups[0] & groups[2]
    assert not groups[1] & groups[2]
