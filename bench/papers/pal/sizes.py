"""How many numbers PAL learns: its architectures are built as the paper's code builds them, and nothing is trained.

Counted are f, the g_k and the prototypes; people's weights (K each) and PAL-B's one temperature are not, as in the
paper's counts. An encoder that is fine-tuned instead learns all of its own: its architecture is built, too. Both are
built on torch's meta device, without weights.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from pydantic import Field

from bench.domains.settings import Settings
from bench.papers.pal.methods import Projector
from bench.papers.pal.recipe import PAPER
from bench.run.config import Config, Count
from bench.spec import Context, Outcome, Request, Scalar, Task


class Tower(Settings):
    """One transformer of an encoder, in transformers' names."""

    hidden_size: Count
    intermediate_size: Count
    num_hidden_layers: Count
    num_attention_heads: Count
    vocab_size: Count | None = None  # of the text
    max_position_embeddings: Count | None = None
    image_size: Count | None = None
    patch_size: Count | None = None


class Encoder(Settings):
    """A CLIP model of a text and an image tower, with projections to one space."""

    projection_dim: Count
    text_config: Tower
    vision_config: Tower


class Sized(Settings):
    """PAL on the frozen features of a backbone; with `encoder`, also what fine-tuning all of that would learn."""

    backbone: str
    method: Literal["pal_a", "pal_b"]
    features: Count
    K: list[Count] = Field(min_length=1)
    projector: Projector
    encoder: Encoder | None = None


class SizesConfig(Config):
    """The architectures that are counted."""

    architectures: list[Sized] = Field(min_length=1)


def plan(version: int, request: Request) -> list[Task]:
    """A task a backbone, K and seed: counts do not depend on the seed, so that all of them have to agree."""
    config: SizesConfig = request.config
    found = []
    for seed in request.seeds:
        for sized in config.architectures:
            settings = sized.model_dump(mode="json", include={"features", "projector", "encoder"})
            for K in sized.K:
                condition: dict[str, Scalar] = {"backbone": sized.backbone, "K": K}
                found.append(request.task(PAPER, "sizes", version, sized.method, seed, condition, settings, {}))
    return found


def counted(task: Task, context: Context) -> Outcome:
    """Numbers learnt by PAL, and where its encoder is known those of fine-tuning it, and how many times as many."""
    import torch

    from bench.learn.reward.pal import PALA, PALB, Architecture

    K, features = int(str(task.condition["K"])), task.settings["features"]
    kind = PALA if task.method == "pal_a" else PALB
    with torch.device("meta"):
        network = kind(K=K, projector=Architecture(**task.settings["projector"])).network(features, features)
    counts = {part: sum(one.numel() for one in parameters) for part, parameters in network.parts().items()}
    learned = sum(count for part, count in counts.items() if part != "temperature")
    metrics = {"learned_parameters": float(learned)}
    if task.settings["encoder"] is not None:
        whole = encoder_parameters(Encoder(**task.settings["encoder"]))
        metrics |= {"encoder_parameters": float(whole), "times_fewer": whole / learned}
    return Outcome(metrics)


@lru_cache(maxsize=4)
def encoder_parameters(encoder: Encoder) -> int:
    """Of the whole model, with both towers and projections."""
    import torch
    from transformers import CLIPConfig, CLIPModel

    with torch.device("meta"):
        model = CLIPModel(CLIPConfig(**encoder.model_dump(exclude_none=True)))
    return sum(parameter.numel() for parameter in model.parameters())
