"""PAL-A and PAL-B on features of one vector an item: PAL-Tiny with an encoder that was run beforehand.

Chen, Chen, Rege, Wang, Vinayak: PAL (ICLR 2025). Defaults are those of Reddit TL;DR (Table D.2 and the released
configs). Interface: `bench.learn.reward.personal.model`.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from typing import Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from bench.learn.reward.pal.batch import Vectors
from bench.learn.reward.pal.checks import check_prompts
from bench.learn.reward.pal.fitted import Fitted
from bench.learn.reward.pal.networks import MappingNetwork, Network, PrototypeNetwork
from bench.learn.reward.pal.projector import Architecture
from bench.learn.reward.pal.scalar import ScalarReward
from bench.learn.reward.pal.training import Adaptation, Training, check_counts, seeded
from bench.learn.reward.personal.model import Annotators, Comparisons, check_annotators, check_items
from bench.learn.reward.validation import check_labels

Array = NDArray[np.float64]
RELEASED_A = Architecture(activation="relu", residual=True)  # mlp2-relu-dropout0-residual
TABLE_D2 = Architecture()  # mlp-2layer-gelu-dropout0
TRAINING = Training()
ADAPTATION = Adaptation()


class PAL(BaseEstimator, ABC):  # type: ignore[misc]
    """What PAL-A and PAL-B share.

    Attributes after `fit`: `fitted_`, the network and everybody's weights; `learned_parameters_`, how many numbers
    were learnt, by part; `n_features_in_`, d; `n_prompt_features_in_`, p, None for a model that reads no prompts.
    """

    K: int
    projector: Architecture
    training: Training
    adaptation: Adaptation
    seed: int
    device: str
    reads_prompts: bool
    fitted_: Fitted
    n_features_in_: int
    n_prompt_features_in_: int | None

    def fit(
        self,
        X: ArrayLike,
        labels: ArrayLike,
        *,
        annotators: Sequence[Hashable],
        prompts: ArrayLike | None = None,
        validation: Comparisons | None = None,
    ) -> Self:
        """Learn the network and the weights of `annotators`; of all epochs, the one best on `validation` is kept.

        X (n, 2, d), labels (n,), prompts (n, p). Raises UserError for arrays that do not go together, and
        FloatingPointError where training diverges.
        """
        items = check_items(X)
        self.n_features_in_ = items.shape[2]
        self.n_prompt_features_in_ = check_prompts(prompts, len(items)).shape[1] if self.reads_prompts else None
        met = Annotators.met(annotators)
        source = self._source(Comparisons(items, labels, annotators, prompts), met)
        judged = None if validation is None else self._source(validation, met)
        network = self.network(self.n_features_in_, self.n_prompt_features_in_).to(self.device)
        self.fitted_ = Fitted.of(network, source, met, self.training, self.seed, judged)
        return self

    def adapt(
        self,
        X: ArrayLike,
        labels: ArrayLike,
        *,
        annotators: Sequence[Hashable],
        prompts: ArrayLike | None = None,
        validation: Comparisons | None = None,
    ) -> Self:
        """A copy that knows `annotators` too: their weights are learnt, in one batched call, and all else is frozen.

        Somebody known already is learnt anew. With `validation` (of these annotators alone), the epoch whose weights
        have the smallest mean loss there is kept, the same for all. Raises UserError as `fit` does.
        """
        check_is_fitted(self)
        met = Annotators.met(annotators)
        source = self._source(Comparisons(X, labels, annotators, prompts), met)
        judged = None if validation is None else self._source(validation, met)
        adapted = copy.copy(self)
        adapted.fitted_ = self.fitted_.adapted(source, met, self.adaptation, self.seed, judged)
        return adapted

    def decision_function(
        self, X: ArrayLike, *, annotators: Sequence[Hashable], prompts: ArrayLike | None = None
    ) -> Array:
        """(n,): each annotator's reward of the first item less that of the second; a stranger's at the mean weights.

        PAL-B's are log-odds; PAL-A's are differences of distances, in units of the hinge's margin.
        """
        check_is_fitted(self)
        items = check_items(X, self.n_features_in_)
        comparisons = Comparisons(items, np.ones(len(items)), annotators, prompts)
        return self.fitted_.decisions(self._source(comparisons, self.fitted_.annotators))

    def scalar_reward(self, of: Hashable | Mapping[Hashable, float] | Array) -> ScalarReward:
        """The ordinary reward model r(items, prompts) of an annotator, or of a mixture; `of`: see Fitted.mixture."""
        check_is_fitted(self)
        weights = self.fitted_.mixture(of)
        return ScalarReward(self.fitted_.network, weights, self.n_features_in_, self.n_prompt_features_in_)

    @property
    def learned_parameters_(self) -> Mapping[str, int]:
        """Numbers learnt, by part; those of all annotators are named "annotators"."""
        check_is_fitted(self)
        return self.fitted_.learned_parameters()

    def network(self, features: int, prompt_features: int | None) -> Network:
        """One for features of these dimensions as it is before training, on the CPU."""
        check_counts(type(self).__name__, K=self.K)
        with seeded("network", self.seed):
            return self._network(features, prompt_features)

    @abstractmethod
    def _network(self, features: int, prompt_features: int | None) -> Network:
        """An untrained one."""

    def _source(self, comparisons: Comparisons, known: Annotators) -> Vectors:
        items = check_items(comparisons.X, self.n_features_in_)
        places = known.places(check_annotators(comparisons.annotators, len(items)))
        prompts = None
        if self.reads_prompts:
            prompts = self._tensor(check_prompts(comparisons.prompts, len(items), self.n_prompt_features_in_))
        labels = check_labels(comparisons.labels, len(items))
        return Vectors(self._tensor(items), prompts, torch.from_numpy(places).to(self.device), self._tensor(labels))

    def _tensor(self, values: Array) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32)).to(self.device)


class PALA(PAL):
    """PAL-A: an annotator's ideal point is f of a weighted mean of K prototypes; items are worth minus their distance.

    Hinge loss. Prompts are not read: an item's features are those of prompt and response.
    """

    reads_prompts = False

    def __init__(
        self,
        K: int = 2,
        projector: Architecture = RELEASED_A,
        training: Training = TRAINING,
        adaptation: Adaptation = ADAPTATION,
        seed: int = 0,
        device: str = "cpu",
    ) -> None:
        self.K = K
        self.projector = projector
        self.training = training
        self.adaptation = adaptation
        self.seed = seed
        self.device = device

    def _network(self, features: int, prompt_features: int | None) -> Network:
        return PrototypeNetwork(self.K, features, self.projector)


class PALB(PAL):
    """PAL-B: an annotator's ideal point is a weighted mean of K mappings of the prompt; rewards are scaled cosines.

    Cross-entropy. Prompts (n, p) are needed.
    """

    reads_prompts = True

    def __init__(
        self,
        K: int = 2,
        projector: Architecture = TABLE_D2,
        training: Training = TRAINING,
        adaptation: Adaptation = ADAPTATION,
        seed: int = 0,
        device: str = "cpu",
    ) -> None:
        self.K = K
        self.projector = projector
        self.training = training
        self.adaptation = adaptation
        self.seed = seed
        self.device = device

    def _network(self, features: int, prompt_features: int | None) -> Network:
        assert prompt_features is not None
        return MappingNetwork(self.K, features, prompt_features, self.projector)
