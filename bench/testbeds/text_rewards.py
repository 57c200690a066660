"""Reward models of pairs of texts: they read features of a frozen encoder, and are judged on pairs of other groups.

A group is what must not be known from training: a dialogue's opening, a debate, a prompt. A quarter of the pairs, whole
groups, is for validation seeds alone, and the others are for what is reported. Which of them are held out is another
draw with every seed.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.errors import UserError
from bench.methods.method import Slot
from bench.spec import Context, Progress, canonical
from bench.testbeds.origins import Origin
from bench.testbeds.testbed import EVERYBODY, Ground
from bench.testbeds.validation import rows_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bench.data.formats import Preferences
    from bench.testbeds.features import Part


@dataclass(frozen=True)
class RewardSource:
    """See Source. Settings: `version`, `pairs` (at most so many are used, the same for every seed), and `held_out`,
    the share for tests."""

    origin: Origin

    def fingerprints(self, settings: Mapping[str, Any], data_dir: Path | None) -> Mapping[str, str]:
        """See Source."""
        from bench.data import encoder

        found = self.origin.fingerprints(data_dir)
        encoder.require()
        return {**found, "minilm": hashlib.sha256(canonical(encoder.settings()).encode()).hexdigest()}

    def open(self, settings: Mapping[str, Any], learner: Slot, seed: int, budget: int, context: Context) -> Ground:
        """See Source. Raises UserError where a budget and the test need more pairs than there are."""
        import numpy as np

        from bench.testbeds.features import FeatureGround, Held

        here = self._texts(settings, context)
        pool, test = parts(here.groups, settings["held_out"], seed, self.origin.name)
        if budget > len(pool):
            raise UserError(
                f"{self.origin.name}: of {len(here.groups):,} pairs this seed may see {len(pool) + len(test):,}, "
                f"{len(test):,} of them for the test; a budget of {budget:,} labels needs more than the {len(pool):,} "
                "that are left. Name a smaller one, or more pairs"
            )
        turned = np.random.default_rng(sides(self.origin.name, seed)).random(len(here.groups)) < 0.5
        labels = np.where(turned, -1, 1)
        clusters = here.annotators if here.people else here.groups
        return FeatureGround(
            lambda reads: (here.part(reads, pool, turned), here.part(reads, test, turned)),
            Held(labels[pool], [clusters[row] for row in pool]),
            Held(labels[test], [clusters[row] for row in test]),
            budget,
            people=here.people,
            facts={"longer_wins": here.longer_wins(test)},
        )

    def prepare(
        self, settings: Mapping[str, Any], seeds: Sequence[int], context: Context, progress: Progress | None
    ) -> None:
        """See Source. Every text is embedded once; prompts, too, so that no method is charged for them."""
        here = self._texts(settings, context)
        here.progress = progress
        _ = here.items, here.prompts
        here.progress = None

    def seconds(self, settings: Mapping[str, Any], learner: Slot, labels: int) -> float:
        """See Source."""
        return 0.3 + labels / 2000

    def _texts(self, settings: Mapping[str, Any], context: Context) -> Texts:
        known = canonical(dict(self.origin.fingerprints(context.data_dir)))
        return _texts(self.origin, known, settings["pairs"], context.data_dir, context.cache_dir)


class Texts:
    """Pairs, and their features once somebody asks for them."""

    def __init__(self, said: Preferences, cache_dir: Path) -> None:
        self.dataset = said.dataset
        self.groups = [pair.group for pair in said.dataset.pairs]
        self.people = len(set(said.annotators)) > 1  # of one annotator alone, errors are over prompts
        self.annotators = said.annotators or (EVERYBODY,) * len(self.groups)
        self._cache_dir = cache_dir
        self.progress: Progress | None = None  # of embedding

    @cached_property
    def items(self) -> NDArray[np.float32]:
        """(n, 2, d): of prompt and answer, the chosen one first."""
        import numpy as np

        from bench.data.features import difference_features

        features = difference_features(self.dataset, cache_dir=self._cache_dir, progress=self.progress)
        return np.stack([features.first, features.second], axis=1).astype(np.float32)

    @cached_property
    def prompts(self) -> NDArray[np.float32] | None:
        """(n, d): of the prompts alone; None where nothing was asked."""
        from bench.data.features import find_encoder, text_table
        from bench.data.texts import Text

        if not all(pair.prompt for pair in self.dataset.pairs):
            return None
        rows = {prompt: row for row, prompt in enumerate(dict.fromkeys(pair.prompt for pair in self.dataset.pairs))}
        texts = [Text(prompt, "") for prompt in rows]
        table = text_table(texts, find_encoder("minilm"), "minilm", self._cache_dir, self.progress)
        return table[[rows[pair.prompt] for pair in self.dataset.pairs]]

    def part(self, reads: str, rows: Sequence[int], turned: NDArray[np.bool_]) -> Part:
        """The pairs at `rows`, those that are `turned` with the rejected answer first."""
        import numpy as np

        from bench.learn.reward.personal.cosine import cosines
        from bench.testbeds.features import Part

        places = np.asarray(rows)
        items = np.where(turned[places, None, None], self.items[places, ::-1], self.items[places])
        asked = None if reads == "linear" or self.prompts is None else self.prompts[places]
        if reads == "prompted" and asked is not None:
            near = cosines(items.astype(np.float64), asked.astype(np.float64))
            items, asked = np.concatenate([items, near[:, :, None].astype(np.float32)], axis=2), None
        return Part(items, [self.annotators[row] for row in rows], asked)

    def longer_wins(self, rows: Sequence[int]) -> float:
        """What "the answer with more characters is preferred" is worth; equal lengths count half."""
        import numpy as np

        pairs = [self.dataset.pairs[row] for row in rows]
        return float(np.mean([(1 + np.sign(len(pair.chosen) - len(pair.rejected))) / 2 for pair in pairs]))


def parts(groups: Sequence[str], held_out: float, seed: int, name: str) -> tuple[list[int], list[int]]:
    """Rows of the pool, and of the test, that are for this seed: as `split`, of what `validation.rows_of` lets it see.

    Raises UserError as they do.
    """
    own = rows_of(groups, seed, name)
    pool, test = split([groups[row] for row in own], held_out, seed, name)
    return [own[place] for place in pool], [own[place] for place in test]


def split(groups: Sequence[str], held_out: float, seed: int, name: str) -> tuple[list[int], list[int]]:
    """Rows of the pool, and of the test: whole groups, drawn by the seed, as many as fit into the share `held_out`.

    Where none fits, the smallest one is the test.
    """
    import numpy as np

    from bench.seeds import seed_for

    sizes = Counter(groups)
    names = sorted(sizes)
    taken: set[str] = set()
    room = round(held_out * len(groups))
    for place in np.random.default_rng(seed_for("held-out texts", name, seed)).permutation(len(names)):
        if sizes[names[place]] <= room:
            taken.add(names[place])
            room -= sizes[names[place]]
    if not taken:
        taken = {min(names, key=lambda group: (sizes[group], group))}
    test = [row for row, group in enumerate(groups) if group in taken]
    return [row for row, group in enumerate(groups) if group not in taken], test


def sides(name: str, seed: int) -> int:
    """The seed of the stream that says which pairs are turned, so that no method profits from their order."""
    from bench.seeds import seed_for

    return seed_for("sides of texts", name, seed)


@lru_cache(maxsize=2)
def _texts(origin: Origin, fingerprint: str, most: int, data_dir: Path | None, cache_dir: Path) -> Texts:
    """One table of features serves all methods, budgets and seeds."""
    return Texts(some(origin.load(data_dir), most), cache_dir)


def some(said: Preferences, most: int) -> Preferences:
    """At most so many pairs, drawn once for all seeds, in their order."""
    import numpy as np

    from bench.data.formats import Preferences
    from bench.data.pairs import make_dataset
    from bench.seeds import seed_for

    pairs = said.dataset.pairs
    if len(pairs) <= most:
        return said
    order = np.random.default_rng(seed_for("texts that are used", said.dataset.name)).permutation(len(pairs))
    rows = np.sort(order[:most]).tolist()
    return Preferences(
        make_dataset(said.dataset.name, [pairs[row] for row in rows], said.dataset.source),
        tuple(said.annotators[row] for row in rows) if said.annotators else (),
        tuple(said.strengths[row] for row in rows) if said.strengths else (),
        said.left_out,
    )
