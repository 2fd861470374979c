"""Tensors: a step of training by `backward()`, and a loop that is recorded and reversed; PyTorch's beside it, if it is
installed."""

from __future__ import annotations

import importlib.util
import tracemalloc
from collections.abc import Callable
from statistics import median
from typing import Any

import srcad.tensor
from benchmarks.timing import Effort, interleaved, ratio

SIZES = {"small": (8, 4, 8), "medium": (64, 64, 128), "large": (512, 256, 512)}
STEPS = 1000


def modules() -> dict[str, Any]:
    """What has tensors here: srcad and, on one thread as NumPy is, PyTorch."""
    found = {"srcad": srcad.tensor}
    if importlib.util.find_spec("torch") is not None:
        import torch

        torch.set_num_threads(1)
        found["torch"] = torch
    return found


def training(torch: Any, batch: int, features: int, hidden: int) -> Callable[[], None]:
    """A step of gradient descent on the squared error of a two-layer network."""
    x, y = torch.randn(batch, features), torch.randn(batch, 3)
    parameters = [torch.randn(features, hidden, requires_grad=True), torch.zeros(hidden, requires_grad=True),
                  torch.randn(hidden, 3, requires_grad=True), torch.zeros(3, requires_grad=True)]

    def step() -> None:
        w1, b1, w2, b2 = parameters
        error = torch.tanh(x @ w1 + b1) @ w2 + b2 - y
        loss = (error * error).mean()
        loss.backward()
        with torch.no_grad():
            for p in parameters:
                p -= 0.01 * p.grad
                p.grad.zero_()

    return step


def recurrence(torch: Any, steps: int) -> Callable[[], None]:
    """A loop over a number, recorded and reversed."""

    def loop() -> None:
        x = torch.tensor(0.5, requires_grad=True)
        h = x
        for _ in range(steps):
            h = torch.sin(h) * 1.01 + x
        h.backward()

    return loop


def tensors(effort: Effort, sizes: dict[str, tuple[int, int, int]] = SIZES, steps: int = STEPS) -> list[dict[str, Any]]:
    """The medians of each contender, and the ratio to PyTorch's."""
    makers = {f"training step, {name}": lambda torch, size=size: training(torch, *size)
              for name, size in sizes.items()}
    makers[f"loop of {steps}"] = lambda torch: recurrence(torch, steps)
    found = []
    for name, make in makers.items():
        times = interleaved({k: make(m) for k, m in modules().items()}, effort)
        row: dict[str, Any] = {"name": name, **{k: median(t) for k, t in times.items()}}
        if "torch" in times:
            row["ratio"] = ratio(times["srcad"], times["torch"])
        found.append(row)
    return found


def kept(batch: int = 2000) -> dict[str, int]:
    """Bytes that a record of a network holds, and those that it still holds after `backward`."""
    torch = srcad.tensor
    x, w = torch.randn(batch, 100), torch.randn(100, 100, requires_grad=True)
    (x @ w).tanh().sum().backward()      # the program is made now
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    loss = (x @ w).tanh().sum()
    recorded = tracemalloc.get_traced_memory()[0] - before
    loss.backward()
    after = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return {"recorded": recorded, "after": after}
