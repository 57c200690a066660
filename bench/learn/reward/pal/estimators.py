"""PAL-A and PAL-B on features of one vector an item: PAL-Tiny with an encoder that was run beforehand.

Chen, Chen, Rege, Wang, Vinayak: PAL (ICLR 2025). Defaults are those of Reddit TL;DR (Table D.2 and the released
configs). Interface: `bench.learn.reward.personal.model`.
"""

from __future__ import annotations

import copy
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from bench.errors import UserError
from bench.learn.reward.pal.adaptation import adapt
from bench.learn.reward.pal.batch import Vectors, parts
from bench.learn.reward.pal.checks import check_prompts, check_simplex
from bench.learn.reward.pal.networks import MappingNetwork, Network, PrototypeNetwork
from bench.learn.reward.pal.projector import Architecture
from bench.learn.reward.pal.scalar import ScalarReward
from bench.learn.reward.pal.training import Adaptation, Training, check_counts, losses_of, seeded, train
from bench.learn.reward.pal.users import initial_logits, simplex
from bench.learn.reward.personal.model import UNKNOWN, Annotators, check_annotators, check_items
from bench.learn.reward.validation import check_labels

Array = NDArray[np.float64]
RELEASED_A = Architecture(activation="relu", residual=True)  # mlp2-relu-dropout0-residual
TABLE_D2 = Architecture()  # mlp-2layer-gelu-dropout0
TRAINING = Training()
ADAPTATION = Adaptation()


@dataclass(frozen=True)
class Comparisons:
    """What annotators said of pairs of items: see `bench.learn.reward.personal.model`."""

    X: ArrayLike
    labels: ArrayLike
    annotators: Sequence[Hashable]
    prompts: ArrayLike | None = None


