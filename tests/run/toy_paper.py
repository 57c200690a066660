"""A paper of two small experiments, whose tasks are functions of this file: run without any real paper."""

from __future__ import annotations

import time

from bench.errors import UserError
from bench.run.config import Config
from bench.spec import Context, Experiment, Outcome, Profile, Task, Unavailable, Variant


class ToyConfig(Config):
    n: list[int]


def toy_plan(request):
    for n in request.config.n:
        for seed in request.seeds:
            yield Task("toy", "squares", request.variant, request.profile, "mle", seed, {"n": n}, {"offset": 1})


def squares(task: Task, context: Context) -> Outcome:
    n = int(task.condition["n"])
    if n == 13:
        raise ValueError("thirteen is unlucky")
    if n == 14:
        raise UserError("the data file changed")
    if n >= 1000:
        time.sleep(n / 1000)
    return Outcome({"value": float(n * n + task.seed)}, {"x": [1.0, 2.0]}, {"note": "ok"})


def unplannable(request):
    raise Unavailable("needs a telescope")


def experiment(name: str, plan, version: int = 1) -> Experiment:
    return Experiment(
        name=name,
        title="Squares",
        shows="squares",
        variants={Variant.CORRECTED: "right"},
        profiles=(Profile.EMBEDDED,),
        config=ToyConfig,
        plan=plan,
        execute=squares,
        version=version,
    )
