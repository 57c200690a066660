"""Figure 4: the released training of the head step for step, and tasks from text to accuracy."""

import numpy as np
import pytest
import torch

from bench import papers
from bench.papers.sparse import as_released_head, fig4
from bench.run.plan import Selection, plan
from bench.spec import Variant


def literal_training(data: torch.Tensor, n: int, betas: list[float], seed: int, steps: int) -> list[torch.Tensor]:
    """The released notebook in plain torch: one seed, one subset, one layer after the other."""
    torch.manual_seed(seed)
    chosen = data[torch.randperm(len(data))[:n]]
    weights = []
    for beta in betas:
        head = torch.nn.Linear(data.shape[1], 1, bias=False)
        optimiser = torch.optim.AdamW(head.parameters(), lr=1e-3, weight_decay=1e-2)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=steps)
        for _ in range(steps):
            loss = -torch.nn.functional.logsigmoid(head(chosen)).mean() + beta * head.weight.abs().sum()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
        weights.append(head.weight.detach()[0])
    return weights


def test_the_released_head_is_trained_step_for_step(monkeypatch):
    monkeypatch.setattr(as_released_head, "STEPS", 60)
    data = torch.randn(50, 7, generator=torch.Generator().manual_seed(3))
    rows = as_released_head.subset(50, 20, seed=4)
    for beta, expected in zip((0.0, 0.1), literal_training(data, 20, [0.0, 0.1], 4, 60), strict=True):
        theta, _ = as_released_head.fit_head(data.numpy()[rows].astype(float), beta, 4, 50)
        np.testing.assert_allclose(theta, expected.numpy(), atol=1e-5)


def test_subsets_are_nested_in_n():
    small, large = as_released_head.subset(100, 10, 0), as_released_head.subset(100, 50, 0)
    np.testing.assert_array_equal(small, large[:10])
    assert len(set(large)) == 50


def test_a_tie_counts_half():
    assert fig4.accuracy(np.array([1.0, -1.0, 0.0, 2.0])) == 0.625


def test_without_a_data_directory_the_text_is_the_suites_own_and_says_so():
    (part,) = plan(papers.load("sparse"), Selection(("fig4",), (str(Variant.CORRECTED),)))
    assert {task.condition["dataset"] for task in part.tasks} == {"made"}
    assert {task.method for task in part.tasks} == {"mle", "l1", "length"}
    for task in part.tasks:
        assert {"made", "features", "split train", "split test"} == set(task.data)
        if task.method == "l1":
            assert task.condition["beta"] == pytest.approx(0.5 / task.condition["n"] ** 0.5)


def test_the_released_variant_has_no_length_baseline():
    (part,) = plan(papers.load("sparse"), Selection(("fig4",), (str(Variant.AS_RELEASED),)))
    assert {task.method for task in part.tasks} == {"mle", "l1"}
