"""Types and values of operations under XLA are those of NumPy: operators and functions, for operands of all kinds."""

from __future__ import annotations

import operator as op
from typing import Any

import jax
import numpy as np
import pytest

import srcad
from srcad.backends.lax import Compiled, compiled
from srcad.ir import Builder, Func, Param, Var, op_of
from srcad.ir.types import BOOL
from srcad.program.signature import Describe

OPERATORS = (op.add, op.sub, op.mul, op.truediv, op.floordiv, op.mod, op.pow, op.and_, op.or_, op.xor, op.lshift,
             op.rshift, op.lt, op.le, op.gt, op.ge, op.eq, op.ne)
BINARY = (*OPERATORS, np.fmod, np.float_power, np.maximum, np.fmin, np.arctan2, np.hypot, np.logaddexp, np.copysign,
          np.heaviside, np.gcd, np.logical_and, np.floor_divide, np.power, np.equal)
UNARY = (op.neg, op.invert, op.abs, np.sqrt, np.exp, np.log, np.sin, np.arctan, np.tanh, np.floor, np.ceil, np.trunc,
         np.rint, np.sign, np.square, np.conj, np.real, np.imag, np.angle, np.isnan, np.isfinite, np.signbit,
         np.logical_not, np.sinc, np.sum, np.prod, np.mean, np.var, np.std, np.max, np.argmin, np.cumsum, np.cumprod,
         np.any, np.all, np.sort, np.diff, np.ptp, np.count_nonzero)
UNORDERED = (np.argmin, np.ptp, np.max, np.sort)  # of complex numbers: refused
TYPES = ("?", "i1", "u1", "i4", "i8", "u8", "f4", "f8", "c8", "c16")
NUMBERS = (True, 3, -2, 2.5, 1.5 + 0.5j)
# Zeros divide, both signs meet, and powers are of all kinds.
FIRST = {"b": [True, False, True, False], "i": [7, -7, 3, -2], "u": [7, 5, 3, 2], "f": [7.5, -7.5, 0.25, -2.0],
         "c": [1 + 2j, -1.5j, 0.0, -2 - 1j]}
SECOND = {"b": [True, True, False, False], "i": [2, 3, -2, 0], "u": [2, 3, 2, 0], "f": [2.0, -3.0, np.inf, 0.0],
          "c": [2, 3j, 2.5, 1 - 1j]}


def array(values: dict[str, Any], dtype: str) -> np.ndarray:
    return np.array(values[np.dtype(dtype).kind], dtype)


def all_calls(functions, operands):
    """A program that makes every call that NumPy can make, with its inputs and NumPy's results."""
    describe = Describe()
    inputs = [Var(f"x{k}", BOOL if isinstance(v, bool) else describe.type_of(v)) for k, v in enumerate(operands)]
    build, outputs, expected = Builder(None), [], {}
    others = range(1, len(operands)) or [None]
    for k in others:
        given = [operands[0]] if k is None else [operands[0], operands[k]]
        for f in functions:
            try:
                with np.errstate(all="ignore"):
                    result = f(*given)
            except (TypeError, ValueError, OverflowError):
                continue
            if f in UNORDERED and np.iscomplexobj(given[0]):
                continue
            outputs.append(build.call(op_of(f), *(inputs[j] for j in ([0] if k is None else [0, k]))))
            expected[f"{op_of(f).name} of {', '.join(map(describe_operand, given))}"] = result
    func = Func("calls", tuple(Param(v.hint, v) for v in inputs), build.block, tuple(outputs))
    return compiled(func), operands, expected


def describe_operand(x: Any) -> str:
    return str(x.dtype) if isinstance(x, np.ndarray) else repr(x)


def assert_types(program: Compiled, operands: Any, expected: dict[str, Any]) -> None:
    """Nothing is compiled for that."""
    found = program.outlines(*operands)
    wrong = [f"{name}: {got.dtype}, not {np.asarray(want).dtype}"
             for got, (name, want) in zip(found, expected.items(), strict=True)
             if got.dtype != np.asarray(want).dtype or got.shape != np.shape(want)]
    assert not wrong, "\n".join(wrong)


def assert_values(program: Compiled, operands: Any, expected: dict[str, Any]) -> None:
    for got, (name, want) in zip(program(*operands), expected.items(), strict=True):
        assert type(got) is type(want) and np.asarray(got).dtype == np.asarray(want).dtype, name
        exact = np.asarray(want).dtype.kind not in "fc"
        tolerance = 0 if exact else 20 * float(np.finfo(np.asarray(want).dtype).eps)
        np.testing.assert_allclose(got, want, tolerance, tolerance, err_msg=name)


@pytest.mark.parametrize("dtype", TYPES)
def test_types(dtype):
    operands = [array(FIRST, dtype), *(array(SECOND, other) for other in TYPES), *NUMBERS]
    assert_types(*all_calls(OPERATORS, operands))
    assert_types(*all_calls(BINARY[len(OPERATORS):], operands[:1] + operands[4::3]))
    assert_types(*all_calls(UNARY, [array(FIRST, dtype)]))


@pytest.mark.parametrize(("dtype", "other"), [("i4", "i4"), ("u1", "i8"), ("f4", "f8"), ("?", "u1"), ("c16", "f4")])
def test_values(dtype, other):
    assert_values(*all_calls(BINARY, [array(FIRST, dtype), array(SECOND, other)]))


@pytest.mark.parametrize("dtype", ["i1", "f4", "c16"])
def test_values_with_numbers(dtype):
    assert_values(*all_calls((op.add, op.truediv, op.floordiv, op.mod, op.pow, op.lt), [array(FIRST, dtype), *NUMBERS]))


@pytest.mark.parametrize("number", [-7, 2.5])
def test_values_of_numbers(number):
    assert_values(*all_calls(OPERATORS, [number, 2, -3, 2.5]))


@pytest.mark.parametrize("dtype", ["i1", "f4", "c16"])
def test_values_of_functions(dtype):
    assert_values(*all_calls(UNARY, [array(FIRST, dtype)]))


def mixed(x, n, scale):
    y = x // 2 + n % 3
    z = np.where(y > 1, y ** 2, -y) * scale
    return np.sum(z / 3) + np.mean(x) * n


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("dtype", ["f8", "f4"])
def test_the_setting_of_the_user_has_no_say(enabled, dtype):
    x = np.linspace(0.1, 5.0, 4).astype(dtype)
    with jax.enable_x64(enabled):
        got, want = srcad.jit(mixed)(x, 5, 2), mixed(x, 5, 2)
        assert type(got) is type(want) and np.isclose(got, want)
        gradient = srcad.grad(mixed, backend="xla")(x, 5, 2)
        assert gradient.dtype == dtype and np.allclose(gradient, srcad.grad(mixed)(x, 5, 2))
        assert jax.config.jax_enable_x64 == enabled
