"""A learner of ranked lists spends the same budget: every comparison that a ranking is made of is a label."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from bench.compare.entrants import pipelines, require_runs
from bench.compare.pipeline import Pipeline, run
from bench.errors import UserError
from bench.label import Judgements
from bench.learn.policy.completions import Completions
from bench.methods import Slot
from bench.methods.method import Method, of_class
from bench.methods.registry import method as built_in
from bench.testbeds.pool import Place, PolicyGround
from bench.testbeds.world import TESTBED

HERE = __name__
POOL = [
    Completions(
        np.array([number], dtype=np.int32),
        tuple(np.array([1 + (number + place) % 4], dtype=np.int32) for place in range(4)),
    )
    for number in range(30)
]


POLICY = SimpleNamespace(config=SimpleNamespace(to_json_string=lambda use_diff: "{}"), state_dict=dict)


def prefer(groups):
    """People like high tokens."""
    gaps = [int(group.responses[0][0]) - int(group.responses[1][0]) for group in groups]
    return Judgements(np.sign(gaps) * np.inf, labels_spent=len(groups))


def ground(budget):
    """A policy's, which is not trained: it keeps what it would be trained on."""
    seen = []
    trainer = SimpleNamespace(trained=lambda policy, groups, *_: (seen.extend(groups), 0))
    place = Place("a test", 0, POLICY, 0, POOL, prefer, list, lambda *_: [], trainer, lambda *_: None)
    found = PolicyGround(place, budget, lambda _: {})
    found.seen = seen
    return found


class Backwards:
    """Rows from the last to the first"""

    def scores(self, groups, known):
        return np.arange(len(groups), dtype=float)


class Warm(Backwards):
    """The same, after labels of the first two"""

    def scores(self, groups, known):
        known.people([Completions(group.prompt, group.responses[:2]) for group in groups[:2]])
        return super().scores(groups, known)


class Pairs:
    """Nothing, of pairs"""

    lists = 2

    def objective(self, pairs, known):
        return None


class Threes(Pairs):
    """Nothing, of three"""

    lists = 3


class Fours(Pairs):
    """Nothing, of four"""

    lists = 4


class Fives(Pairs):
    """Nothing, of five"""

    lists = 5


def method(kind, slot):
    return Method(kind.__name__, slot, "", f"{HERE}:{kind.__name__}")


def spent(learner, budget, select=Backwards):
    here = ground(budget)
    parts = method(select, Slot.SELECT), built_in("people", Slot.LABEL), method(learner, Slot.POLICY)
    return run(Pipeline(*parts), {}, here, budget, 0).metrics, here


def lists(here):
    return [[int(response[0]) for response in group.responses] for group in here.seen]


@pytest.mark.parametrize(
    ("learner", "budget", "labels", "prompts"),
    [(Pairs, 20, 20, 20), (Threes, 20, 18, 6), (Threes, 18, 18, 6), (Fours, 20, 18, 3), (Fours, 6, 6, 1)],
)
def test_so_many_prompts_are_ranked_as_the_budget_pays_for(learner, budget, labels, prompts):
    metrics, here = spent(learner, budget)
    assert metrics["labels_spent"] == here.spent == len(here.known.bought) == labels
    assert metrics["pairs"] == len(here.seen) == prompts


def test_the_prompts_are_those_that_the_selector_wants_first():
    assert {int(group.prompt[0]) for group in spent(Threes, 20)[1].seen} == {24, 25, 26, 27, 28, 29}


def test_lists_are_in_the_order_that_people_prefer():
    assert lists(spent(Fours, 20)[1]) == [[4, 3, 2, 1]] * 3
    assert all(sorted(one, reverse=True) == one for one in lists(spent(Threes, 20)[1]))


def test_lists_of_two_are_the_pairs_that_every_other_learner_gets():
    here = spent(Pairs, 20)[1]
    assert lists(here) == [[int(one[0]) for one in pair.responses] for pair in here.known.bought]


def test_a_pair_that_the_selector_bought_is_asked_once_and_its_prompt_is_ranked():
    metrics, here = spent(Threes, 20, Warm)
    assert metrics["labels_spent"] == 18
    assert {int(group.prompt[0]) for group in here.seen} == {0, 1, 26, 27, 28, 29}


def test_a_budget_that_pays_for_no_list_is_refused():
    with pytest.raises(UserError, match="a ranking of 4 takes 6 labels; a budget of 5 pays for none"):
        spent(Fours, 5)


def test_a_prompt_with_fewer_responses_cannot_be_ranked():
    with pytest.raises(UserError, match="people rank 5 responses, and a prompt here has 4"):
        spent(Fives, 20)


def test_labelers_of_pairs_do_not_go_with_a_learner_of_rankings():
    with pytest.raises(UserError, match="irpo learns from rankings by people, and spa labels pairs"):
        require_runs(pipelines((), ("people", "spa"), ("irpo",)), TESTBED)
    require_runs(pipelines(("random", "pvar"), ("people",), ("irpo", "dpo")), TESTBED)


def test_a_task_with_too_few_responses_to_rank_is_refused_before_anything_runs():
    with pytest.raises(UserError, match="rankings of 3 responses, and a prompt of the task world has 2"):
        require_runs(pipelines((), (), ("irpo", "dpo")), replace(TESTBED, responses=2))


def test_a_users_class_says_how_long_its_lists_are():
    assert of_class(Fours, "fours", f"{HERE}:Fours", "1").lists == 4
    assert of_class(Backwards, "backwards", f"{HERE}:Backwards", "1").lists == 2
    with pytest.raises(UserError, match="2 or more, got 1"):
        of_class(type("One", (Pairs,), {"lists": 1, "__doc__": "One"}), "one", "one", "1")
