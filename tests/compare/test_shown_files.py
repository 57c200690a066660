from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import shown_comparison

from bench.compare.results import Results, Tournament
from bench.compare.shown import write
from bench.errors import UserError

TEX = """\\documentclass{article}\\usepackage[margin=1cm]{geometry}\\usepackage{booktabs}
\\begin{document}\\input{table.tex}\\input{differences.tex}\\end{document}"""


@pytest.fixture(scope="module")
def made() -> Results:
    return shown_comparison.compared(failures=2)[0]


@pytest.fixture(scope="module")
def found() -> Tournament:
    return shown_comparison.compared(failures=2)[1]


@pytest.fixture(scope="module")
def folder(made: Results, found: Tournament, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("comparison") / "deep" / "folder"
    written = write(made, found, out)
    assert sorted(written) == sorted(out.iterdir())
    assert written[0] == out / "index.html"
    return out


def test_the_folder_has_page_tables_and_figures(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {
        *("index.html", "results.csv", "table.csv", "table.tex", "differences.csv", "differences.tex"),
        "beside.csv",
        *(f"{name}.{end}" for name in ("curves", "critical_difference", "profiles") for end in ("pdf", "png")),
    }


def test_results_keep_every_record_and_digit(folder: Path, made: Results) -> None:
    read = pd.read_csv(folder / "results.csv")
    pd.testing.assert_frame_equal(read, made.rows.reset_index(drop=True))


def test_the_table_has_every_cell_with_its_interval(folder: Path, found: Tournament) -> None:
    read = pd.read_csv(folder / "table.csv", dtype={"budget": str})
    assert len(read) == len(found.cells)
    for row, cell in zip(read.itertuples(), found.cells, strict=True):
        assert (row.task, row.entrant, row.budget) == (cell.task, cell.entrant, str(cell.budget or "area"))
        assert (row.mean, row.mean_low, row.mean_high, row.best) == (
            cell.mean.value,
            cell.mean.low,
            cell.mean.high,
            cell.best,
        )
    assert set(read[read.own].entrant) == {"MyMethod"}


def test_the_differences_have_every_pair_once_with_the_verdict_on_the_left(folder: Path, found: Tournament) -> None:
    read = pd.read_csv(folder / "differences.csv")
    assert list(read.p_holm) == [one.adjusted for one in found.differences]
    seen = read[read.p_holm < 0.05]
    assert len(seen)
    assert ((seen.verdict == "better") == (seen.difference > 0)).all()
    assert (read[read.p_holm >= 0.05].verdict == "no difference seen").all()


def test_tables_say_which_test_was_used_and_the_captions_why(made: Results, found: Tournament, tmp_path: Path) -> None:
    write(replace(made, overlaps={"hh_rlhf": 0.25}), found, tmp_path)
    read = pd.read_csv(tmp_path / "differences.csv")
    corrected = read.test.str.startswith("corrected resampled t")
    assert (corrected == (read.task == "hh_rlhf")).all()
    assert set(pd.read_csv(tmp_path / "table.csv").overlap) == {0.0, 0.25}
    for name in ("table.tex", "differences.tex"):
        assert "On hh\\_rlhf every seed splits the same data anew" in (tmp_path / name).read_text()


def test_means_over_fewer_seeds_have_a_dagger(folder: Path, found: Tournament) -> None:
    text = (folder / "table.tex").read_text()
    rows, caption = text[text.index("\\toprule") :], text[: text.index("\\toprule")]
    assert rows.count("^{\\dagger}") == sum(cell.missing > 0 for cell in found.cells) == 2
    assert "dagger" in caption


def test_the_latex_table_marks_the_best_of_every_column_and_who_differs(folder: Path, found: Tournament) -> None:
    text = (folder / "table.tex").read_text()
    assert text.count("\\mathbf{") == sum(cell.best for cell in found.cells)
    against = [one for one in found.differences if "dpo" in (one.left, one.right) and one.adjusted < 0.05]
    up = sum((one.difference.value > 0) == (one.left != "dpo") for one in against)
    rows = text[text.index("\\toprule") :]
    assert rows.count("^{\\uparrow}") == up
    assert rows.count("^{\\downarrow}") == len(against) - up
    caption = re.search(r"\\caption{(.*)}", text)
    assert caption is not None
    for word in ("Bold", "\\uparrow", "Holm", "of dpo", "ours", "6 trials $\\times$ 2 validation seeds"):
        assert word in caption.group(1)


def test_names_are_escaped_for_latex(folder: Path) -> None:
    text = (folder / "table.tex").read_text()
    assert "odd\\_\\textless{}name\\textgreater{} \\& 100\\% \\$x\\$" in text
    assert "my \\textless{}data\\textgreater{} (accuracy of 50\\% \\& more)" in text


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="needs pdflatex")
def test_the_latex_compiles_and_is_no_wider_than_the_page(folder: Path, tmp_path: Path) -> None:
    for name in ("table.tex", "differences.tex"):
        shutil.copy(folder / name, tmp_path)
    (tmp_path / "paper.tex").write_text(TEX)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Overfull" not in done.stdout


def test_files_are_the_same_bytes_when_written_again(folder: Path, made: Results, found: Tournament, tmp_path: Path):
    write(made, found, tmp_path, runs=Path("runs"))
    for name in ("table.csv", "differences.tex", "curves.pdf", "critical_difference.png"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes(), name


def test_a_folder_that_cannot_be_written_is_named(made: Results, found: Tournament, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="file/out: the comparison cannot be written there"):
        write(made, found, tmp_path / "file" / "out")
