"""What the paper says that can be tested at any scale, and what a reviewer would ask. Criteria are fixed here."""

from __future__ import annotations

from functools import partial

from bench.papers.pvar.contrasts import above, positive, within
from bench.papers.pvar.efficiency import saves_labels
from bench.papers.pvar.methods import BASELINES
from bench.verdict.contrasts import claim

_ABSTRACT = "abstract (arXiv v1)"
_LONGER = "abstract of the longer version (ICLR 2026 submission)"
_CONTROL = "a control, not a claim of the paper"
_BY_SEED = "the mean over sizes, paired by seed"
_ORDER = (("pvar", "random"), ("random", "pvar_bottom"))
_MAIN = {"pairs": "best_worst", "spread": "wide", "model": "large", "loss": "dpo"}
_PAID = {**_MAIN, "pairs": "random_labelled"}


_PAPER = (
    claim(
        "high-beats-random",
        "order",
        "DPO on the prompts of highest PVar is better than on as many at random.",
        _ABSTRACT,
        partial(above, where=_MAIN, steps=_ORDER[:1]),
        f"the win rate over SFT is higher, best against worst, prompts of all stakes; {_BY_SEED}",
    ),
    claim(
        "random-beats-low",
        "order",
        "DPO on the prompts of lowest PVar is worse than on as many at random.",
        _ABSTRACT,
        partial(above, where=_MAIN, steps=_ORDER[1:]),
        f"the win rate over SFT of random is higher, best against worst, prompts of all stakes; {_BY_SEED}",
    ),
    claim(
        "order-with-small-model",
        "models",
        "The order holds when a smaller reward model chooses.",
        f"{_ABSTRACT}: a 3B reward model",
        partial(above, where={**_MAIN, "model": "small"}, steps=_ORDER),
        "the win rate over SFT rises from bottom to random and from random to top, paired by seed",
    ),
    claim(
        "order-with-tiny-model",
        "models",
        "The order holds when a much smaller reward model chooses.",
        f"{_ABSTRACT}: a 1B reward model",
        partial(above, where={**_MAIN, "model": "tiny"}, steps=_ORDER),
        "the win rate over SFT rises from bottom to random and from random to top, paired by seed",
    ),
    claim(
        "tenth-beats-all",
        "human",
        "With people's labels of a dataset's own pairs, the top 10 % by PVar are better than all.",
        f"{_ABSTRACT}: UltraFeedback's annotations",
        partial(above, where=_PAID, steps=(("pvar", "all"),)),
        "the win rate over SFT of the top tenth is above that of the whole pool, paired by seed",
    ),
    claim(
        "margins-grow-faster",
        "growth",
        "The reward margin grows faster and further in training on the prompts of highest PVar.",
        _ABSTRACT,
        partial(above, where=_MAIN, steps=_ORDER[:1], metrics=("margin_5", "margin_10")),
        "the margin of the pairs trained on is larger half-way and at the end than with random prompts, paired by seed",
    ),
    claim(
        "other-losses-gain",
        "losses",
        "SimPO, KTO and ORPO gain from the prompts of highest PVar, too.",
        _LONGER,
        lambda series: above(
            series[series["loss"].isin(("simpo", "kto", "orpo"))],
            steps=_ORDER[:1],
            where={key: value for key, value in _MAIN.items() if key != "loss"},
            by=("loss",),
        ),
        "the win rate over SFT is higher than with random prompts for each of the three, paired by seed",
    ),
    claim(
        "beats-other-selectors",
        "selectors",
        "PVar is better than other ways to choose prompts.",
        _LONGER,
        partial(above, where=_PAID, steps=tuple(("pvar", other) for other in BASELINES)),
        "at the same number of paid labels the win rate over SFT is above that of every other selector, paired by seed",
    ),
)

_THEORY = (
    claim(
        "bound-holds",
        "theory",
        "A prompt's DPO gradient is bounded by its preference variance.",
        f"{_ABSTRACT}: a theorem, whose constants are not known here; tested with constants that are certain",
        partial(within, metrics=("used_most_own", "used_most_gold"), by=("policy",)),
        "on the prompt that comes nearest, the norm is below 2 beta G (sqrt(PVar of the policy) + sqrt(PVar of the "
        "labels)), before training and after, with the reward model's labels and with the truth's",
    ),
    claim(
        "norm-grows-with-variance",
        "theory",
        "Prompts of higher PVar have larger gradients.",
        f"{_ABSTRACT}: low PVar gives small updates",
        partial(positive, metrics=("rank_norm_own",), by=("policy",), unit="rank correlation of norm and PVar"),
        "the rank correlation over prompts is positive, before training and after",
    ),
    claim(
        "signal-grows-with-variance",
        "theory",
        "Prompts of higher PVar have a larger signal-to-noise ratio of the update.",
        _LONGER,
        partial(
            positive,
            metrics=("rank_ratio_of_signal_own",),
            by=("policy",),
            unit="rank correlation of signal to noise and PVar",
        ),
        "the rank correlation over prompts is positive, before training and after",
    ),
)

_CONTROLS = (
    claim(
        "high-beats-random-paid",
        "order",
        "The same with a dataset's own pairs and paid labels (a control).",
        _CONTROL,
        partial(above, where=_PAID, steps=_ORDER[:1]),
        f"the win rate over SFT of top is above that of random; {_BY_SEED}",
    ),
    claim(
        "high-beats-random-even",
        "order",
        "The same where variances hardly differ (a control).",
        _CONTROL,
        partial(above, where={**_MAIN, "spread": "even"}, steps=_ORDER[:1]),
        f"the win rate over SFT of top is above that of random, prompts of the middle stakes; {_BY_SEED}",
    ),
    claim(
        "held-out-margins-grow-faster",
        "growth",
        "The margin grows faster on held-out pairs too, which are the same for every choice of prompts (a control).",
        _CONTROL,
        partial(above, where=_MAIN, steps=_ORDER[:1], metrics=("held_out_margin_2", "held_out_margin_4")),
        "the margin of held-out pairs is larger half-way and at the end than with random prompts, paired by seed",
    ),
    claim(
        "true-variance-helps",
        "models",
        "Chosen by the true variance, high beats random (a control: is there anything to gain?).",
        _CONTROL,
        partial(above, where={**_MAIN, "model": "gold"}, steps=_ORDER[:1]),
        "the win rate over SFT of top is above that of random where the truth chooses and orders, paired by seed",
    ),
    claim(
        "high-beats-random-at-equal-gap",
        "confounds",
        "High PVar is better than random where all pairs have the same gap in reward (a control).",
        _CONTROL,
        partial(above, where={**_MAIN, "pairs": "equal_gap"}, steps=_ORDER[:1]),
        "the win rate over SFT of top is above that of random, paired by seed",
    ),
    claim(
        "high-beats-random-at-equal-length",
        "confounds",
        "High PVar is better than random where both responses of a pair are equally long (a control).",
        _CONTROL,
        partial(above, where={**_MAIN, "pairs": "equal_length"}, steps=_ORDER[:1]),
        "the win rate over SFT of top is above that of random, paired by seed",
    ),
    claim(
        "saves-labels",
        "efficiency",
        "Random choice needs more paid labels than PVar to be as good (a control: the ratio is not in the paper).",
        _CONTROL,
        saves_labels,
        "the win rate over SFT of top is above that of random; the mean over budgets, paired by seed",
    ),
)

CLAIMS = _PAPER + _THEORY + _CONTROLS
