"""Language models on UltraFeedback as the study sees them: prompts, responses, hub reward models, labels, judges.

The pool's responses are the four answers that the dataset gives (`answers: given`), or the SFT policy's own
(`sampled`). In either case a prompt's labelled pair is the dataset's: its label is bought by reading it. Nobody knows
the truth here, so there are no facts that need it. Judges are AlpacaEval 2.0 and Arena-Hard.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bench.data import arena_hard, ultrafeedback
from bench.domains.arena_hard import ArenaHard
from bench.domains.corpora import Asked, four_answers, ultrafeedback_rows
from bench.domains.domain import Ids
from bench.domains.measures import divergence
from bench.domains.settings import AlpacaEvalJudge, Backbone
from bench.domains.text import TextDomain, TextPrompt
from bench.errors import UserError
from bench.generate.kept_arrays import grouped, kept_arrays, read, written
from bench.label import Judgements, ordered
from bench.learn.kept import place
from bench.learn.policy.completions import Completions
from bench.learn.policy.reference import data_hash
from bench.learn.reward.classifier import Classifier
from bench.models import fingerprint
from bench.papers.pvar.growth import gaps
from bench.papers.pvar.lab import Values
from bench.seeds import seed_for
from bench.spec import Context

VERSION = 1  # of what is sampled and scored
STUDY = "pvar"
PROMPTS_A_PART = 1024  # between which a kill loses no reward


class TextLab:
    """`settings`: pool, responses, max_tokens, temperature, and those of `recipe.OnText` as `text`.

    The data are the same for all seeds, which decide what is sampled, chosen at random and trained.
    """

    def __init__(self, settings: Mapping[str, Any], seed: int, context: Context) -> None:
        self.settings = settings
        self.text = settings["text"]
        self.seed = seed
        self.context = context
        self.folder = context.cache_dir / STUDY
        self.checkpoints: Path | None = context.scratch_dir / "checkpoints"
        self.domain = TextDomain(self.text["domain"], seed, context, STUDY, shuffled_rows)
        self.sft = self.domain.sft
        self.sft_hash = self.domain.sft_hash
        self.engine: Mapping[str, Any] = {
            **self.domain.engine,
            "checkpoint_every": self.text["checkpoint_every"],
        }
        self.judges: Mapping[str, str] = {"arena_hard": arena_hard.require(context.data_dir)}
        self._rewards: dict[str, Values] = {}
        self._held_out: dict[int, tuple[list[Completions], Values]] = {}

    def pool(self, spread: str) -> tuple[list[TextPrompt], list[Completions]]:
        """See Lab. There is one pool, whatever the spread."""
        return self._pool

    @cached_property
    def _pool(self) -> tuple[list[TextPrompt], list[Completions]]:
        prompts = self.domain.encoded(self._rows(0, self.settings["pool"]))
        if self.text["answers"] == "given":
            return prompts, self.domain.answered(prompts, [self._four[_name(one.asked)] for one in prompts])
        ids = [prompt.ids for prompt in prompts]
        path = self.place("responses", {"prompts": data_hash([Completions(one, ()) for one in ids])})
        return prompts, grouped(ids, read(kept_arrays(path, lambda: written(self._sampled(prompts)))))

    def rewards(self, spread: str, model: str) -> Values:
        """See Lab: the logits of a hub's reward model, kept a part of the pool at a time."""
        if model not in self._rewards:
            groups = self.pool(spread)[1]
            source = Backbone.model_validate(self.text["reward_models"][model]).source
            dtype = self.domain.engine["dtype"]
            load = cache(lambda: Classifier.load(source, self.domain.turns, self.domain.text, dtype))
            parts = [groups[start : start + PROMPTS_A_PART] for start in range(0, len(groups), PROMPTS_A_PART)]
            weights = f"{fingerprint(source)} {dtype}"
            self._rewards[model] = np.concatenate([self._scored(part, weights, load) for part in parts])
            load.cache_clear()
            _make_room()
        return self._rewards[model]

    def _scored(self, part: Sequence[Completions], weights: str, load: Callable[[], Classifier]) -> Values:
        """(part, k): where they are not kept, from the reward model that `load` gives."""
        parts = {"version": VERSION, "weights": weights, "sft": self.sft_hash, "groups": data_hash(part)}
        found = kept_arrays(place(self.folder, "rewards", parts), lambda: {"rewards": np.stack(load().scores(part))})
        return np.asarray(found["rewards"], dtype=np.float64)

    def reference(self, spread: str) -> None:
        """See Lab: labelled pairs are the dataset's."""

    def given(self, prompts: Sequence[TextPrompt]) -> list[Completions]:
        """See Lab: UltraFeedback's own pairs."""
        return self.domain.given(prompts)[1]

    def people(self, prompts: Sequence[TextPrompt], groups: Sequence[Completions]) -> Judgements:
        """Whom UltraFeedback prefers, of its own pairs."""
        return self.domain.people(prompts, groups)

    def truth(self, prompts: Sequence[TextPrompt], groups: Sequence[Completions]) -> None:
        """Nobody knows it."""

    def held_out(self, prompts: int) -> tuple[list[Completions], Values]:
        """See Lab: UltraFeedback's own pairs of the prompts after the pool's."""
        if prompts not in self._held_out:
            first = self.settings["pool"]
            asked = self.domain.encoded(self._rows(first, first + prompts))
            groups = self.given(asked)
            pairs = ordered(groups, self.people(asked, groups))
            self._held_out[prompts] = pairs, gaps(self.sft, pairs)
        return self._held_out[prompts]

    def judged(self, policy: Any, judging: Mapping[str, int]) -> dict[str, float]:
        """See Lab: win rates over GPT-4-turbo on AlpacaEval, plain and length-controlled, and over GPT-4 on Arena-Hard.

        Also the mean length in tokens and characters of the answers to AlpacaEval, and the divergence from the SFT
        policy on its prompts.
        """
        settings = self.domain.settings
        assert isinstance(settings.judge, AlpacaEvalJudge)
        arena = ArenaHard(settings.judge, self.context, settings.policy.name, STUDY)
        alpaca = self.domain.prompts("test", 0, judging["test_prompts"])
        asked = [*alpaca, *self.domain.encoded(arena.prompts())]
        own = self._answers(policy, asked)
        ours, hard = own[: len(alpaca)], own[len(alpaca) :]
        return {
            **self.domain.quality(alpaca, ours),
            **arena.quality([self.domain.text(ids) for ids in hard]),
            "length": float(np.mean([len(ids) for ids in ours])),
            "kl_from_sft": divergence(
                self.domain,
                policy,
                alpaca[: judging["divergence"]],
                max_tokens=self.settings["max_tokens"],
                seed=seed_for(STUDY, "divergence", self.seed),
            ),
        }

    def place(self, kind: str, parts: Mapping[str, Any]) -> Path:
        """See Lab."""
        sampling = {name: self.settings[name] for name in ("responses", "max_tokens", "temperature")}
        own = {"version": VERSION, "seed": self.seed, "sft": self.sft_hash, "backend": self.text["domain"]["backend"]}
        return place(self.folder, kind, own | sampling | dict(parts))

    def _rows(self, first: int, last: int) -> list[Asked]:
        """Of the prompts that have all that is asked of one. Raises UserError where there are too few."""
        if len(self._whole) < last:
            raise UserError(
                f"pool and held_out need {last:,} prompts, and {len(self._whole):,} of {ultrafeedback.HUB.repo} have "
                f"a pair of answers with text{' and four given answers' * (self.text['answers'] == 'given')}"
            )
        return self._whole[first:last]

    @cached_property
    def _whole(self) -> list[Asked]:
        """In the study's order, each prompt once."""
        found: dict[str, Asked] = {}
        for asked in self.domain.corpus.train:
            whole = asked.pair is not None and asked.pair.chosen.strip() and asked.pair.rejected.strip()
            if whole and (self.text["answers"] == "sampled" or _name(asked) in self._four):
                found.setdefault(_name(asked), asked)
        return list(found.values())

    @cached_property
    def _four(self) -> Mapping[str, tuple[str, ...]]:
        assert self.context.data_dir is not None  # the corpus was read from it
        return four_answers(self.context.data_dir)

    def _sampled(self, prompts: Sequence[TextPrompt]) -> list[list[Ids]]:
        return self.domain.sample(
            self.sft,
            prompts,
            samples=self.settings["responses"],
            max_tokens=self.settings["max_tokens"],
            temperature=self.settings["temperature"],
            seed=seed_for(STUDY, "sample", "pool", self.seed),
        )

    def _answers(self, policy: Any, prompts: Sequence[TextPrompt]) -> list[Ids]:
        """The one answer to each prompt that is judged."""
        found = self.domain.sample(
            policy,
            prompts,
            samples=1,
            max_tokens=self.text["test_tokens"],
            temperature=self.text["test_temperature"],
            seed=seed_for(STUDY, "sample", "judged", self.seed),
        )
        return [each[0] for each in found]


def shuffled_rows() -> Sequence[int]:
    """The rows of UltraFeedback in the study's order."""
    rows = ultrafeedback_rows()
    order = np.random.default_rng(seed_for(STUDY, "text", "order")).permutation(len(rows))
    return [rows[row] for row in order]


def _name(asked: Asked) -> str:
    """What finds the same prompt in another dataset."""
    return asked.turns[-1].content.strip()


def _make_room() -> None:
    """On the GPU, for the policy that learns next."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
