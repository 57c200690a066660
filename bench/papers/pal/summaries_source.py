"""Where comparisons of summaries come from, and the language model that reads them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bench import models
from bench.data import tldr, world_tldr
from bench.data.annotated import Annotated
from bench.data.annotator_splits import adaptation
from bench.data.fingerprint import sha256_file, sha256_rows
from bench.data.hub import SUFFIXES
from bench.data.world.vocabulary import BEGIN_ID, END_ID, PAD_ID, encode
from bench.errors import UserError
from bench.learn.policy.completions import Completions, Ids
from bench.learn.policy.world_policy import world_policy
from bench.learn.reward.pal.features import frozen_states
from bench.learn.reward.pal.memory import Memory
from bench.learn.reward.pal.tokens import Keys, Texts
from bench.spec import Unavailable

_TEXTS = 200_000  # that are kept as token ids
_LONGEST = 1024  # tokens of a text of the known-truth world, and more than any has

Encode = Callable[[str, bool, bool], Ids]  # a text, whether it begins one, whether it ends one


@dataclass(frozen=True, eq=False)
class Summaries:
    """Comparisons of the seen workers by part, and all of the unseen ones'."""

    found: tldr.Tldr
    seed: int  # of the data and of all draws
    largest: int  # comparisons of an unseen worker that a model may have
    as_released: bool  # whose draws are those of the released code

    def unseen(self, count: int) -> tuple[Annotated, Annotated]:
        """What `count` comparisons of every unseen worker are, and what is asked of them afterwards.

        As released, that is all the others, so that tests differ by `count`; else those beyond the largest count.
        """
        unseen = self.found.unseen
        if self.as_released:
            drawn = tldr.adaptation(unseen, count)
        else:
            drawn = adaptation(unseen, count, self.largest, self.seed)
        return unseen.take(drawn.train), unseen.take(drawn.test)


@dataclass(frozen=True, eq=False)
class Reader:
    """A language model without its head, and how it takes texts.

    Its states are kept in files under `cache_dir`; those of a small one in `memory`, by `remembering`.
    """

    backbone: Any
    padding: int
    encode: Encode
    memory: Memory | None = None
    cache_dir: Path | None = None

    def states(self, texts: Texts, keys: Keys) -> torch.Tensor:
        """(R, D): the hidden states that the ascending `keys` name, on the CPU."""
        if self.memory is not None:
            return self.memory.states(texts, keys)
        return frozen_states(self.backbone, texts, keys, self.cache_dir)

    def remembering(self, data: tldr.Tldr, *, apart: bool, reach: int) -> Reader:
        """One that has run all texts of `data`, each once; where it keeps files, it stays as it is."""
        if self.cache_dir is not None:
            return self
        corpus = Texts(_LONGEST, self.padding)
        for part in (data.train, data.validation, data.test, data.unseen):
            for group in self.completions(part, apart=apart):
                for ids in group.responses:
                    corpus.add(ids if apart else np.concatenate([group.prompt, ids]))
                if apart:
                    corpus.add(group.prompt)
        return replace(self, memory=Memory(self.backbone, corpus, reach))

    def completions(self, said: Annotated, *, apart: bool) -> list[Completions]:
        """Every comparison. `apart`: prompts and responses are texts of their own, else they are two parts of one."""
        return [
            Completions(
                self.encode(said.prompts[asked], True, apart),
                (self.encode(said.items[first], apart, True), self.encode(said.items[second], apart, True)),
            )
            for asked, first, second in zip(said.asked, said.first, said.second, strict=True)
        ]


def summaries(
    source: Mapping[str, Any], counts: list[int], seed: int, shared: bool, data_dir: Path | None
) -> Summaries:
    """Of a source's settings; `shared`: as all seeds have them, with the released code's draws."""
    own = tldr.SPLIT_SEED if shared else seed
    return Summaries(_found(json.dumps(source), own, data_dir), own, max(counts), shared)


@lru_cache(maxsize=2)
def _found(settings: str, seed: int, data_dir: Path | None) -> tldr.Tldr:
    source = json.loads(settings)
    if source["name"] == "hub":
        return tldr.load(_folder(source["folder"], data_dir), split_seed=seed)
    sizes = world_tldr.Sizes(**{key: source[key] for key in ("train", "test", "unseen", "post")})
    return tldr.from_rows(*world_tldr.rows(sizes, seed), tldr.published(), split_seed=seed)


def reader(source: Mapping[str, Any], cache_dir: Path) -> Reader:
    """Of a source's settings; the language model is in evaluation mode."""
    if source["name"] == "hub":
        backbone = source["backbone"]
        return _of_hub(models.Source(models.Origin(backbone["origin"]), backbone["id"]), cache_dir)
    policy, _ = world_policy(cache_dir=cache_dir, size=source["policy"])
    return Reader(policy.base_model, PAD_ID, _encode_world)


def hub_fingerprints(folder: str, backbone: models.Source, data_dir: Path | None) -> dict[str, str]:
    """Of the rows and the weights. Raises Unavailable with all that is missing and how to get it."""
    wanted: dict[str, Callable[[], str]] = {
        "tldr": lambda: _files_fingerprint(_folder(folder, data_dir)),
        "weights": lambda: models.fingerprint(backbone),
    }
    found, missing = {}, []
    for name, find in wanted.items():
        try:
            found[name] = find()
        except Unavailable as reason:
            missing.append(str(reason))
    if missing:
        raise Unavailable("; ".join(missing))
    return found


def _folder(name: str, data_dir: Path | None) -> Path:
    if data_dir is None or not (data_dir / name).is_dir():
        where = "a data directory (PREFBENCH_DATA or --data-dir)" if data_dir is None else f"the folder {data_dir}"
        raise Unavailable(f"needs {name}/ in {where}: {tldr.HOW_TO_GET}")
    return data_dir / name


def _files_fingerprint(folder: Path) -> str:
    files = sorted(file for file in folder.rglob("*") if file.suffix in SUFFIXES)
    return sha256_rows([file.name, sha256_file(file)] for file in files)


@lru_cache(maxsize=_TEXTS)
def _encode_world(text: str, begins: bool, ends: bool) -> Ids:
    """Without the words around a post, which are not the world's."""
    inner = encode(text.removeprefix(tldr.BEFORE).removesuffix(tldr.AFTER))
    return np.array([*[BEGIN_ID] * begins, *inner, *[END_ID] * ends], dtype=np.int32)


def _of_hub(source: models.Source, cache_dir: Path) -> Reader:
    backbone, tokenizer = models.load(source)
    if tokenizer.pad_token_id is None:
        raise UserError(f"the tokenizer of {source.id} has no padding token, which PAL reads")

    @lru_cache(maxsize=_TEXTS)
    def encode_hub(text: str, begins: bool, ends: bool) -> Ids:
        whole = text + tldr.END * ends
        ids = tokenizer(whole, add_special_tokens=begins, verbose=False).input_ids
        return np.array(ids, dtype=np.int32)

    backbone = backbone.to("cuda" if torch.cuda.is_available() else "cpu")
    return Reader(backbone, tokenizer.pad_token_id, encode_hub, cache_dir=cache_dir)
