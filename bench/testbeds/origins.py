"""Where the pairs of a testbed of texts come from: the data directory, what a user names, or an installed package."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.errors import UserError, unknown
from bench.methods.sources import loaded, told
from bench.spec import Unavailable

if TYPE_CHECKING:
    from bench.data.annotated import Annotated
    from bench.data.formats import Preferences
    from bench.data.pairs import Dataset

DATASETS = {"hh": "hh_helpful", "hh_harmless": "hh_harmless", "ukp": "ukpconvarg1", "alpaca_eval": "alpaca_eval"}
MODELS = 3  # of AlpacaEval's, whose answer to a prompt is compared with the baseline's; others for every prompt


@dataclass(frozen=True)
class Origin(ABC):
    """What it reads is a function of its fields, of a data directory, and of the fingerprints."""

    name: str

    @abstractmethod
    def fingerprints(self, data_dir: Path | None) -> Mapping[str, str]:
        """Of what is read, by name. Raises Unavailable for files that are not in the data directory."""

    @abstractmethod
    def load(self, data_dir: Path | None) -> Preferences:
        """All of it. Raises UserError for what cannot be read."""


@dataclass(frozen=True)
class Shipped(Origin):
    """A dataset of DATASETS, in the data directory."""

    def fingerprints(self, data_dir: Path | None) -> Mapping[str, str]:
        """See Origin. The files are checked against these hashes when they are read."""
        from bench.data import alpaca_eval, hh_rlhf, ukpconvarg1
        from bench.data.datafile import require

        files = {
            "hh": (hh_rlhf.FILE,),
            "hh_harmless": (hh_rlhf.FILE,),
            "ukp": (ukpconvarg1.ARGUMENTS, ukpconvarg1.JUDGEMENTS),
            "alpaca_eval": (alpaca_eval.PROMPTS, alpaca_eval.RESPONSES),
        }[self.name]
        return {file.path: require(data_dir, file) for file in files}

    def load(self, data_dir: Path | None) -> Preferences:
        """See Origin."""
        from bench.data.datafile import named
        from bench.data.formats import Preferences
        from bench.data.registry import load_text

        if self.name == "alpaca_eval":
            return Preferences(_alpaca_eval(named(data_dir)))
        return Preferences(load_text(DATASETS[self.name], named(data_dir)))


@dataclass(frozen=True)
class Named(Origin):
    """A file, a folder, or `hub:org/name[:split]`."""

    reference: str

    def fingerprints(self, data_dir: Path | None) -> Mapping[str, str]:
        """See Origin. Of a hub dataset it is known once it is loaded."""
        from bench.data.formats.rows import HUB, sha256_content

        if self.reference.startswith(HUB):
            return {self.name: _loaded(self.reference).fingerprint}
        return {self.name: sha256_content(Path(self.reference))}

    def load(self, data_dir: Path | None) -> Preferences:
        """See Origin."""
        from bench.data.formats import preferences
        from bench.data.formats.rows import HUB

        return _loaded(self.reference) if self.reference.startswith(HUB) else preferences(self.reference)


@dataclass(frozen=True)
class Installed(Origin):
    """An entry point: a callable without arguments that returns a path, a Dataset, Annotated or Preferences."""

    target: str  # module:callable
    group: str

    def fingerprints(self, data_dir: Path | None) -> Mapping[str, str]:
        """See Origin."""
        from bench.data.formats.rows import sha256_content

        given = _given(self)
        return {self.name: sha256_content(Path(given)) if isinstance(given, str | Path) else _read(given).fingerprint}

    def load(self, data_dir: Path | None) -> Preferences:
        """See Origin."""
        return _read(_given(self))


@lru_cache(maxsize=4)
def _given(origin: Installed) -> Any:
    """A package is asked once in a process. Raises UserError for whatever keeps it from answering."""
    function = loaded(EntryPoint(origin.name, origin.target, origin.group))
    try:
        return function()
    except (Unavailable, UserError):
        raise
    except (Exception, SystemExit) as error:
        raise UserError(f"the dataset '{origin.name}': {origin.target} failed: {told(error)}") from error


@lru_cache(maxsize=4)
def _loaded(reference: str) -> Preferences:
    """A hub dataset is loaded once in a process."""
    from bench.data.formats import preferences

    return preferences(reference)


def _read(given: str | Path | Dataset | Annotated | Preferences) -> Preferences:
    from bench.data.annotated import Annotated
    from bench.data.formats import Preferences, preferences
    from bench.data.pairs import Dataset

    if isinstance(given, Preferences):
        return given
    if isinstance(given, Dataset):
        return Preferences(given)
    if isinstance(given, Annotated):
        return _of_annotated(given)
    if isinstance(given, str | Path):
        return preferences(given)
    kind = type(given).__name__
    raise UserError(f"a dataset of a package is a path, a Dataset, Annotated or Preferences, and not of type {kind}")


def _of_annotated(data: Annotated) -> Preferences:
    """Comparisons by people who are told apart, as pairs with their annotators."""
    from bench.data.annotated import NO_PROMPT
    from bench.data.formats import Preferences
    from bench.data.pairs import Pair, make_dataset

    pairs = []
    for row, (asked, label) in enumerate(zip(data.asked.tolist(), data.labels.tolist(), strict=True)):
        sides = [data.items[data.first[row]], data.items[data.second[row]]]
        prompt = "" if asked == NO_PROMPT else data.prompts[asked]
        pairs.append(Pair(str(row), prompt or "\n".join(sorted(sides)), prompt, *sides[::label]))
    return Preferences(make_dataset(data.name, pairs, data.source), tuple(data.annotators), left_out=data.left_out)


def _alpaca_eval(data_dir: Path) -> Dataset:
    """Of every prompt the answers of MODELS models, each against the baseline's, as GPT-4-turbo judged them."""
    import numpy as np

    from bench.data import alpaca_eval
    from bench.data.pairs import Pair, make_dataset
    from bench.seeds import seed_for

    prompts = alpaca_eval.prompts(data_dir)
    given = alpaca_eval.answers(data_dir)
    if alpaca_eval.BASELINE not in given:
        raise unknown("model", alpaca_eval.BASELINE, given)
    baseline = {answer.prompt_id: answer.text for answer in given[alpaca_eval.BASELINE]}
    others = {
        model: {answer.prompt_id: answer for answer in answers}
        for model, answers in given.items()
        if model != alpaca_eval.BASELINE
    }
    pairs = []
    for number, prompt in enumerate(prompts):
        models = sorted(model for model, answers in others.items() if number in answers)
        order = np.random.default_rng(seed_for("alpaca_eval", "models", number)).permutation(len(models))
        for model in (models[place] for place in order[:MODELS]):
            answer = others[model][number]
            sides = [answer.text, baseline[number]]
            chosen, rejected = sides if answer.preference > 0.5 else sides[::-1]
            asked = f"\n\nHuman: {prompt}\n\nAssistant:"
            pairs.append(Pair(f"{number}/{model}", prompt, asked, f" {chosen}", f" {rejected}"))
    return make_dataset("alpaca_eval", pairs, alpaca_eval.SOURCE)
