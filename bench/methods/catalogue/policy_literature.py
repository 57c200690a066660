"""Policy methods of the wider literature that are more than a named loss of pairs."""

from bench.methods.method import Method, Slot
from bench.methods.space import Log, Space, Uniform

_HERE = "bench.methods.objectives"
_BETA: Space = {"beta": Log(0.02, 0.5)}

POLICY_LITERATURE = (
    Method(
        "gpo",
        Slot.POLICY,
        "log-ratios regressed on preference scores, which are plus or minus 1 for labels",
        "bench.methods.pair_loss:NamedLoss",
        "Zhang et al. 2024 (GPO, arXiv 2410.02197)",
        {"loss": "gpo"},
        {"beta": Log(0.02, 1.0)},
    ),
    Method(
        "gpo_scores",
        Slot.POLICY,
        "log-ratios regressed on the scores of a general preference model of the same labels",
        f"{_HERE}.gpo:ScoresOfAModel",
        "Zhang et al. 2024 (GPM and GPO, arXiv 2410.02197)",
        space={"beta": Log(0.02, 1.0), "blocks": (1, 4), "ridge": Log(0.01, 3.0)},
    ),
    Method(
        "sparse_po_activations",
        Slot.POLICY,
        "DPO of tokens weighted by how active the reference is where it predicts them",
        f"{_HERE}.sparse_po:ActivationMasks",
        "Christopoulou et al. 2024 (SparsePO), activation masks",
        space={**_BETA, "divergence_weight": Uniform(0.0, 1.0)},
    ),
    Method(
        "sparse_po_learned",
        Slot.POLICY,
        "DPO of tokens whose weights are learnt with the policy, from the reference's states",
        f"{_HERE}.sparse_po:LearnedMasks",
        "Christopoulou et al. 2024 (SparsePO), learnt masks",
        space={**_BETA, "divergence_weight": Uniform(0.0, 1.0)},
    ),
    Method(
        "irpo",
        Slot.POLICY,
        "DPO of lists of three that people ranked, pair by pair; the top counts most",
        f"{_HERE}.irpo:RankedLists",
        "Wu et al. 2025 (IRPO, arXiv 2504.15477)",
        space=_BETA,
        lists=3,
    ),
    Method(
        "rationale_dpo",
        Slot.POLICY,
        "DPO and sentences that say why, of attributes of `world` that other methods are not given",
        f"{_HERE}.rationale_dpo:RationaleDPO",
        "Just et al. 2024 (arXiv 2407.14477)",
        space={**_BETA, "gamma": Log(1e-4, 0.03)},
    ),
)