class _PAL(BaseEstimator):  # type: ignore[misc]
    """What PAL-A and PAL-B share.

    Attributes after `fit`:

    - `network_`: what annotators share. - `annotators_`: who is known. - `logits_` (N, K): their weights are
      softmax(logits). - `history_`: losses of training. - `learned_parameters_`: how many numbers were learnt, by part.
    - `n_features_in_`: d. - `n_prompt_features_in_`: p, None for a model that reads no prompts.
    """

    K: int
    projector: Architecture
    training: Training
    adaptation: Adaptation
    seed: int
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
        check_counts(type(self).__name__, K=self.K)
        items = check_items(X)
        self.n_features_in_ = items.shape[2]
        self.n_prompt_features_in_ = None
        if self._reads_prompts:
            self.n_prompt_features_in_ = check_prompts(prompts, len(items)).shape[1]
        self.annotators_ = Annotators.met(annotators)
        source = self._source(Comparisons(items, labels, annotators, prompts), self.annotators_)
        self.logits_ = initial_logits(self.annotators_.known, self.K, self.seed)
        with seeded("network", self.seed):
            self.network_ = self._network()
        judged = None if validation is None else self._source(validation, self.annotators_)
        if judged is not None and (judged.annotators == UNKNOWN).any():
            raise UserError("validation: has comparisons of annotators that the fit has none of")
        self.history_ = train(self.network_, self.logits_, source, self.training, self.seed, judged)
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
        after = adapt(self.network_, source, met.known, self.adaptation, self.seed)
        chosen = after[-1]
        if validation is not None:
            judged = self._source(validation, met)
            if (judged.annotators == UNKNOWN).any():
                raise UserError("validation: has comparisons of annotators that are not adapted to")
            chosen = min(after, key=lambda logits: float(losses_of(self.network_, simplex(logits), judged).mean()))
        return self._with(met, chosen)

    def decision_function(
        self, X: ArrayLike, *, annotators: Sequence[Hashable], prompts: ArrayLike | None = None
    ) -> Array:
        """(n,): reward of the first item less that of the second, for each annotator; of somebody unknown, at the
        known annotators' mean weights.

        PAL-B's are log-odds; PAL-A's are differences of distances, in units of the hinge's margin.
        """
        check_is_fitted(self)
        items = check_items(X, self.n_features_in_)
        source = self._source(Comparisons(items, np.ones(len(items)), annotators, prompts), self.annotators_)
        weights = simplex(self.logits_)
        weights = torch.cat([weights, weights.mean(0, keepdim=True)])
        found = []
        with torch.no_grad():
            for rows in parts(torch.arange(len(source))):
                batch = source.batch(rows)
                who = torch.where(batch.annotators == UNKNOWN, len(weights) - 1, batch.annotators)
                found.append(self.network_(batch, weights, who)[0])
        return torch.cat(found).double().numpy()

    def weights(self) -> Mapping[Hashable, Array]:
        """Every known annotator's weights (K,) on the simplex."""
        check_is_fitted(self)
        return dict(zip(self.annotators_.known, simplex(self.logits_).double().numpy(), strict=True))

    def scalar_reward(self, of: Hashable | Mapping[Hashable, float] | Array) -> ScalarReward:
        """The ordinary reward model r(items, prompts) of an annotator, or of a mixture.

        `of` is an annotator's id (somebody unknown has the mean weights), a mapping from ids to shares that add up to
        1, or weights (K,) on the simplex. Raises UserError for shares and weights that are not.
        """
        check_is_fitted(self)
        known = self.weights()
        average = np.mean(list(known.values()), axis=0)
        if isinstance(of, np.ndarray):
            weights = check_simplex(of, self.K)
        elif isinstance(of, Mapping):
            shares = check_simplex(list(of.values()), len(of))
            weights = shares @ np.array([known.get(annotator, average) for annotator in of])
        else:
            weights = known.get(of, average)
        row = torch.from_numpy(weights).to(self.logits_)[None]
        return ScalarReward(self.network_, row, self.n_features_in_, self.n_prompt_features_in_)

    @property
    def learned_parameters_(self) -> Mapping[str, int]:
        """Numbers learnt, by part; those of all annotators are named "annotators"."""
        check_is_fitted(self)
        parts = {part: sum(p.numel() for p in of_part) for part, of_part in self.network_.parts().items()}
        return {**parts, "annotators": self.logits_.numel()}

    _reads_prompts: bool

    def _network(self) -> Network:
        raise NotImplementedError

    def _source(self, comparisons: Comparisons, known: Annotators) -> Vectors:
        items = check_items(comparisons.X, self.n_features_in_)
        prompts = None
        if self._reads_prompts:
            checked = check_prompts(comparisons.prompts, len(items), self.n_prompt_features_in_)
            prompts = _tensor(checked)
        return Vectors(
            items=_tensor(items),
            prompts=prompts,
            annotators=torch.from_numpy(known.places(check_annotators(comparisons.annotators, len(items)))),
            labels=_tensor(check_labels(comparisons.labels, len(items))),
        )

    def _with(self, met: Annotators, logits: torch.Tensor) -> Self:
        """A copy, which shares the network, with these annotators' logits."""
        adapted = copy.copy(self)
        kept = [place for place, annotator in enumerate(self.annotators_.known) if annotator not in set(met.known)]
        adapted.annotators_ = Annotators((*(self.annotators_.known[place] for place in kept), *met.known))
        adapted.logits_ = torch.cat([self.logits_[kept], logits])
        return adapted


def _tensor(values: Array) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))


class PALA(_PAL):
    """PAL-A: an annotator's ideal point is f of a weighted mean of K prototypes; items are worth minus their distance.

    Hinge loss. Prompts are not read: an item's features are those of prompt and response.
    """

    _reads_prompts = False

    def __init__(
        self,
        K: int = 2,
        projector: Architecture = RELEASED_A,
        training: Training = TRAINING,
        adaptation: Adaptation = ADAPTATION,
        seed: int = 0,
    ) -> None:
        self.K = K
        self.projector = projector
        self.training = training
        self.adaptation = adaptation
        self.seed = seed

    def _network(self) -> Network:
        return PrototypeNetwork(self.K, self.n_features_in_, self.projector)


class PALB(_PAL):
    """PAL-B: an annotator's ideal point is a weighted mean of K mappings of the prompt; rewards are scaled cosines.

    Cross-entropy. Prompts (n, p) are needed.
    """

    _reads_prompts = True

    def __init__(
        self,
        K: int = 2,
        projector: Architecture = TABLE_D2,
        training: Training = TRAINING,
        adaptation: Adaptation = ADAPTATION,
        seed: int = 0,
    ) -> None:
        self.K = K
        self.projector = projector
        self.training = training
        self.adaptation = adaptation
        self.seed = seed

    def _network(self) -> Network:
        assert self.n_prompt_features_in_ is not None
        return MappingNetwork(self.K, self.n_features_in_, self.n_prompt_features_in_, self.projector)
