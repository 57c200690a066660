"""The keys under `domain` in a config: which prompts, labels, SFT policy and judge a study runs with."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bench.run.config import Count, Positive

if TYPE_CHECKING:
    from bench.models import Source

Policy = Literal["compact", "small", "llama", "tiny"]  # an SFT policy of the known-truth world


class Settings(BaseModel):
    """Keys of a config below the top."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Labelled(Settings):
    """A reward model of the known-truth world, by what it learns from."""

    labels: Count  # paid, of prompts that a study leaves to it
    epochs: Count
    learning_rate: Positive


class WorldSettings(Settings):
    """The known-truth world (`world.py`)."""

    name: Literal["world"]
    policy: Policy
    ranker: Labelled  # the stand-in for PairRM, which learnt from many labels

    @property
    def model(self) -> str:
        """The policy, as tables name it."""
        return f"world-{self.policy}"

    @property
    def compares(self) -> bool:
        """Whether the judge compares policies with each other."""
        return True

    def sizes(self) -> dict[str, int]:
        """Prompts that there are for training, less those of the ranker's labels, and for tests."""
        from bench.data.world.world import SIZES

        return {"train": SIZES["train"] - self.ranker.labels, "test": SIZES["test"]}

    def fingerprints(self, data_dir: Path | None, also: Collection[str] = ()) -> dict[str, str]:
        """Of the data, by name; `also` is for texts."""
        from bench.data.world import gold, world

        return {"world": world.FINGERPRINT, "gold": gold.FINGERPRINT}


class Backbone(Settings):
    """A language model."""

    name: str  # as tables name it
    origin: Literal["hub", "path", "smollm2"]  # see bench/models.py
    id: str = ""  # the hub's model id, or the folder of a saved model
    end: str | None = None  # the token that ends an answer; default: the tokenizer's end token
    parameters: Positive  # how many, for the estimate of cost only

    @property
    def source(self) -> Source:
        """Where it comes from."""
        from bench.models import Origin, Source

        return Source(Origin(self.origin), self.id)


class RewardJudge(Settings):
    """A reward model on the SFT policy's backbone, trained on pairs of people that are in no other part."""

    kind: Literal["reward_model"]
    pairs: Count  # that it learns from
    held_out: Count  # that its accuracy is measured on
    epochs: Count
    learning_rate: Positive
    batch_size: Count


class AlpacaEvalJudge(Settings):
    """AlpacaEval 2.0: a chat endpoint compares answers with those of GPT-4-turbo."""

    kind: Literal["alpaca_eval"]
    base_url: str
    model: str
    key_variable: str  # the NAME of the environment variable of the key
    requests_per_minute: Positive | None = None


class Limits(Settings):
    """Most tokens; see bench/learn/policy/encoding.py for what is cut where."""

    prompt: Count
    response: Count  # of the answers that people judged; samples have `max_tokens`


class Engine(Settings):
    """How training is done on this machine (bench/learn/policy/training.py)."""

    dtype: Literal["float32", "bfloat16"]
    max_tokens: Count  # of a micro-batch
    gradient_checkpointing: bool = False


class TextSettings(Settings):
    """Language models on text (`text.py`, `corpora.py`)."""

    name: Literal["text"]
    corpus: Literal["hh_rlhf", "ultrafeedback"]
    policy: Backbone
    base: Backbone | None = None  # before instruction tuning, of the same vocabulary
    judge: Annotated[RewardJudge | AlpacaEvalJudge, Field(discriminator="kind")]
    seed_pairs: Count | None = None  # of hh_rlhf: pairs of people that the training prompts begin with
    test: Count  # AlpacaEval's prompts that are for tests alone
    limits: Limits
    backend: Literal["transformers", "vllm"]  # that samples
    vllm: dict[str, int | float | str] = {}  # arguments of vllm.LLM
    engine: Engine
    gpu: bool  # whether it takes one

    @model_validator(mode="after")
    def _fits(self) -> TextSettings:
        local = self.corpus == "hh_rlhf"
        if local != (self.judge.kind == "reward_model") or local != (self.seed_pairs is not None):
            raise ValueError(
                "hh_rlhf goes with seed_pairs and a judge of kind reward_model, ultrafeedback with kind alpaca_eval"
            )
        return self

    @property
    def model(self) -> str:
        """The policy, as tables name it."""
        return self.policy.name

    @property
    def compares(self) -> bool:
        """Whether the judge compares policies with each other; AlpacaEval's has a baseline of its own."""
        return self.judge.kind == "reward_model"

    def sizes(self) -> dict[str, int]:
        """Prompts that there are for training and for tests; of UltraFeedback, unless a study gives rows of its own."""
        from bench.domains.corpora import ASKED, OPENINGS, ultrafeedback_rows

        if self.corpus == "ultrafeedback":
            return {"train": len(ultrafeedback_rows()), "test": self.test}
        judged = self.judge.pairs + self.judge.held_out if isinstance(self.judge, RewardJudge) else 0
        return {"train": OPENINGS - judged + ASKED - self.test, "test": self.test}

    def fingerprints(self, data_dir: Path | None, also: Collection[str] = ()) -> dict[str, str]:
        """Of data and models, by name; `also` those of the domain's "base" and "ranker", where a study asks for them.

        Raises Unavailable, naming all that is missing.
        """
        from bench.domains.text_needs import fingerprints

        return fingerprints(self, data_dir, also)
