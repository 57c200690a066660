"""What a study on UltraFeedback reads, made up in the exact schemas: pairs, four answers, AlpacaEval, Arena-Hard."""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import astuple, replace

import torch
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

from bench.data import alpaca_eval, arena_hard, ultrafeedback, ultrafeedback_completions
from bench.data.fingerprint import sha256_rows
from bench.domains import corpora

ROWS = 40  # of the pairs
WITHOUT_ANSWERS = 3  # the last rows, whose prompts the other dataset lacks
BLANK = 5  # the row of a pair whose worse answer is empty
TWICE = (1, 2)  # rows with one prompt
ASKED = 12
HARD = 5
MODELS = ("other_model", "third_model", alpaca_eval.BASELINE)
WORDS = ("flour", "and water,", "then", "wait", "an hour.", "bake it", "until brown.")
TEMPLATE = "{% for message in messages %}[{{ message.role }}] {{ message.content }}\n{% endfor %}"


def prompt(row: int) -> str:
    """Of a row of the pairs."""
    return f"how do I bake bread {TWICE[0] if row == TWICE[1] else row}?"


def answer(row: int, model: int) -> str:
    """One of four."""
    return f"answer {model}: " + " ".join(WORDS[: 1 + (row * 3 + model * 2) % len(WORDS)])


def write_data(folder, monkeypatch):
    """A data directory."""
    _lines(folder / ultrafeedback.NAME / "train.jsonl", [_pair(row) for row in range(ROWS)])
    rated = [_rated(row) for row in range(ROWS - WITHOUT_ANSWERS)]
    _lines(folder / ultrafeedback_completions.NAME / "train.jsonl", rated[::-1])
    monkeypatch.setattr(ultrafeedback, "HUB", replace(ultrafeedback.HUB, rows={"train": ROWS}))
    asked = [{"prompt_id": row, "source": "made", "prompt": f"what is {row} and {row}?"} for row in range(ASKED)]
    given = [
        {
            "prompt_id": row,
            "model": model,
            "response": " ".join(WORDS[: 1 + (row + at) % len(WORDS)]),
            alpaca_eval._PREFERENCE: 0.5 if model == alpaca_eval.BASELINE else (0.1, 0.8, 0.6, 0.3)[(row + at) % 4],
        }
        for at, model in enumerate(MODELS)
        for row in range(ASKED)
    ]
    monkeypatch.setattr(alpaca_eval, "PROMPTS", _packed(folder, alpaca_eval.PROMPTS, asked))
    monkeypatch.setattr(alpaca_eval, "RESPONSES", _packed(folder, alpaca_eval.RESPONSES, given))
    monkeypatch.setattr(corpora, "ASKED", ASKED)
    hard = [arena_hard.Question(f"{row:02d}", f"which is hard, {row}?", "wait an hour.") for row in range(HARD)]
    base = folder / arena_hard.NAME
    _lines(base / arena_hard.QUESTIONS, [{"uid": one.uid, "prompt": one.prompt} for one in hard])
    said = [{"uid": one.uid, "messages": [{}, {"content": {"answer": one.baseline}}]} for one in hard]
    _lines(base / arena_hard.ANSWERS, said)
    monkeypatch.setattr(arena_hard, "SHA256", sha256_rows(map(astuple, hard)))
    return folder


def reward_model(folder, tokens, seed):
    """A random model with a head of one logit, beside the tokenizer of the folder `tokens`."""
    tokenizer = AutoTokenizer.from_pretrained(tokens)
    tokenizer.chat_template = TEMPLATE
    torch.manual_seed(seed)
    config = AutoConfig.from_pretrained(tokens, num_labels=1, initializer_range=0.3)
    AutoModelForSequenceClassification.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _pair(row):
    asked = {"role": "user", "content": prompt(row)}
    texts = {"chosen": answer(row, 0), "rejected": " " if row == BLANK else answer(row, 1)}
    sides = {side: [asked, {"role": "assistant", "content": text}] for side, text in texts.items()}
    ratings = {f"{side}-{what}": value for side in sides for what, value in (("rating", 1.0), ("model", "m"))}
    return {"source": "made", "prompt": asked["content"], **sides, **ratings}


def _rated(row):
    answers = [
        {"model": f"m{at}", "response": answer(row, at), "fine-grained_score": 4.0 - at, "overall_score": 8.0 - at}
        for at in range(4)
    ]
    return {"source": "made", "instruction": f"{prompt(row)}\n", "completions": answers}


def _lines(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")


def _packed(folder, file, rows):
    path = folder / file.path
    path.parent.mkdir(parents=True, exist_ok=True)
    content = "".join(f"{json.dumps(row)}\n" for row in rows).encode()
    path.write_bytes(gzip.compress(content, mtime=0))
    return replace(file, sha256=hashlib.sha256(content).hexdigest(), rows=len(rows))
