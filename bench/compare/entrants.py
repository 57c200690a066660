"""Who is compared: pipelines, made of lists of methods for the three places."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from bench.compare.pipeline import Pipeline
from bench.compare.results import Entrant
from bench.errors import UserError, unknown
from bench.methods.catalogue import BUILT_IN
from bench.methods.checks.imports import require_blind
from bench.methods.contract import PAIR
from bench.methods.method import Method, Slot
from bench.methods.registry import broken, from_file, method, methods
from bench.testbeds.testbed import LEARNERS, Testbed

CONTROLS = {Slot.SELECT: "random", Slot.LABEL: "people"}  # of a place that a comparison does not vary
LEARNER = "dpo"  # of comparisons of selectors and labelers that name none


def pipelines(
    select: Sequence[str], label: Sequence[str], learn: Sequence[str], learner: Slot | None = None
) -> tuple[Pipeline, ...]:
    """Every selector with every labeler and learner; an empty list is its control. Names are as `registry.method` has.

    With `learner`, learners are of that slot. Raises UserError for unknown methods, learners of both slots, a pipeline
    named twice, fewer than two pipelines, and a user's file that names what knows held-out labels.
    """
    choosers = [method(name, Slot.SELECT) for name in select or [CONTROLS[Slot.SELECT]]]
    labelers = [method(name, Slot.LABEL) for name in label or [CONTROLS[Slot.LABEL]]]
    learners = [method(name, learner) if learner else _learner(name) for name in learn or [LEARNER]]
    slots = {one.slot for one in learners}
    if len(slots) > 1:
        some = {slot: next(one.name for one in learners if one.slot == slot) for slot in LEARNERS}
        raise UserError(
            f"'{some[Slot.POLICY]}' trains policies and '{some[Slot.REWARD]}' is a reward model: they are judged by "
            "different measures; compare each with its own"
        )
    found = tuple(Pipeline(*parts) for parts in product(choosers, labelers, learners))
    if len(found) < 2:
        raise UserError("a comparison needs at least two methods: name another one (`prefbench methods`)")
    for part in (*choosers, *labelers, *learners):
        require_blind(part)
    keys = [key(pipeline) for pipeline in found]
    if twice := next((one for one in keys if keys.count(one) > 1), None):
        raise UserError(f"'{twice}' is named twice")
    return found


def key(pipeline: Pipeline) -> str:
    """The pipeline's name in records: all its parts, those of a user by their file and what is in it."""
    return " + ".join(_by_file(part) if part.path else part.name for part in pipeline.parts)


def entrants(found: Sequence[Pipeline]) -> tuple[Entrant, ...]:
    """The pipelines as tables name them: by the parts that vary, a user's class by its file too where names clash."""
    varying = [place for place in range(3) if len({_named(one.parts[place]) for one in found}) > 1] or [2]
    names = [" + ".join(pipeline.parts[place].name for place in varying) for pipeline in found]
    built_in = {(one.slot, one.name) for one in BUILT_IN}
    full = [" + ".join(_by_file(one.parts[place]) for place in varying) for one in found]
    clear = [name if names.count(name) == 1 else other for name, other in zip(names, full, strict=True)]
    return tuple(
        Entrant(
            name=name,
            line="; ".join(pipeline.parts[place].line for place in varying),
            own=any(part.path is not None or (part.slot, part.name) not in built_in for part in pipeline.parts),
            parts={"select": pipeline.select.name, "label": pipeline.label.name, "learn": pipeline.learn.name},
        )
        for name, pipeline in zip(clear, found, strict=True)
    )


def require_runs(found: Sequence[Pipeline], testbed: Testbed) -> None:
    """Raises UserError where `testbed` has no measure for these learners, no prompts to choose or label, or too few
    responses to rank, and for a labeler of pairs beside a learner that people rank for."""
    slot = found[0].learn.slot
    if slot not in testbed.measures:
        raise UserError(f"the task {testbed.name} has no {slot} learners; it has {', '.join(testbed.measures)}")
    for pipeline in found:
        for part in (pipeline.select, pipeline.label):
            if not testbed.chooses and part.name != CONTROLS[part.slot]:
                raise UserError(
                    f"{part.name} reads prompts with sampled responses, and the task {testbed.name} has features of "
                    f"comparisons only; `prefbench tasks` says which have prompts"
                )
        if pipeline.learn.lists > PAIR:
            _require_rankings(pipeline, testbed)


def _require_rankings(pipeline: Pipeline, testbed: Testbed) -> None:
    learner, labeler = pipeline.learn, pipeline.label
    if learner.lists > testbed.responses:
        raise UserError(
            f"{learner.name} learns from rankings of {learner.lists} responses, and a prompt of the task "
            f"{testbed.name} has {testbed.responses}"
        )
    if labeler.name != CONTROLS[Slot.LABEL] and getattr(labeler.load(), "expands", True):
        raise UserError(
            f"{learner.name} learns from rankings by people, and {labeler.name} labels pairs: combine "
            f"{learner.name} with the labeler '{CONTROLS[Slot.LABEL]}'"
        )


def _learner(name: str) -> Method:
    if ".py" in name:
        found = from_file(name)
        if found.slot not in LEARNERS:
            raise UserError(f"{name} belongs to the slot '{found.slot}': it does not learn")
        return found
    known = [one for slot in LEARNERS for one in methods(slot)]
    for one in known:
        if one.name == name:
            return one
    for unusable in broken():
        if unusable.name == name:
            raise UserError(f"'{name}' of {unusable.package} cannot be used: {unusable.reason}")
    raise unknown("learner", name, [one.name for one in known])


def _named(part: Method) -> str:
    return f"{part.name} {part.target} {part.code}"


def _by_file(part: Method) -> str:
    """A user's class by its file, and by what is in it: two files may have one name."""
    return f"{part.target}@{part.code[:8]}" if part.path else part.name
