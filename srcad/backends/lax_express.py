"""Lines of a recorded program as expressions."""

from __future__ import annotations

import ast
import math
from typing import Any

import numpy as np

from srcad.backends.expressions import BINARY, COMPARE, UNARY
from srcad.backends.lax_record import Line, Step, Value, values_in
from srcad.backends.references import OF_PI, References, call, dotted, name, of_pi

# Functions in which a Python number takes the type of the arrays beside it.
_WEAK = frozenset({"jnp.where", "jnp.maximum", "jnp.minimum", "jnp.power", "jnp.arctan2", "jnp.hypot", "jnp.add",
                   "jnp.subtract", "jnp.multiply", "jnp.true_divide", "jnp.divide", "jnp.less", "jnp.greater",
                   "jnp.less_equal", "jnp.greater_equal", "jnp.equal", "jnp.not_equal"})


class Expressions:
    def __init__(self, references: References, names: dict[Value, str], inlined: dict[Value, Line]) -> None:
        self.references, self.names, self.inlined = references, names, inlined

    def value(self, value: Value) -> ast.expr:
        if value in self.names:
            return name(self.names[value])
        line = self.inlined[value]
        return self.typed(line.args[0]) if line.kind == "constant" else self.line(line)

    def typed(self, constant: np.ndarray) -> ast.expr:
        """A constant of exactly its type."""
        if constant.ndim:
            return self.array(constant)
        dtype = constant.dtype
        if dtype.kind == "b":
            return call(dotted("jnp.bool_"), ast.Constant(bool(constant)))
        return call(dotted(f"jnp.{dtype.name}"), self.constant(constant.item()))

    def array(self, constant: np.ndarray) -> ast.expr:
        dtype = self.constant(constant.dtype)
        n = constant.size
        if constant.ndim == 1 and n > 1 and constant.dtype.kind == "i" and np.array_equal(
                constant, np.arange(constant[0], constant[0] + n)):
            bounds = [int(constant[0]), int(constant[0]) + n] if constant[0] else [n]
            return call(dotted("jnp.arange"), *map(self.constant, bounds), dtype=dtype)
        return call(dotted("jnp.array"), self.constant(constant.tolist()), dtype=dtype)

    def line(self, line: Line) -> ast.expr:
        args = [self.argument(a, line) for a in line.args] if line.kind not in ("index", "at") else []
        if line.kind in ("method", "attribute"):
            args[0] = self.value(line.args[0])
        named = {k: self.argument(v, line) for k, v in line.kwargs.items()}
        match line.kind:
            case "operator" if len(args) == 1:
                symbol = line.function
                return call(name("abs"), *args) if symbol == "abs" else ast.UnaryOp(UNARY[symbol](), args[0])
            case "operator":
                if line.function in COMPARE:
                    return ast.Compare(args[0], [COMPARE[line.function]()], [args[1]])
                return ast.BinOp(args[0], BINARY[line.function](), args[1])
            case "attribute":
                return ast.Attribute(args[0], line.function, ast.Load())
            case "method":
                return call(ast.Attribute(args[0], line.function, ast.Load()), *args[1:], **named)
            case "index":
                return self._subscript(self.value(line.args[0]), line.args[1], line)
            case "at":
                array, index, value = line.args
                at = self._subscript(ast.Attribute(self.value(array), "at", ast.Load()), index, line)
                return call(ast.Attribute(at, line.function, ast.Load()), self.argument(value, line), **named)
            case "constant":
                return self.typed(line.args[0])
            case _:
                return call(dotted(line.function), *args, **named)

    def _subscript(self, x: ast.expr, index: Any, line: Line) -> ast.expr:
        return ast.Subscript(x, self._index(index, line), ast.Load())

    def _index(self, index: Any, line: Line) -> ast.expr:
        if type(index) is tuple and len(index) == 1 and not isinstance(index[0], tuple | list):
            return self._index(index[0], line)
        if type(index) is tuple and index:
            return ast.Tuple([self._index(i, line) for i in index], ast.Load())
        if isinstance(index, slice):
            bounds = (index.start, index.stop, index.step)
            return ast.Slice(*(None if b is None else self.argument(b, line) for b in bounds))
        return self.argument(index, line)

    def argument(self, x: Any, line: Line) -> ast.expr:
        """A part of a call."""
        if isinstance(x, Value):
            inner = self.inlined.get(x)
            if inner is not None and inner.kind == "constant":
                return self._among(inner.args[0], line)
            return self.value(x)
        if type(x) is tuple:
            return ast.Tuple([self.argument(i, line) for i in x], ast.Load())
        if isinstance(x, list):
            return ast.List([self.argument(i, line) for i in x], ast.Load())
        if isinstance(x, slice):
            return call(name("slice"), *(self.argument(b, line) for b in (x.start, x.stop, x.step)))
        if isinstance(x, np.generic) and line.kind in ("operator", "call", "at"):
            return self._among(np.asarray(x), line)
        return self.constant(x)

    def _among(self, constant: np.ndarray, line: Line) -> ast.expr:
        """A constant beside arrays: a plain number, if it takes its type from them."""
        takes = line.kind == "operator" or line.function in _WEAK or (
            line.kind == "at" and line.function in ("set", "add"))
        if not constant.ndim and takes and constant.dtype.kind != "b":
            others = [v for v in values_in(line.args) if v not in self.inlined or self.inlined[v].kind != "constant"]
            if any(v.dtype == constant.dtype for v in others) and _is_plain(constant):
                return self.constant(constant.item())
        return self.typed(constant)

    def constant(self, value: Any) -> ast.expr:
        if isinstance(value, np.dtype) or (isinstance(value, type) and issubclass(value, np.generic)):
            dtype = np.dtype(value)
            return dotted("bool" if dtype.kind == "b" else f"jnp.{dtype.name}")
        if isinstance(value, float) and not isinstance(value, np.generic) and not math.isfinite(value):
            special = dotted("jnp.nan" if math.isnan(value) else "jnp.inf")
            return ast.UnaryOp(ast.USub(), special) if value < 0 else special
        if type(value) is float and abs(value) in OF_PI:
            return of_pi(value, dotted("jnp.pi"))
        if isinstance(value, np.ndarray):
            return self.array(value) if value.ndim else self.typed(value)
        if isinstance(value, list):
            return ast.List([self.constant(v) for v in value], ast.Load())
        if type(value) is tuple:
            return ast.Tuple([self.constant(v) for v in value], ast.Load())
        if isinstance(value, np.generic):
            return self.typed(np.asarray(value))
        return self.references.constant(value)


def _is_plain(constant: np.ndarray) -> bool:
    return bool(np.asarray(constant.item(), constant.dtype) == constant) or bool(constant != constant)


def width_of(step: Step, widths: dict[Value, int]) -> int:
    """About how many columns a step takes; `widths` of what is printed within it."""
    if not isinstance(step, Line):
        return 30
    if step.kind == "constant":
        return 6 + len(step.args[0].shape) * 60
    return len(step.function) + 3 + _width((step.args, tuple(step.kwargs.items())), widths)


def _width(x: Any, widths: dict[Value, int]) -> int:
    if isinstance(x, Value):
        return widths.get(x, len(x.hint) or 2)
    if type(x) in (tuple, list):
        return sum(_width(i, widths) + 2 for i in x)
    if isinstance(x, slice):
        return 1 + sum(_width(b, widths) for b in (x.start, x.stop, x.step) if b is not None)
    return min(len(repr(x)), 24)
