"""A Reddit TL;DR of the known-truth world: its prompts and sentences as rows in the hub's schema.

A post is a prompt of the world and what some people wrote about it, a summary is one more such text, cut at the end of
a sentence. So posts and summaries have many lengths, and the length of a text in characters, which makes PAL's labels,
is nearly, not quite, the number of its tokens. The rows name the workers of the released code, and among them are such
as `tldr.from_rows` leaves out: its recipe runs on them as on the hub's. Sizes are ours, and far smaller.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from bench.data import tldr
from bench.data.world.demonstrations import write
from bench.data.world.prompts import Prompt
from bench.data.world.world import World
from bench.errors import UserError
from bench.seeds import seed_for

SENTENCES = 4  # most of a summary
_LEFT_OUT = {"policy": 0.02, "post": 0.01, "worker": 0.01}  # shares of the rows that the recipe drops, and why
_CHOSEN = 0.5  # no choice is ever read


@dataclass(frozen=True)
class Sizes:
    """Rows of one worker. Those who are seen less often by their rank, as on the hub, have two fewer each."""

    train: int  # of the most frequent seen worker
    test: int  # of each seen worker
    unseen: int  # of each unseen worker
    post: int = 5  # most sentences of a post after its first


def rows(sizes: Sizes, seed: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of the splits train and validation, in random order. Same sizes and seed, same rows, on every machine.

    Raises UserError for sizes that leave a worker without rows, and for fewer rows of the unseen than the recipe needs.
    """
    recipe = tldr.published()
    of_seen = [sizes.train - 2 * rank for rank in range(len(recipe.seen))]
    if min(*of_seen, sizes.test) < 1:
        raise UserError(f"sizes: train must be at least {2 * len(recipe.seen) - 1} and test at least 1, got {sizes}")
    if sizes.unseen < tldr.LEAST_UNSEEN:
        raise UserError(f"sizes: unseen must be at least {tldr.LEAST_UNSEEN}, as the recipe says, got {sizes.unseen}")
    later = (*recipe.unseen_majority, *recipe.unseen_minority)
    train = dict(zip(recipe.seen, of_seen, strict=True))
    validation = {**dict.fromkeys(recipe.seen, sizes.test), **dict.fromkeys(later, sizes.unseen)}
    world = World(0)
    return (
        _split("train", train, world.prompts("train"), sizes, seed),
        _split("validation", validation, world.prompts("validation"), sizes, seed),
    )


def _split(
    split: str, workers: dict[str, int], prompts: tuple[Prompt, ...], sizes: Sizes, seed: int
) -> list[dict[str, Any]]:
    random = Random(seed_for("world tldr", split, seed))
    kept = [_row(split, worker, prompts, sizes, random) for worker, count in workers.items() for _ in range(count)]
    for why, share in _LEFT_OUT.items():
        for _ in range(round(share * len(kept))):
            kept.append(_left_out(_row(split, _pick(list(workers), random), prompts, sizes, random), why))
    order = sorted((random.random(), place) for place in range(len(kept)))
    return [kept[place] for _, place in order]


def _row(split: str, worker: str, prompts: tuple[Prompt, ...], sizes: Sizes, random: Random) -> dict[str, Any]:
    prompt = _pick(prompts, random)
    count = int(random.random() * (sizes.post + 1))
    body: list[str] = []
    while len(body) < count:
        body += _sentences(write(prompt, random))
    said = " ".join([prompt.text, *body[:count]])
    summaries = [" ".join(_sentences(write(prompt, random))[: 1 + int(random.random() * SENTENCES)]) for _ in range(2)]
    return {
        "info": {"id": "", "post": said, "title": prompt.topic, "subreddit": "world", "site": None, "article": None},
        "summaries": [
            {"text": text, "policy": policy, "note": None}
            for text, policy in zip(summaries, ("sup1", "sup4_6b"), strict=True)
        ],
        "choice": int(random.random() < _CHOSEN),
        "worker": worker,
        "batch": "world",
        "split": split,
        "extra": {"confidence": 0},
    }


def _left_out(row: dict[str, Any], why: str) -> dict[str, Any]:
    """A row that the recipe drops: of a policy trained by reinforcement, without a post, or by no known worker."""
    if why == "policy":
        row["summaries"][1]["policy"] = "sup4_ppo_rm4"
    elif why == "post":
        row["info"]["post"] = None
    else:
        row["worker"] = None
    return row


def _sentences(text: str) -> list[str]:
    """Texts of the world end their sentences with a mark that stands apart or with its word."""
    found: list[list[str]] = [[]]
    for word in text.split():
        found[-1].append(word)
        if word[-1] in ".?!":
            found.append([])
    return [" ".join(sentence) for sentence in found if sentence]


# Draws by `Random.random` alone: the only method whose stream Python promises to keep.


def _pick(values: Any, random: Random) -> Any:
    return values[int(random.random() * len(values))]
