"""The text domain at a size for tests: a random model of two layers, data files in the exact schemas, seconds."""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import replace

from tiny_spa import PAPER
from transformers import AutoTokenizer

from bench.data import alpaca_eval, hh_rlhf
from bench.files import validate
from bench.papers.spa import corpora
from bench.run import config
from bench.spec import Profile, Request, Variant

OPENINGS = 60
ASKED = 20
TEMPLATE = "{% for message in messages %}[{{ message.role }}] {{ message.content }}\n{% endfor %}[assistant] "


def domain(model):
    """The settings of a domain with the model in a folder."""
    return {
        "name": "text",
        "corpus": "hh_rlhf",
        "policy": {"name": "tiny", "origin": "path", "id": str(model), "parameters": 1e5},
        "judge": {
            "kind": "reward_model",
            "pairs": 16,
            "held_out": 8,
            "epochs": 1,
            "learning_rate": 1e-3,
            "batch_size": 4,
        },
        "seed_pairs": 18,
        "test": 6,
        "limits": {"prompt": 40, "response": 24},
        "backend": "transformers",
        "engine": {"dtype": "float32", "max_tokens": 512},
        "gpu": False,
    }


SIZES = {
    "seed_labels": 6,
    "pool": 6,
    "prompts": [6, 6, 6],
    "max_tokens": 8,
    "batch_size": 4,
    "window": 4,
    "share": 0.25,
    "test_prompts": 6,
    "checkpoint_every": 1,
    "learning_rate": 1e-3,
    "seed_learning_rate": 1e-3,
    "judge": {"epochs": 1, "learning_rate": 1e-3},
}


SHIPPED = {  # read before a test makes the data smaller than the shipped study needs
    (profile, experiment.name): config.load(PAPER, experiment, profile).model_dump()
    for experiment in PAPER.experiments
    for profile in (Profile.SMALL, Profile.PAPER)
    if profile in experiment.profiles
}


def planned(data_dir, experiment="table1", variant=Variant.CORRECTED, profile=Profile.SMALL, seed=0, **settings):
    """The tasks of one seed, in their order."""
    known = PAPER.experiment(experiment)
    own = validate(known.config, SHIPPED[profile, experiment] | settings, "own.yaml")
    return list(known.plan(Request(variant, profile, own, (seed,), data_dir, data_dir)))


def chat_model(folder, tmp_path):
    """A copy of a saved model whose tokenizer has a chat template."""
    copied = tmp_path / "chat-model"
    copied.mkdir()
    for file in folder.iterdir():
        (copied / file.name).write_bytes(file.read_bytes())
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(copied)
    return copied


def write_data(folder, monkeypatch):
    """Files of both datasets, made up, at the places and with the fields that the loaders expect."""
    pairs = [
        {
            "subset": "helpful-base-test" if number % 4 else "harmless-base-test",
            "prompt": f"\n\nHuman: do I bake bread {number}?\n\nAssistant: flour.\n\nHuman: and then?\n\nAssistant:",
            "chosen": f" mix flour and water, wait {number} hours.",
            "rejected": " wait.",
        }
        for number in range(OPENINGS * 4 // 3)
    ]
    asked = [
        {"prompt_id": number, "source": "made", "prompt": f"what is {number} and {number}?"} for number in range(ASKED)
    ]
    monkeypatch.setattr(hh_rlhf, "FILE", _write(folder, hh_rlhf.FILE, pairs))
    monkeypatch.setattr(alpaca_eval, "PROMPTS", _write(folder, alpaca_eval.PROMPTS, asked))
    monkeypatch.setattr(corpora, "OPENINGS", OPENINGS)
    monkeypatch.setattr(corpora, "ASKED", ASKED)
    return folder


def _write(folder, file, rows):
    path = folder / file.path
    path.parent.mkdir(parents=True, exist_ok=True)
    content = "".join(f"{json.dumps(row)}\n" for row in rows).encode()
    path.write_bytes(gzip.compress(content, mtime=0))
    hashed = content if file.of_content else path.read_bytes()
    return replace(file, sha256=hashlib.sha256(hashed).hexdigest(), rows=len(rows))
