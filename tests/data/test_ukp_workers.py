from collections import Counter
from pathlib import Path

import pytest

from bench.data import ukp_workers, ukpconvarg1
from bench.data.agreement import agreement, consistency
from bench.data.datafile import read_rows


def test_every_decided_judgement_of_people_with_enough_is_there(data_dir: Path) -> None:
    rows = read_rows(data_dir, ukpconvarg1.JUDGEMENTS, "")
    made_by = Counter(row["worker"] for row in rows)
    data = ukp_workers.load(data_dir)
    assert len(data.people) == ukp_workers.WORKERS == sum(count >= 50 for count in made_by.values())
    assert len(data) + data.left_out == sum(count for count in made_by.values() if count >= 50)
    assert len(data) == ukp_workers.COMPARISONS
    everyone = ukp_workers.load(data_dir, least=1)
    assert len(everyone) + everyone.left_out == ukpconvarg1.JUDGEMENTS.rows


def test_a_comparison_is_what_the_file_says(data_dir: Path) -> None:
    texts = {row["arg_id"]: row["text"] for row in read_rows(data_dir, ukpconvarg1.ARGUMENTS, "")}
    decided = [row for row in read_rows(data_dir, ukpconvarg1.JUDGEMENTS, "") if row["choice"] != "equal"]
    data = ukp_workers.load(data_dir, least=1)
    for place in range(0, len(data), 4_999):
        row = decided[place]
        better = row[row["choice"]]
        preferred = data.first[place] if data.labels[place] == 1 else data.second[place]
        assert data.items[preferred] == f" {texts[better]}"
        assert data.annotators[place] == row["worker"]


def test_the_prompt_and_the_texts_are_those_of_the_majority_pairs(data_dir: Path) -> None:
    data = ukp_workers.load(data_dir, least=1)
    readings = set(data.readings()[0])
    for pair in ukpconvarg1.load(data_dir).pairs[::997]:
        assert {pair.prompt + pair.chosen, pair.prompt + pair.rejected} <= readings


def test_how_much_they_agree_is_as_committed(data_dir: Path) -> None:
    data = ukp_workers.load(data_dir)
    found, own = agreement(ukp_workers.load(data_dir, least=1), data.people), consistency(data)
    for name, rate in ukp_workers.AGREEMENT.items():
        value = own.noise if name == "noise" else getattr(found, name)
        assert value == pytest.approx(rate, abs=5e-5), name
