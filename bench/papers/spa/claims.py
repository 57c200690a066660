"""What the paper says that can be tested at any scale, and what a reviewer would ask. Criteria are fixed here."""

from __future__ import annotations

from functools import partial

from bench.papers.spa.contrasts import beats, exceeds, rising, shorter, wins
from bench.papers.spa.efficiency import saves_labels
from bench.spec import Variant
from bench.verdict.contrasts import claim

_TEXT = (Variant.CORRECTED, Variant.AS_PUBLISHED)
_CONTROL = "a control, not a claim of the paper"
_OVER_DPO = partial(wins, method="spa", other="dpo")
_BY_SEED = "paired by seed"
_claim = partial(claim, variants=_TEXT)

_MAIN = (
    _claim(
        "spa-beats-dpo",
        "table1",
        "With the same paid labels, SPA is better than DPO.",
        "Table 1: 21.1 against 7.7 % of wins at 3.3 % of the labels",
        _OVER_DPO,
        "the last iteration wins more than half of the comparisons with seed DPO",
        variants=tuple(Variant),
    ),
    _claim(
        "few-labels-beat-all",
        "table1",
        "With 3.3 % of the labels, SPA is better than DPO with all of them.",
        "abstract; Table 1: 21.1 % of wins against Zephyr's 10.0 %",
        partial(beats, left="spa", right=["zephyr"]),
        f"the last iteration's win rate over the SFT policy is above that of DPO on all labels, {_BY_SEED}",
    ),
    _claim(
        "each-iteration-adds",
        "table1",
        "Every iteration improves on the one before.",
        "Table 10 and Figure 2: wins of 7.7, 13.0, 19.9 and 21.1 %",
        partial(
            rising, methods=["dpo", "spa"], along="stage", unit="win rate over SFT, an iteration less the one before"
        ),
        f"the win rate over the SFT policy rises at all three iterations, {_BY_SEED}",
    ),
    _claim(
        "direct-judgement-beats-judges",
        "table2",
        "The policy's own judgement is better than PairRM's, and than that of a model that is asked in words.",
        "Table 2: 21.1 % of wins against 9.5 and 9.2 %",
        partial(beats, left="spa", right=["iterative_dpo_pairrm", "iterative_dpo_llm_judge"]),
        f"the last iteration's win rate over the SFT policy is above that of both judges, {_BY_SEED}",
    ),
    _claim(
        "more-seed-helps",
        "table3",
        "The more labels are paid for, the better SPA is.",
        "Table 3: wins of 11.3, 13.7, 19.9 and 23.8 % at 0.8, 1.7, 3.3 and 10 % of the labels",
        partial(rising, methods=["spa"], along="gold_percent", unit="win rate over SFT, a size less the one before"),
        f"the win rate over the SFT policy after iteration 2 rises at every step in labels, {_BY_SEED}",
    ),
    _claim(
        "every-draw-beats-dpo",
        "table4",
        "SPA is better than DPO whichever prompts are paid for.",
        "Table 4: about 20 against 7.5 % of wins in each of three draws",
        partial(_OVER_DPO, by=["draw"]),
        "the last iteration wins more than half of the comparisons with the DPO of its draw, in each draw",
    ),
    _claim(
        "other-policies-beat-dpo",
        "table5",
        "SPA is better than DPO from other SFT policies too.",
        "Table 5: 9.4 against 5.7, 34.8 against 25.4 and 24.1 against 22.1 % of wins",
        partial(_OVER_DPO, by=["model"]),
        "the last iteration wins more than half of the comparisons with seed DPO, from every policy",
    ),
)

