"""What a policy is trained for."""

from bench.methods.method import Method, Slot
from bench.methods.space import Log, Space, Uniform

_BETA: Space = {"beta": Log(0.02, 0.5)}  # around DPO's 0.1
_FLIPPED: Space = {"label_smoothing": Uniform(0.02, 0.4)}


def _loss(name: str, line: str, source: str, space: Space) -> Method:
    """A loss of `bench.learn.policy.losses`; every policy's learning rate is tuned too."""
    return Method(name, Slot.POLICY, line, "bench.methods.pair_loss:NamedLoss", source, {"loss": name}, space)


_CONTRASTIVE = (
    _loss("dpo", "the margin of implied rewards, by a logistic loss", "Rafailov et al. 2023, Eq. 7", _BETA),
    _loss("cdpo", "DPO that believes some labels flipped", "Mitchell 2023", {**_BETA, **_FLIPPED}),
    _loss(
        "robust_dpo",
        "DPO's loss on clean labels, estimated without bias from flipped ones",
        "Chowdhury et al. 2024, Sec. 3.1",
        {"beta": Log(0.005, 0.5), **_FLIPPED},
    ),
    _loss("ipo", "a finite margin of log-ratios, by a squared loss", "Azar et al. 2023, Eq. 17", _BETA),
    _loss("hinge", "a support vector machine on log-ratios", "Liu et al. 2023 (RSO)", {"beta": Log(0.01, 0.5)}),
    _loss(
        "exo",
        "the reverse KL from the policy's preference to the label",
        "Ji et al. 2024, Eq. 16",
        {**_BETA, "epsilon": Log(1e-4, 0.1)},
    ),
    _loss(
        "discopop",
        "a loss that a language model found: logistic for wrong pairs, exponential for right",
        "Lu et al. 2024, Eq. 5",
        {"beta": Log(0.01, 0.5), "tau": Log(0.02, 0.5)},
    ),
    _loss(
        "dpop",
        "DPO that punishes a chosen response for becoming less likely",
        "Pal et al. 2024 (Smaug)",
        {"beta": Log(0.05, 0.5), "penalty": Log(1.0, 100.0)},
    ),
    _loss(
        "flex_dpo",
        "a weaker pull on the rejected response, and a likelihood term for the chosen",
        "Yan et al. 2025 (3D-Properties)",
        {**_BETA, "beta_rejected": Log(0.01, 0.5), "sft_weight": Uniform(0.0, 0.5)},
    ),
)

_LENGTH = (
    _loss("sigmoid_norm", "DPO on log-ratios a token", "Lambert et al. 2024 (Tülu 3)", {"beta": Log(1.0, 20.0)}),
    _loss("ipo_norm", "IPO on log-ratios a token", "Azar et al. 2023, Eq. 17; TRL", {"beta": Log(0.01, 1.0)}),
    _loss(
        "r_dpo",
        "DPO whose reward is charged for length",
        "Park et al. 2024",
        {**_BETA, "alpha": Log(1e-3, 0.1)},
    ),
    _loss("wpo", "DPO with pairs weighted by how likely the policy makes them", "Zhou et al. 2024, Eq. 2", _BETA),
)

_POINTWISE = (
    _loss(
        "kto",
        "gains and losses against a reference point, saturating",
        "Ethayarajh et al. 2024, Eq. 7",
        {"beta": Log(0.01, 0.5)},
    ),
    _loss(
        "sppo",
        "self-play: log-ratios regressed on the two sides' win probabilities",
        "Wu et al. 2024, Eq. 4.7",
        {"beta": Log(1e-4, 0.1)},
    ),
    _loss(
        "nca",
        "each response told from the reference's, so that the chosen's rise counts",
        "Chen et al. 2024, Sec. 4.1",
        {"beta": Log(1e-3, 0.3)},
    ),
    _loss(
        "bco_pair",
        "a binary classifier of chosen and rejected responses",
        "Jung et al. 2024, Sec. 4",
        {"beta": Log(1e-3, 0.3)},
    ),
    _loss(
        "apo_zero", "the chosen up, the rejected down, each to its anchor", "D'Oosterlinck et al. 2024, Eq. 7", _BETA
    ),
    _loss("apo_down", "both responses down, the rejected more", "D'Oosterlinck et al. 2024, Eq. 8", _BETA),
)

_OF_THE_BATCH = (
    _loss("aot", "margins that dominate the reference's, quantile by quantile", "Melnyk et al. 2024, Sec. 3", _BETA),
    _loss(
        "aot_unpaired",
        "log-ratios of the chosen that dominate the rejected's, quantile by quantile",
        "Melnyk et al. 2024, Sec. 3",
        _BETA,
    ),
    _loss(
        "beta_dpo",
        "DPO with a beta of the batch, larger where pairs are easily told apart",
        "Wu et al. 2024 (beta-DPO)",
        {**_BETA, "alpha": Uniform(0.2, 1.0)},
    ),
)

_REFERENCE_FREE = (
    _loss(
        "slic",
        "a margin of log-probabilities by a hinge, and a likelihood term for the chosen",
        "Zhao et al. 2023 (SLiC-HF), Sec. 2",
        {"delta": Log(0.5, 20.0), "sft_weight": Log(0.01, 1.0)},
    ),
    _loss(
        "cpo",
        "DPO with a uniform reference, and a likelihood term in its place",
        "Xu et al. 2024, Eq. 3",
        {"beta": Log(0.01, 0.5), "sft_weight": Uniform(0.0, 1.0)},
    ),
    _loss(
        "simpo",
        "log-probabilities a token with a target margin, without a reference",
        "Meng et al. 2024, Eq. 6",
        {"beta": Log(0.5, 10.0), "gamma": Uniform(0.0, 2.0)},
    ),
    _loss(
        "orpo",
        "fine-tuning on the chosen with a penalty on the odds of the rejected",
        "Hong et al. 2024, Eq. 7",
        {"beta": Log(0.05, 2.0)},
    ),
    _loss(
        "mapo",
        "likelihood of the chosen plus a margin between bounded scores",
        "Hong et al. 2024 (MaPO)",
        {"beta": Log(0.05, 2.0)},
    ),
)

_OWN = (
    Method(
        "sft",
        Slot.POLICY,
        "fine-tuning on the chosen responses alone: the control without rejected ones",
        "bench.methods.policies:ChosenOnly",
    ),
    Method(
        "spa_refinement",
        Slot.POLICY,
        "DPO that smooths the labels of the pairs it is least sure of",
        "bench.methods.policies:SelfRefinement",
        source="Kim et al. 2025 (SPA), Eq. 9-12",
        space={**_BETA, "alpha": Uniform(0.05, 0.4), "share": Uniform(0.05, 0.4)},
    ),
)

POLICY = (*_CONTRASTIVE, *_LENGTH, *_POINTWISE, *_OF_THE_BATCH, *_REFERENCE_FREE, *_OWN)
