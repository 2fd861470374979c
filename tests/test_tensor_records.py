"""Records: what is transformed how often, what the adjoint looks like, and what it costs."""

from __future__ import annotations

import gc
import textwrap
import threading
import weakref

import numpy as np
import pytest

import srcad.tensor as torch
from srcad.tensor import engine


@pytest.fixture
def transformed(monkeypatch):
    """The programs that are made while a test runs."""
    found, original = [], engine.made
    monkeypatch.setattr(engine, "made", lambda *args: found.append(original(*args)) or found[-1])
    return found


def network(x, w1, b1, w2):
    hidden = torch.relu(x @ w1 + b1)
    return ((hidden @ w2) ** 2).mean()


def parameters():
    torch.manual_seed(0)
    return [torch.randn(4, 3, requires_grad=True), torch.zeros(3, requires_grad=True),
            torch.randn(3, 2, requires_grad=True)]


def test_training_is_transformed_once(transformed):
    ps = parameters()
    first = None
    for _ in range(20):
        loss = network(torch.randn(8, 4), *ps)
        loss.backward()
        first = first or loss.item()
        with torch.no_grad():
            for p in ps:
                p -= 0.05 * p.grad
                p.grad.zero_()
    assert len(transformed) == 1 and loss.item() < first


def test_source_of_a_network():
    w1, b1, w2 = parameters()
    x = torch.randn(8, 4)
    hidden = torch.relu(x @ w1 + b1)
    loss = ((hidden @ w2) ** 2).mean()
    line = test_source_of_a_network.__code__.co_firstlineno + 4
    assert loss.backward_source() == textwrap.dedent(f"""\
        import numpy as np


        def loss_backward(x, w2, hidden, t, dloss):
            # reverse
            t1 = 2 * dloss / 16 * t  # line {line}: loss = ((hidden @ w2) ** 2).mean()
            dhidden = t1 @ w2.T
            dw2 = hidden.T @ t1
            dhidden = np.where(hidden > 0, dhidden, 0)  # line {line - 1}: hidden = torch.relu(x @ w1 + b1)
            db1 = np.sum(dhidden, axis=0)
            dw1 = x.T @ dhidden
            return dw1, db1, dw2
        """)


def test_numbers_that_change_become_arguments(transformed):
    for t in np.linspace(0.1, 0.9, 12).tolist():
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        y = (x * x * t).sum()
        y.backward()
        assert torch.allclose(x.grad, 2 * t * x.detach())
    assert len(transformed) == engine.VARIANTS + 1


def test_numbers_that_compare_equal():
    """0.0 and -0.0 are two numbers: the signs of the infinities differ."""
    found = []
    for number in (0.0, -0.0):
        x = torch.tensor([1.0], requires_grad=True)
        y = x / number
        y.backward()
        found.append(float(x.grad))
    assert found == [np.inf, -np.inf]


def recurrence(steps, x):
    h = x
    for _ in range(steps):
        h = torch.sin(h) * 1.01 + x
    return h


def derivative_of_recurrence(steps, x):
    h, dh = x, 1.0
    for _ in range(steps):
        h, dh = np.sin(h) * 1.01 + x, np.cos(h) * 1.01 * dh + 1
    return dh


def test_loops_of_all_lengths_share_programs(transformed):
    for steps in (400, 1000, 1001, 777):
        x = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
        recurrence(steps, x).backward()
        assert x.grad.item() == pytest.approx(derivative_of_recurrence(steps, 0.5), rel=1e-12)
    assert len(transformed) <= 6


def test_long_records_with_all_that_records_have():
    """Hooks, kept gradients and second derivatives in a record that is taken in pieces."""
    x = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    middle = recurrence(200, x)
    middle.retain_grad()
    h = middle
    for _ in range(200):
        h = torch.sin(h) * 1.01 + x
    (first,) = torch.autograd.grad(h, x, create_graph=True)
    (second,) = torch.autograd.grad(first, x, retain_graph=True)
    h.backward()
    assert x.grad.item() == pytest.approx(derivative_of_recurrence(400, 0.5), rel=1e-12) == first.item()
    slopes = [derivative_of_recurrence(400, 0.5 + e) for e in (1e-6, -1e-6)]
    assert second.item() == pytest.approx((slopes[0] - slopes[1]) / 2e-6, rel=1e-6)
    assert middle.grad is not None
    assert "# run " in recurrence(400, x).backward_source()


def test_pieces_keep_results_of_one_step_together():
    a = torch.eye(2, dtype=torch.float64).requires_grad_()
    b = a
    for k in range(120):
        values, vectors = torch.linalg.eigh(b @ b.T + torch.tensor([[2.0, 0.5], [0.5, 1.0]], dtype=torch.float64))
        b = (vectors * values.sqrt()) @ vectors.T / 3 + a * (k % 2)
    b.sum().backward()
    d = torch.tensor([[0.3, -0.2], [0.1, 0.4]], dtype=torch.float64)

    def value(step):
        c = a.detach() + step * d
        b = c
        for k in range(120):
            values, vectors = torch.linalg.eigh(b @ b.T + torch.tensor([[2.0, 0.5], [0.5, 1.0]], dtype=torch.float64))
            b = (vectors * values.sqrt()) @ vectors.T / 3 + c * (k % 2)
        return b.sum().item()

    assert (a.grad * d).sum().item() == pytest.approx((value(1e-6) - value(-1e-6)) / 2e-6, rel=1e-6)


def test_values_are_released():
    x = torch.ones(1000, requires_grad=True)
    y = x.exp()
    z = y * y
    loss = z.sum()
    memory = weakref.ref(z.array)
    del z
    gc.collect()
    assert memory() is not None
    loss.backward()
    gc.collect()
    assert memory() is None


def test_changes_in_place_name_the_line():
    x = torch.ones(3, requires_grad=True)
    y = x.exp()
    y += 1
    with pytest.raises(RuntimeError, match=r"test_tensor_records.py:\d+:\d+: y = x.exp\(\)"):
        y.sum().backward()


def test_threads():
    """Records of one structure in many threads, one of which does not record."""
    found = {}

    def work(k):
        x = torch.full((50,), float(k)).requires_grad_()
        for _ in range(30):
            y = (x * x).sum()
            y.backward()
        found[k] = float(x.grad[0])

    with torch.no_grad():
        threads = [threading.Thread(target=work, args=(k,)) for k in range(1, 5)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    assert found == {k: 60.0 * k for k in range(1, 5)}


def test_what_has_no_rule_is_refused():
    with pytest.raises(RuntimeError, match="does not require grad"):
        torch.argmax(torch.ones(3, requires_grad=True)).backward()
