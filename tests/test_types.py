"""Types before the program runs: an unknown is allowed, a wrong fact is not."""

from __future__ import annotations

import operator
import random
import warnings

import numpy as np
import pytest

from srcad.ir.build import OPERATORS
from srcad.ir.core import Lit, Var, fill, form_of
from srcad.ir.infer import broadcast, infer
from srcad.ir.ops import Op, op_of
from srcad.ir.types import (
    BOOL,
    FLOAT,
    INT,
    NEVER,
    OBJECT,
    ONE,
    UNKNOWN,
    Dim,
    Size,
    Type,
    array,
    equivalent,
    fresh,
    integer,
    join,
    type_of,
)

N, M, K = Size("n", many=True), Size("m", many=True), Size("k")


def op(function, name, **facts) -> Op:
    return op_of(function) or Op(name, function, **facts)


GETITEM = op(operator.getitem, "getitem")
ELEMENTWISE = [OPERATORS[name] for name in ("add", "sub", "mul", "truediv", "lt", "neg", "pow", "mod")] + [
    op(np.sin, "np.sin", elementwise=True), op(np.maximum, "np.maximum", elementwise=True),
    op(np.arctan2, "np.arctan2", elementwise=True), op(np.isnan, "np.isnan", elementwise=True)]
SIZES = [Dim(None, 3), Dim(N), Dim(M), Dim(K), Dim(N, -2), ONE, Dim(None, 1)]
NUMERIC = [BOOL, INT, FLOAT]
DTYPES = [np.dtype(d) for d in ("f8", "f4", "i8", "?", "c16")]


def random_type(rng: random.Random, rank: int | None = None) -> Type:
    rank = rng.choice([0, 0, 1, 1, 2, 3]) if rank is None else rank
    if rank == 0 and rng.random() < 0.8:
        return rng.choice([*NUMERIC, Type("scalar", rng.choice(DTYPES), ())])
    return Type("array", rng.choice(DTYPES), tuple(rng.choice(SIZES) for _ in range(rank)))


def random_sizes(rng: random.Random) -> dict[Size, int]:
    """Values that the sizes may have: one that is `many` is not 1."""
    return {N: rng.choice([0, 2, 3, 4, 6]), M: rng.choice([2, 3, 5]), K: rng.choice([0, 1, 2, 4])}


def extent(dim: Dim, sizes: dict[Size, int]) -> int:
    return dim.offset if dim.size is None else max(sizes[dim.size] + dim.offset, 0)


def random_value(rng: random.Random, t: Type, sizes: dict[Size, int]):
    shape = tuple(extent(d, sizes) for d in t.shape)
    a = np.asarray(np.random.default_rng(rng.randrange(9999)).uniform(0.5, 3.0, shape)).astype(t.dtype)
    return a.item() if t.kind == "number" else a[()] if t.kind == "scalar" else a


def facts_hold(t: Type, value, sizes: dict[Size, int]) -> str:
    """What is claimed and not so; empty if all is well."""
    real = type_of(value)
    if t.kind not in ("unknown", real.kind) and not (t.kind == "array" and real.kind == "array"):
        return f"kind {t.kind}, really {real.kind}"
    if t.is_numeric and t.dtype is not None and t.dtype != real.dtype:
        return f"dtype {t.dtype}, really {real.dtype}"
    if t.is_numeric and t.shape is not None:
        if len(t.shape) != len(real.shape):
            return f"rank {len(t.shape)}, really {len(real.shape)}"
        for d, r in zip(t.shape, np.shape(value), strict=True):
            if (d.size is None or d.size in sizes) and extent(d, sizes) != r:
                return f"shape {t.shape}, really {np.shape(value)}"
            if d.not_one and r == 1:
                return f"{d} is not 1, really it is"
    if t.value is not None and (t.value.size is None or t.value.size in sizes) and isinstance(value, int):
        claimed = t.value.offset + (sizes[t.value.size] if t.value.size else 0)
        return "" if claimed == value else f"value {t.value}, really {value}"
    return ""


def random_call(rng: random.Random):
    """An operation, the types of its operands and its call, where operands are shown by their place."""
    x = Var("x", random_type(rng))
    if rng.random() < 0.5:
        o = rng.choice(ELEMENTWISE)
        unary = o.name in ("neg", "np.sin", "np.isnan")
        operands = (x,) if unary else (x, rng.choice([Var("y", random_type(rng)), Lit(2), Lit(0.5), x]))
        return o, operands, {}
    x = Var("x", random_type(rng, rng.choice([1, 2, 3])))
    axis = rng.randrange(-x.type.rank, x.type.rank)
    y = Var("y", random_type(rng, rng.choice([1, 2])))
    i = Var("i", INT)
    return rng.choice([
        (op(np.sum, "np.sum"), (x,), {"axis": rng.choice([None, axis]), "keepdims": rng.choice([False, True])}),
        (op(np.mean, "np.mean"), (x,), {"axis": axis}),
        (op(np.max, "np.max"), (x,), {}),
        (op(np.cumsum, "np.cumsum"), (x,), {"axis": axis}),
        (op(np.argmax, "np.argmax"), (x,), {}),
        (op(np.transpose, "np.transpose"), (x,), {}),
        (op(np.diff, "np.diff"), (x,), {}),
        (op(np.diag, "np.diag"), (x,), {}),
        (op(np.squeeze, "np.squeeze"), (x,), {}),
        (op(np.ravel, "np.ravel"), (x,), {}),
        (op(np.reshape, "np.reshape"), (x, (-1,)), {}),
        (op(np.zeros_like, "np.zeros_like"), (x,), {}),
        (op(np.dot, "np.dot"), (x, y), {}),
        (op(np.matmul, "np.matmul"), (x, y), {}),
        (op(np.outer, "np.outer"), (x, y), {}),
        (op(np.concatenate, "np.concatenate"), ((x, x),), {"axis": axis}),
        (op(np.concatenate, "np.concatenate"), ((x, y),), {}),
        (op(np.stack, "np.stack"), ((x, x),), {}),
        (op(np.where, "np.where"), (Var("c", Type("array", np.dtype(bool), x.type.shape)), x, y), {}),
        (op(np.convolve, "np.convolve"), (x, y), {"mode": rng.choice(["full", "valid", "same"])}),
        (op(np.linalg.norm, "np.linalg.norm"), (x,), {}),
        (op(np.arange, "np.arange"), (i,), {}),
        (GETITEM, (x, i), {}),
        (GETITEM, (x, rng.choice([0, -1, slice(1, None), slice(None, -1), slice(0, 3), slice(None, 2),
                                  slice(None, None, -1), slice(None, None, 2), slice(-2, None), slice(1, -1),
                                  (Ellipsis, 0), None, (slice(None), None), slice(2, 4), slice(2, None)])), {}),
        (GETITEM, (x, slice(i, None)), {}),
        (GETITEM, (x, Var("k", array("i8", Dim(K)))), {}),
        (GETITEM, (x, Var("b", Type("array", np.dtype(bool), x.type.shape[:1]))), {}),
    ])


