"""Language models on text: pairs that people judged, and a learned judge or AlpacaEval's."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from bench import models
from bench.domains import corpora
from bench.domains.corpora import Asked, Corpus, Rows
from bench.domains.settings import Backbone, RewardJudge, TextSettings
from bench.domains.text_judges import AlpacaEval, Judge, LearnedJudge
from bench.errors import UserError
from bench.generate import sample, vllm
from bench.generate.parts import in_parts
from bench.label import Judgements, Labeler, Listing, PairRM
from bench.label.llm_judge import Question
from bench.learn.policy import encoding
from bench.learn.policy.completions import Completions, Ids
from bench.learn.policy.reference import weights_hash
from bench.seeds import seed_for
from bench.spec import Context, canonical

PROMPTS_A_PART = 32  # between which a kill loses no sample


@dataclass(frozen=True)
class TextPrompt:
    """A prompt as the policy reads it."""

    asked: Asked
    ids: Ids  # (P,)
    chosen_first: bool  # whether the better answer of its pair is shown first: a coin of the pair's own


class TextDomain:
    """`settings`: those of `TextSettings`. `seed` decides what is sampled and trained; data and judge are the same."""

    def __init__(self, settings: Mapping[str, Any], seed: int, context: Context, study: str, rows: Rows) -> None:
        self.settings = TextSettings.model_validate(settings)
        self.seed = seed
        self.context = context
        self.study = study
        self.rows = rows
        self.engine: Mapping[str, Any] = self.settings.engine.model_dump()
        self.sft, self.tokenizer = language_model(self.settings.policy, self.engine["dtype"])
        self.sft_hash = f"{models.fingerprint(self.settings.policy.source)} {self.engine['dtype']}"
        self.end = int(self.tokenizer.eos_token_id)
        self.asked: dict[bytes, Asked] = {}  # by the token ids of a prompt
        self.limits = encoding.Limits(**self.settings.limits.model_dump())

    @property
    def corpus(self) -> Corpus:
        """Prompts and pairs. Raises UserError where there is no data directory, or its files have changed."""
        settings, judge, data_dir = self.settings, self.settings.judge, self.context.data_dir
        if data_dir is None:
            raise UserError("the texts need a data directory: name it with --data-dir or PREFBENCH_DATA")
        if not isinstance(judge, RewardJudge):
            return corpora.ultra_feedback(data_dir, self.rows)
        numbers = judge.pairs, judge.held_out, settings.seed_pairs or 0, settings.test
        return corpora.human_preferences(data_dir, *numbers, study=self.study)

    def prompts(self, part: str, first: int, last: int) -> list[TextPrompt]:
        """See Domain."""
        rows = {"train": self.corpus.train, "test": self.corpus.test}[part][first:last]
        if len(rows) < last - first:
            raise UserError(f"prompts {first:,} to {last:,} of {part}: there are {first + len(rows):,}")
        return self.encoded(rows)

    def encoded(self, rows: Sequence[Asked]) -> list[TextPrompt]:
        """Any prompts as the policy reads them; from now on `turns` knows their token ids."""
        found = [
            TextPrompt(asked, group.prompt, bool(seed_for(self.study, "side", asked.id) & 1))
            for asked, group in zip(rows, self._encode(rows), strict=True)
        ]
        self.asked |= {prompt.ids.tobytes(): prompt.asked for prompt in found}
        return found

    def answered(self, prompts: Sequence[TextPrompt], answers: Sequence[Sequence[str]]) -> list[Completions]:
        """The prompts with these answers to each, whoever gave them. Raises UserError for one without text."""
        return self._with([prompt.asked for prompt in prompts], answers)

    def given(self, prompts: Sequence[TextPrompt]) -> tuple[list[TextPrompt], list[Completions]]:
        """See Domain. A pair with an empty answer is left out. Raises UserError for a prompt without a pair."""
        rows = [prompt for prompt in prompts if all(text.strip() for text in _answers(prompt.asked))]
        groups = self._encode([prompt.asked for prompt in rows], pairs=True)
        sides = [1 if prompt.chosen_first else -1 for prompt in rows]
        shown = [Completions(group.prompt, group.responses[::side]) for group, side in zip(groups, sides, strict=True)]
        return rows, shown

    def sample(self, policy: Any, prompts: Sequence[TextPrompt], **sampling: Any) -> list[list[Ids]]:
        """See Domain. What is sampled is kept in parts: after a kill, it goes on with the next."""
        asked = [prompt.ids for prompt in prompts]
        key = canonical({"policy": weights_hash(policy), "prompts": [ids.tolist() for ids in asked], **sampling})
        folder = self.context.scratch_dir / f"samples-{hashlib.sha256(key.encode()).hexdigest()[:16]}"

        def found(part: Sequence[Ids]) -> list[list[Ids]]:
            if self.settings.backend == "vllm":
                options = {"dtype": self.engine["dtype"], **self.settings.vllm}
                samples = vllm.sample_policy(policy, part, options, stop=(self.end,), **sampling)
            else:
                samples = sample(policy, part, stop=(self.end,), **sampling)
            return [[one.tokens for one in each] for each in samples]

        # An engine of vLLM takes long to start, and not long to sample.
        size = PROMPTS_A_PART if self.settings.backend == "transformers" else max(1, len(asked))
        return in_parts(asked, found, folder, size)

    def people(self, prompts: Sequence[TextPrompt], groups: Sequence[Completions]) -> Judgements:
        """What people said of their own pairs, which `groups` must be. Raises UserError for a prompt without one."""
        for prompt in prompts:
            _answers(prompt.asked)
        log_odds = np.array([np.inf if prompt.chosen_first else -np.inf for prompt in prompts])
        return Judgements(log_odds, labels_spent=len(prompts))

    def truth(self, prompts: Sequence[TextPrompt], groups: Sequence[Completions]) -> NDArray[np.float64] | None:
        """The learned judge's; see Domain."""
        return self.judge.truth(groups)

    def ranker(self) -> Labeler:
        """PairRM, which reads a conversation as its messages. Raises Unavailable where its files are not here."""
        return PairRM.load(self._read)

    def question(self) -> Question:
        """See `bench.label.Listing`."""
        return Listing(self.tokenizer, max_prompt=self.limits.prompt, max_response=self.limits.response)

    def base(self) -> Any:
        """The model of `domain.base`."""
        if self.settings.base is None:
            raise UserError("domain.base: name the model before instruction tuning")
        return language_model(self.settings.base, self.engine["dtype"])[0]

    def compare(self, prompts: Sequence[TextPrompt], own: Sequence[Ids], theirs: Sequence[Ids]) -> NDArray[np.float64]:
        """See Domain."""
        return self.judge.compare([prompt.ids for prompt in prompts], own, theirs)

    def quality(self, prompts: Sequence[TextPrompt], responses: Sequence[Ids]) -> dict[str, float]:
        """See Domain."""
        texts = [self.text(response) for response in responses]
        facts = self.judge.quality([prompt.ids for prompt in prompts], responses, texts)
        return {**facts, "mean_characters": float(np.mean([len(one) for one in texts]))}

    @cached_property
    def judge(self) -> Judge:
        """The reward model, trained where it is not kept yet; or AlpacaEval's endpoint."""
        settings = self.settings.judge
        if not isinstance(settings, RewardJudge):
            return AlpacaEval(settings, self.context, self.settings.policy.name, self.study)
        pairs, held_out = (self._encode(rows, pairs=True) for rows in (self.corpus.judge, self.corpus.held_out))
        return LearnedJudge.kept(
            self.sft, self.sft_hash, pairs, held_out, settings, self.engine, self.context.cache_dir, self.study
        )

    def text(self, ids: Ids) -> str:
        """The text of token ids, without special tokens."""
        found: str = self.tokenizer.decode(ids.tolist(), skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return found.strip()

    def turns(self, ids: Ids) -> list[dict[str, str]]:
        """The conversation behind the token ids of a prompt, which `prompts` must have given; UserError for others."""
        if (asked := self.asked.get(ids.tobytes())) is None:
            raise UserError(f"no prompt of this domain has the token ids that begin {ids[:5].tolist()}")
        return _messages(asked)

    def _read(self, ids: Ids) -> str:
        """The text of a prompt, less its template, or of a response."""
        asked = self.asked.get(ids.tobytes())
        return self.text(ids) if asked is None else text(asked)

    def _encode(self, rows: Sequence[Asked], pairs: bool = False) -> list[Completions]:
        return self._with(rows, [_answers(row) if pairs else () for row in rows])

    def _with(self, rows: Sequence[Asked], answers: Sequence[Sequence[str]]) -> list[Completions]:
        conversations = [_messages(row) for row in rows]
        return encoding.encode([row.id for row in rows], conversations, answers, self.tokenizer, self.limits, chat=True)


def _messages(asked: Asked) -> list[dict[str, str]]:
    return [{"role": turn.role, "content": turn.content} for turn in asked.turns]


def text(asked: Asked) -> str:
    """A conversation as plain text: what one person asked, or who said what."""
    if len(asked.turns) == 1:
        return asked.turns[0].content
    return "\n\n".join(f"{turn.role}: {turn.content}" for turn in asked.turns)


def _answers(asked: Asked) -> tuple[str, str]:
    if asked.pair is None:
        raise UserError(f"prompt {asked.id}: people judged no pair of answers to it")
    return asked.pair.chosen.strip(), asked.pair.rejected.strip()


@lru_cache(maxsize=2)
def language_model(backbone: Backbone, dtype: str) -> tuple[Any, Any]:
    """The model in evaluation mode on the GPU where there is one, and its tokenizer with the backbone's end token."""
    model, tokenizer = models.load_policy(backbone.source, dtype)
    if backbone.end is not None:
        tokenizer.eos_token = backbone.end
    return model.eval().to("cuda" if torch.cuda.is_available() else "cpu"), tokenizer
