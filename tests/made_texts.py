"""The text domain at a size for tests: a random model of two layers, data files in the exact schemas."""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import replace

from transformers import AutoTokenizer

from bench.data import alpaca_eval, hh_rlhf
from bench.domains import corpora

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
