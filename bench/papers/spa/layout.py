"""Which of a domain's training prompts are a seed's, and which the iterations'.

In the known-truth world: the pools of three draws, one after the other, then the prompts of the iterations, which all
draws share. Of hh_rlhf: the pools within the pairs that training begins with, then prompts without labels. Of
UltraFeedback: the authors' split in three draws (shuffles by 42, 43 and 44), each 60,000 pairs in order, and after them
the 6,000 seed pairs of Table 3's 10 %.
"""

from __future__ import annotations

from dataclasses import dataclass

from bench.domains.settings import TextSettings, WorldSettings

DRAW_SEEDS = (42, 43, 44)  # of SPA's split: the authors', and two of ours
DRAWS = len(DRAW_SEEDS)  # of the seed (Table 4)
DRAW = 60_000  # pairs of a draw of UltraFeedback: the seed's, then those of three iterations
LARGEST_SEED = 6_000  # of Table 3


@dataclass(frozen=True)
class Layout:
    """Positions among the training prompts, for pools of one size."""

    pool: int  # prompts from which each draw of the seed takes its first
    prompts: int  # that there are
    apart: int  # from the first prompt of a draw's pool to that of the next
    larger_seed: int  # where a seed begins that a pool cannot hold
    iterations: int  # first prompt without a label, of the first draw
    iterations_apart: int  # from there to that of the next draw; 0: all draws share them
    labelled: (
        int | None
    )  # from here on there are labels for as many prompts as all iterations have; None: there are none
    most_labels: int  # of one seed

    def seed_begins(self, draw: int, labels: int) -> int:
        """Position of the first prompt of a seed of the `draw`, from 1."""
        return (draw - 1) * self.apart if labels <= self.pool else self.larger_seed

    def iterations_begin(self, draw: int) -> int:
        """Position of the first prompt without a label that goes with the `draw`."""
        return self.iterations + (draw - 1) * self.iterations_apart


def layout(domain: WorldSettings | TextSettings, pool: int) -> Layout:
    """Of a domain, with pools of `pool` prompts."""
    prompts, pools = domain.sizes()["train"], DRAWS * pool
    if isinstance(domain, WorldSettings):
        return Layout(pool, prompts, pool, pools, pools, 0, pools, prompts - pools)
    if domain.seed_pairs is not None:
        return Layout(pool, prompts, pool, 0, domain.seed_pairs, 0, None, domain.seed_pairs)
    draws = DRAWS * DRAW
    return Layout(pool, draws + LARGEST_SEED, DRAW, draws, pool, DRAW, 0, LARGEST_SEED)


def ultrafeedback_rows() -> list[int]:
    """The rows of UltraFeedback in the order of the training prompts."""
    from bench.data import splits

    parts = ("seed", "iteration_1", "iteration_2", "iteration_3")
    draws = [splits.load("spa", seed) for seed in DRAW_SEEDS]
    return [row for split in draws for part in parts for row in split[part]] + list(splits.load("spa-10")["seed"])