def prove_wrong(seed: int) -> str:
    """Run a random call on values of the types that it was inferred for."""
    rng = random.Random(seed)
    o, operands, kwargs = random_call(rng)
    form, atoms = form_of(operands, kwargs, lambda a: isinstance(a, Var | Lit))
    (t,) = infer(o, tuple(atoms), form)
    for _ in range(4):
        sizes = random_sizes(rng)
        values = {a: a.value if isinstance(a, Lit) else random_value(rng, a.type, sizes) for a in atoms}
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                args, named = fill(form, [values[a] for a in atoms])
                result = o.function(*args, **named)
        except (TypeError, ValueError, IndexError, ArithmeticError, np.exceptions.AxisError):
            continue
        wrong = facts_hold(t, result, sizes)
        if wrong:
            return f"{o}{operands} {kwargs} {[a.type for a in atoms]} at {sizes}: {wrong}"
    return ""


def test_inference_never_claims_a_wrong_fact():
    wrong = [text for seed in range(600) if (text := prove_wrong(seed))]
    assert not wrong, f"{len(wrong)} wrong:\n" + "\n".join(wrong[:12])


def test_an_unknown_dtype_is_not_float64():
    """(`np.dtype(float) == None` is true.)"""
    a, b = Type("array", None, ()), Type("array", np.dtype(float), ())
    assert a != b and not equivalent(a, b) and not b.has_dtype_of(a)
    assert join(a, b).dtype is None is join(b, a).dtype


def test_join_holds_both():
    rng = random.Random(0)
    for _ in range(400):
        a, b = random_type(rng), random_type(rng)
        both = join(a, b)
        assert equivalent(both, join(b, a)), (a, b)
        assert equivalent(join(both, a), both), (a, b)
        sizes = random_sizes(rng)
        for t in (a, b):
            if both.kind in ("unknown", t.kind) and both.shape is not None:
                shape = np.shape(random_value(rng, t, sizes))
                assert len(shape) == len(both.shape)
                assert all(extent(d, sizes) == s for d, s in zip(both.shape, shape, strict=True)
                           if d.size is None or d.size in sizes)


def test_join_of_kinds():
    assert join(INT, FLOAT) == FLOAT
    assert join(FLOAT, NEVER) == FLOAT
    assert join(FLOAT, array("f8", 3)).kind == "unknown"
    assert join(OBJECT, FLOAT).optional
    assert join(integer(Dim(N)), integer(Dim(N))) == integer(Dim(N))
    assert join(integer(Dim(N)), integer(Dim(M))) == INT
    assert join(array("f8", Dim(N)), array("i8", Dim(N))).dtype is None
    assert join(array("f8", Dim(N)), array("f8", Dim(N), 2)).shape is None


def test_equivalent_ignores_only_names_of_sizes():
    assert equivalent(array("f8", fresh()), array("f8", fresh()))
    assert not equivalent(array("f8", fresh()), array("f8", fresh(many=True)))
    assert not equivalent(array("f8", fresh()), array("f8", 3))
    assert not equivalent(array("f8", fresh()), array("f4", fresh()))
    assert not equivalent(FLOAT, UNKNOWN)


def test_broadcast_uses_that_the_operation_succeeded():
    n, m, k = Dim(N), Dim(M), Dim(K)
    assert broadcast([(n,), ()]) == (n,)
    assert broadcast([(n,), (ONE,)]) == (n,)
    assert broadcast([(n, ONE), (m,)]) == (n, m)
    assert broadcast([(n,), (k,)]) == (n,)
    (unknown,) = broadcast([(k,), (Dim(K, -2),)])
    assert unknown not in (k, Dim(K, -2))
    assert not unknown.not_one
    assert broadcast([(n,), (Dim(None, 3),)]) == (Dim(None, 3),)


@pytest.mark.parametrize("value", [True, 3, 0.5, 1j, np.float32(2), np.ones((2, 3), "i4"), [1.0, 2.0], "text", None])
def test_type_of_a_value_holds(value):
    assert not facts_hold(type_of(value), value, {})