_PARTS = (
    _claim(
        "expansion-adds",
        "table6",
        "Data expansion alone is better than DPO on the paid labels.",
        "Table 6: 19.9 against 7.7 % of wins",
        partial(beats, left="expansion", right=["dpo"]),
        f"the last iteration's win rate over the SFT policy is above that of seed DPO, {_BY_SEED}",
    ),
    _claim(
        "refinement-adds",
        "table6",
        "Self-refinement adds to data expansion.",
        "Table 6: 19.94 against 19.91 % of wins (14.70 against 14.41 where length is controlled for)",
        partial(beats, left="expansion_refinement", right=["expansion"]),
        f"the last iteration's win rate over the SFT policy is above that of expansion alone, {_BY_SEED}",
    ),
    _claim(
        "decoupling-adds",
        "table6",
        "De-coupled noise detection adds to self-refinement.",
        "Table 6: 21.1 against 19.9 % of wins",
        partial(beats, left="spa", right=["expansion_refinement"]),
        f"the last iteration's win rate over the SFT policy is above that without de-coupling, {_BY_SEED}",
    ),
    _claim(
        "sft-reference-is-better",
        "table7",
        "Judging relative to the SFT policy is better than relative to the policy before, and than to none.",
        "Table 7: 19.6 % of wins against 17.7 and 12.4 %",
        partial(beats, left="expansion", right=["expansion_previous_reference", "expansion_likelihood"]),
        f"the win rate over the SFT policy after iteration 2 is above that of both others, {_BY_SEED}",
    ),
    _claim(
        "length-grows",
        "table10",
        "Responses get longer at every stage.",
        "Table 10: 901, 1,802, 2,150 and 2,749 characters",
        partial(
            rising,
            methods=["sft", "dpo", "spa"],
            along="stage",
            metric="length",
            unit="tokens a response, a stage less the one before",
        ),
        f"the mean length rises from SFT to DPO, and at both iterations, {_BY_SEED}",
    ),
    _claim(
        "length-penalty-shortens",
        "table10",
        "A penalty on length in the judgements keeps responses shorter.",
        "Table 10: 2,013 against 2,150 characters, and 2,448 against 2,749",
        partial(shorter, method="spa_length_regularised", than="spa"),
        f"the mean length with the penalty is below that without at both iterations, {_BY_SEED}",
    ),
    _claim(
        "no-seed-works",
        "figure4",
        "The loop improves a tuned policy without any paid label.",
        "Figure 4: 9.8 against 6.3 % of wins",
        partial(wins, method="spa_no_seed", other="instruct", metric="win_rate_over_sft"),
        "the last iteration wins more than half of the comparisons with the policy that it began from",
    ),
)

_CONTROLS = (
    _claim(
        "spa-saves-labels",
        "efficiency",
        "DPO needs more labels than SPA to be as good (a control: the ratio is not in the paper).",
        f"{_CONTROL}; Table 3 has SPA with 0.8 % of the labels above DPO with 10 %",
        saves_labels,
        f"with as many labels as SPA had, DPO's win rate over the SFT policy is below SPA's, {_BY_SEED}",
    ),
    _claim(
        "spa-beats-longer-dpo",
        "controls",
        "SPA is better than DPO on the paid labels for as many steps (a control).",
        _CONTROL,
        partial(beats, left="spa", right=["dpo_longer"]),
        f"the last iteration's win rate over the SFT policy is above that of the longer DPO, {_BY_SEED}",
    ),
    _claim(
        "spa-beats-gentle-dpo",
        "controls",
        "Where DPO has learned less of the paid labels, SPA is better than it (a control: is there room to gain?).",
        _CONTROL,
        partial(wins, method="spa_gentle", other="dpo_gentle"),
        "the last iteration wins more than half of the comparisons with the gentle seed DPO that it began from",
    ),
    _claim(
        "own-labels-beat-random",
        "controls",
        "SPA's own labels are better than coin tosses (a control).",
        _CONTROL,
        partial(beats, left="spa", right=["spa_random_labels"]),
        f"the last iteration's win rate over the SFT policy is above that with random labels, {_BY_SEED}",
    ),
    _claim(
        "low-confidence-means-noise",
        "controls",
        "The labels that the policy is least sure of are the wrong ones (a control of what Eq. 9 supposes).",
        _CONTROL,
        partial(exceeds, method="spa", upper="label_agreement_most_sure", lower="label_agreement_least_sure"),
        f"labels agree with gold more often in the surest third than in the least sure, at every iteration, {_BY_SEED}",
    ),
    _claim(
        "mark-catches-noise",
        "controls",
        "The pairs that refinement marks have wrong labels more often than all pairs have (a control of Eq. 9 to 12).",
        _CONTROL,
        partial(exceeds, method="spa", upper="marked_wrong", lower="labels_wrong"),
        f"the share of wrong labels is larger among marked pairs than among all, at every iteration, {_BY_SEED}",
    ),
)

CLAIMS = _MAIN + _PARTS + _CONTROLS
