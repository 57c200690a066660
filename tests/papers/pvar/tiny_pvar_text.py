"""PVar on text at a size for tests, and the configs that the suite comes with for the paper's scale."""

from __future__ import annotations

from tiny_pvar import PAPER

from bench.files import validate
from bench.run import config
from bench.spec import Profile, Request, Variant

ON_TEXT = ("order", "models", "human", "losses")
SHIPPED = {  # read before a test makes the data smaller than the shipped study needs
    name: config.load(PAPER, PAPER.experiment(name), Profile.PAPER).model_dump() for name in ON_TEXT
}


def settings(policy, reward_models, url, answers="given"):
    """Of the study, with models in folders and an endpoint on this machine."""
    models = zip(("large", "small", "tiny"), reward_models, strict=True)
    return {
        "pool": 20,
        "responses": 4 if answers == "given" else 3,
        "max_tokens": 6,
        "batch_size": 4,
        "learning_rate": {"best_worst": {1.0: 1e-3}, "random_labelled": {1.0: 1e-3}},
        "test_prompts": 6,
        "held_out": 8,
        "divergence": 4,
        "text": {
            "answers": answers,
            "domain": {
                "name": "text",
                "corpus": "ultrafeedback",
                "policy": _backbone("policy", policy),
                "judge": {"kind": "alpaca_eval", "base_url": url, "model": "gpt", "key_variable": "A_KEY"},
                "test": 12,
                "limits": {"prompt": 60, "response": 60},
                "backend": "transformers",
                "engine": {"dtype": "float32", "max_tokens": 512},
                "gpu": False,
            },
            "reward_models": {name: _backbone(name, folder) for name, folder in models},
            "test_tokens": 8,
            "test_temperature": 0.0,
            "checkpoint_every": 1,
        },
    }


def planned(data_dir, experiment="order", seeds=(0,), **changes):
    """The tasks, in their order."""
    known = PAPER.experiment(experiment)
    own = validate(known.config, SHIPPED[experiment] | changes, "own.yaml")
    return list(known.plan(Request(Variant.CORRECTED, Profile.PAPER, own, seeds, data_dir, data_dir)))


def _backbone(name, folder):
    return {"name": name, "origin": "path", "id": str(folder), "parameters": 1e5}
