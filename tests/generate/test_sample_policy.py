"""Sampling from a policy in memory with vLLM, which reads a folder and wants the GPU for itself."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from bench.generate import Sample, vllm


def test_vllm_samples_from_the_policys_own_weights_and_gives_the_gpu_back(monkeypatch):
    did = []
    policy = SimpleNamespace(
        device="cuda:0", save_pretrained=lambda folder: did.append("save"), to=lambda device: did.append(device)
    )

    def engine(folder, **options):
        assert folder.is_dir()
        did.append(options)
        return "engine"

    def sample(model, prompts, **sampling):
        assert model == "engine"
        did.append(sampling)
        return [[Sample(np.array([1]), True)] for _ in prompts]

    monkeypatch.setattr(vllm, "engine", engine)
    monkeypatch.setattr(vllm, "sample", sample)
    found = vllm.sample_policy(policy, [np.array([5])], {"dtype": "bfloat16"}, max_tokens=3)
    assert [[one.tokens.tolist() for one in each] for each in found] == [[[1]]]
    assert did == ["save", "cpu", {"dtype": "bfloat16"}, {"max_tokens": 3}, "cuda:0"]
