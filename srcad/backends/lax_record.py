"""Recording: what a program does with `jax.numpy`, written down.

`jnp`, `lax` and `jsp` here stand for the modules of JAX.  Their functions take and give `Value`s, arrays of which the
shape and the type are known, and each call is a line of the program that is being recorded:

    with recording() as block:
        y = jnp.tanh(x) * 2.0         ->       t = jnp.tanh(x)
                                               y = t * 2.0

So code that computes with arrays of JAX makes source text of itself (see `lax_text`).  A loop or a branch is recorded
with its own block, whose lines may read the values around it.
"""

from __future__ import annotations

import contextlib
import operator
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import numpy as np

from srcad.backends import lax_ops
from srcad.backends.lax_ops import ShapeDtype, Translation
from srcad.errors import Span

_serials = count()
_ATTRIBUTES = frozenset({"T", "mT", "imag"})


class NotKnown(TypeError):
    """Python asks for the value of an array that is only known when the program runs."""


class Value:
    """An array of the program: its shape and type, and a hint for its name."""

    __slots__ = ("dtype", "hint", "serial", "shape", "stands_for", "weak_type")
    __array_ufunc__ = None          # NumPy's numbers leave operators to us

    def __init__(self, shape: tuple[int, ...], dtype: Any, weak_type: bool = False, hint: str = "") -> None:
        self.shape, self.dtype, self.weak_type, self.hint = tuple(shape), np.dtype(dtype), weak_type, hint
        self.serial = next(_serials)
        self.stands_for: Value | None = None

    def __repr__(self) -> str:
        return f"{self.hint or '_'}.{self.serial}: {self.dtype}{list(self.shape)}"

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return int(np.prod(self.shape, dtype=int))

    @property
    def at(self) -> _At:
        return _At(self)

    def astype(self, dtype: Any) -> Value:
        dtype = np.dtype(dtype)
        if dtype == self.dtype and not self.weak_type:
            return self
        constant = constant_of(self)
        if constant is not None and constant.dtype.kind <= dtype.kind:
            return constant_value(constant.astype(dtype))
        result: Value = _call(Line("method", "astype", (self, dtype)), lambda x, d: x.astype(d))
        return result

    def reshape(self, *shape: Any) -> Any:
        wanted = shape[0] if len(shape) == 1 and isinstance(shape[0], tuple | list) else shape
        return jnp.reshape(self, tuple(wanted))

    def ravel(self) -> Any:
        return self.reshape(-1)

    @property
    def real(self) -> Any:
        return self if self.dtype.kind != "c" else _call(Line("attribute", "real", (self,)), lambda x: x.real)

    def __getattr__(self, name: str) -> Any:
        if name in _ATTRIBUTES:
            return _call(Line("attribute", name, (self,)), lambda x: getattr(x, name))
        if name.startswith("_") or not hasattr(lax_ops.Array, name):
            raise AttributeError(f"an array has no {name}")
        return lambda *args, **kwargs: _call(Line("method", name, (self, *args), kwargs),
                                             lambda x, *a, **k: getattr(x, name)(*a, **k))

    def __getitem__(self, index: Any) -> Any:
        return _call(Line("index", "", (self, index)), operator.getitem)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of an array of rank 0")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        return iter([self[i] for i in range(len(self))])

    def _not_known(self, *_: Any) -> Any:
        raise NotKnown("a value that is only known when the program runs is needed to compile it")

    __bool__ = __int__ = __float__ = __complex__ = __index__ = __array__ = _not_known
    __hash__ = object.__hash__


def _operators() -> None:
    symbols = {"add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%", "pow": "**",
               "and": "&", "or": "|", "xor": "^", "lshift": "<<", "rshift": ">>", "matmul": "@",
               "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}
    for name, symbol in symbols.items():
        function = getattr(operator, f"__{name}__")
        setattr(Value, f"__{name}__", _binary(symbol, function))
        setattr(Value, f"__r{name}__", _reflected(symbol, function))
    for name, symbol in {"neg": "neg", "pos": "pos", "invert": "invert", "abs": "abs"}.items():
        setattr(Value, f"__{name}__", _unary(symbol, getattr(operator, f"__{name}__")))


def _binary(symbol: str, function: Any) -> Any:
    return lambda a, b: _call(Line("operator", symbol, (a, b)), function)


def _reflected(symbol: str, function: Any) -> Any:
    return lambda a, b: _call(Line("operator", symbol, (b, a)), function)


def _unary(symbol: str, function: Any) -> Any:
    return lambda a: _call(Line("operator", symbol, (a,)), function)


_operators()


class _At:
    """`x.at[index].set(value)`."""

    def __init__(self, array: Value, index: Any = None) -> None:
        self.array, self.index = array, index

    def __getitem__(self, index: Any) -> _At:
        return _At(self.array, index)

    def __getattr__(self, name: str) -> Any:
        def update(value: Any, **kwargs: Any) -> Any:
            return _call(Line("at", name, (self.array, self.index, value), kwargs),
                         lambda x, i, v, **k: getattr(x.at[i], name)(v, **k))

        return update


# --- lines of the program

@dataclass(eq=False)
class Line:
    """`outs = …`: a call of `function`, spelled as `kind` says."""

    kind: str                          # call, method, attribute, operator, index, at, constant, print, comment
    function: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)
    outs: tuple[Value, ...] = ()
    span: Span | None = None

    @property
    def has_effect(self) -> bool:
        return self.kind in ("print", "comment")


@dataclass(eq=False)
class Carried:
    """`out` is `init` after no trip; in a trip `param` is the value so far and `next` the value after it."""

    out: Value
    param: Value
    init: Value
    next: Value
    asked: Value | None = None         # what the test of a `while_loop` calls it


@dataclass(eq=False)
class Scan:
    """`lax.scan`: a trip takes a row of each source and gives a row of each of `rows`."""

    carries: list[Carried]
    sources: list[tuple[Value, Value]]            # the row, the array
    rows: list[tuple[Value, Value]]               # the array, the row
    length: int
    reverse: bool
    block: Block
    span: Span | None = None


@dataclass(eq=False)
class While:
    """`lax.while_loop`."""

    carries: list[Carried]
    test: Block
    going: Value
    block: Block
    span: Span | None = None


@dataclass(eq=False)
class Cond:
    """`lax.cond`; `choices` are (out, then, orelse)."""

    test: Value
    then: Block
    orelse: Block
    choices: list[tuple[Value, Value, Value]]
    span: Span | None = None


Step = Line | Scan | While | Cond
Block = list[Step]


class _Recording(threading.local):
    def __init__(self) -> None:
        self.block: Block | None = None
        self.span: Span | None = None
        self.constants: dict[Value, np.ndarray] = {}


_now = _Recording()


@contextlib.contextmanager
def recording() -> Iterator[Block]:
    """What is computed within goes into the block that this gives."""
    outer, outer_span = _now.block, _now.span
    if outer is None:
        _now.constants = {}
    _now.block = block = []
    try:
        yield block
    finally:
        _now.block, _now.span = outer, outer_span


def note_span(span: Span | None) -> None:
    """The next lines come from there."""
    if span is not None:
        _now.span = span


def append(step: Step) -> None:
    assert _now.block is not None, "nothing is being recorded"
    step.span = _now.span
    _now.block.append(step)


# --- calls

def _call(line: Line, function: Callable[..., Any]) -> Any:
    """Record a call; its result has the shape and type that JAX finds."""
    result = _abstract(line, function)
    leaves, structure = lax_ops.flatten(result)
    line.outs = tuple(Value(a.shape, a.dtype, bool(getattr(a, "weak_type", False))) for a in leaves)
    append(line)
    return lax_ops.unflatten(structure, line.outs)


_results: dict[Any, Any] = {}
_MOST_RESULTS = 4096


def _abstract(line: Line, function: Callable[..., Any]) -> Any:
    values: list[Value] = []
    key: Any = (line.kind, line.function, _shape_of(line.args, values), _shape_of(line.kwargs, values))
    try:
        known = _results.get(key)
    except TypeError:
        key, known = None, None
    if known is None:
        def run(*arrays: Any) -> Any:
            source = iter(arrays)
            args = map_values(lambda _: next(source), line.args)
            return function(*args, **map_values(lambda _: next(source), line.kwargs))

        structs = [lax_ops.struct(v.shape, v.dtype, v.weak_type) for v in values]
        known = lax_ops.eval_shape(run, *structs)
        if key is not None:
            if len(_results) > _MOST_RESULTS:
                _results.clear()
            _results[key] = known
    return known


def _shape_of(x: Any, values: list[Value]) -> Any:
    """A key for all of `x` but the identity of its Values, which are added to `values`."""
    if isinstance(x, Value):
        values.append(x)
        return Value, x.shape, x.dtype, x.weak_type
    if isinstance(x, tuple | list):
        return type(x), tuple([_shape_of(i, values) for i in x])
    if isinstance(x, dict):
        return tuple([(k, _shape_of(v, values)) for k, v in x.items()])
    if isinstance(x, slice):
        return slice, _shape_of((x.start, x.stop, x.step), values)
    if isinstance(x, bool | int | float | complex | np.generic):
        # Only the shape of a zero-rank constant matters, but for ints, which may be axes and sizes.
        return type(x), x if isinstance(x, bool | int | np.integer) else repr(x)
    return x


def map_values(f: Callable[[Value], Any], x: Any) -> Any:
    """`x` with `f` of its Values."""
    if isinstance(x, Value):
        return f(x)
    if type(x) in (tuple, list):
        return type(x)([map_values(f, i) for i in x])
    if isinstance(x, dict):
        return {k: map_values(f, v) for k, v in x.items()}
    if isinstance(x, slice):
        return slice(*(map_values(f, b) for b in (x.start, x.stop, x.step)))
    return x


def values_in(x: Any) -> list[Value]:
    found: list[Value] = []
    map_values(found.append, x)
    return found


def constant_value(constant: Any) -> Value:
    """A constant as an array of the program."""
    array = np.asarray(constant)
    if array.dtype.kind not in "biufc":
        raise OverflowError(f"{constant!r} has no type of JAX")
    value = Value(array.shape, array.dtype)
    append(Line("constant", "", (array,), outs=(value,)))
    _now.constants[value] = array
    return value


def constant_of(value: Value) -> np.ndarray | None:
    return _now.constants.get(value)


def is_array(value: object) -> bool:
    """Is this an array of the program, or one that JAX has computed?"""
    return isinstance(value, Value | lax_ops.Array)


def debug_print(template: str, *values: Any) -> None:
    append(Line("print", "jax.debug.print", (template, *values), {"ordered": True}))


def comment(text: str) -> None:
    append(Line("comment", text, ()))


# --- blocks

def staged_block(function: Callable[..., list[Value]], like: list[Any]) -> tuple[Block, list[Value], list[Value]]:
    """Record `function` of new Values: the block, these, and what it returned."""
    params = [Value(a.shape, a.dtype, hint=getattr(a, "hint", "")) for a in like]
    with recording() as block:
        results = function(*params)
    return block, params, results


def splice(block: Block, params: list[Value], arguments: list[Value]) -> None:
    """The lines of a block that was recorded for `params`, here and for `arguments`.  Once."""
    for param, argument in zip(params, arguments, strict=True):
        assert param.stands_for is None, "a block is used once"
        param.stands_for = argument
        if not argument.hint:
            argument.hint = param.hint
    assert _now.block is not None
    _now.block.extend(block)


def meant(value: Value) -> Value:
    """What `value` stands for."""
    while value.stands_for is not None:
        value = value.stands_for
    return value


def _carried(params: list[Value], inits: list[Value], after: list[Value]) -> tuple[list[Carried], list[Value]]:
    """What a loop carries, and the values after it; what no trip changes is not carried."""
    carries, results = [], []
    for param, init, new in zip(params, inits, after, strict=True):
        if meant(new) is param:
            param.stands_for = init
            init.hint = init.hint or param.hint
            results.append(init)
        else:
            carries.append(Carried(Value(init.shape, init.dtype, hint=param.hint), param, init, new))
            results.append(carries[-1].out)
    return carries, results


def scan(function: Callable[..., Any], inits: list[Value], sources: list[Value], length: int,
         reverse: bool) -> tuple[list[Value], list[Value]]:
    """`function(carried, rows)` gives `(carried, new rows)`; returns what is carried at the end, and the new arrays."""
    params = [Value(v.shape, v.dtype) for v in inits]
    rows = [Value(s.shape[1:], s.dtype) for s in sources]
    with recording() as block:
        after, written = function(params, rows)
    carries, results = _carried(params, inits, after)
    arrays = [Value((length, *r.shape), r.dtype) for r in written]
    append(Scan(carries, list(zip(rows, sources, strict=True)), list(zip(arrays, written, strict=True)), length,
                reverse, block))
    return results, arrays


def while_loop(going: Callable[..., Value], function: Callable[..., list[Value]], inits: list[Value]) -> list[Value]:
    params = [Value(v.shape, v.dtype, hint=v.hint) for v in inits]
    with recording() as block:
        after = function(params)
    carries, results = _carried(params, inits, after)
    by_param = {c.param: c for c in carries}
    asked = [Value(p.shape, p.dtype, hint=p.hint) if p in by_param else i for p, i in zip(params, inits, strict=True)]
    for a, p in zip(asked, params, strict=True):
        if p in by_param:
            by_param[p].asked = a
    with recording() as test:
        goes_on = going(asked)
    append(While(carries, test, goes_on, block))
    return results


def cond(test: Value, then: Callable[[], list[Value]], orelse: Callable[[], list[Value]]) -> list[Value]:
    with recording() as yes:
        first = then()
    with recording() as no:
        second = orelse()
    made = [(a if meant(a) is meant(b) else Value(a.shape, a.dtype), a, b) for a, b in zip(first, second, strict=True)]
    append(Cond(test, yes, no, [c for c in made if c[0] is not c[1]]))
    return [out for out, _, _ in made]


# --- the modules

class _Recorded:
    """A function of JAX that records its calls."""

    def __init__(self, path: str, function: Any) -> None:
        self.path, self.function = path, function
        self.__name__ = path.rpartition(".")[2]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return _call(Line("call", self.path, args, kwargs), self.function)


class _Module:
    """A module of JAX; what is computed without arrays (shapes, types) is not recorded."""

    def __init__(self, path: str, module: Any, own: dict[str, Any] | None = None) -> None:
        self._path, self._module, self._own = path, module, own or {}

    def __getattr__(self, name: str) -> Any:
        if name in self._own:
            return self._own[name]
        found = getattr(self._module, name)
        if isinstance(found, type) or not callable(found):
            made: Any = _Module(f"{self._path}.{name}", found) if isinstance(found, type(np)) else found
        else:
            made = _Recorded(f"{self._path}.{name}", found)
        self.__dict__[name] = made
        return made


def _asarray(x: Any, dtype: Any = None, **_: Any) -> Any:
    if not isinstance(x, Value):
        if values_in(x):
            return _stacked(x, dtype)
        return constant_value(np.asarray(x) if dtype is None else np.asarray(x).astype(dtype))
    return x if dtype is None else x.astype(dtype)


def _stacked(x: Any, dtype: Any) -> Any:
    result = _call(Line("call", "jnp.asarray", (x,)), lax_ops.numpy.asarray)
    return result if dtype is None else result.astype(dtype)


def _result_type(*args: Any) -> np.dtype:
    return np.dtype(lax_ops.numpy.result_type(*(a.dtype if isinstance(a, Value) else a for a in args)))


def _convert(x: Any, dtype: Any) -> Any:
    return _asarray(x).astype(dtype)


def _integer_pow(x: Any, exponent: int) -> Any:
    return _call(Line("operator", "**", (x, exponent)), operator.pow)


def _reshape(x: Any, shape: Any, order: str = "C") -> Any:
    x = _asarray(x)
    shape = (shape,) if isinstance(shape, int | np.integer) else tuple(shape)
    if shape == x.shape or shape == (-1,) and x.ndim == 1:
        return x
    return _call(Line("method", "reshape", (x, shape), {} if order == "C" else {"order": order}),
                 lambda x, s, **k: x.reshape(s, **k))


def _broadcast_to(x: Any, shape: Any) -> Any:
    x = _asarray(x)
    shape = (shape,) if isinstance(shape, int | np.integer) else tuple(shape)
    return x if shape == x.shape else _call(Line("call", "jnp.broadcast_to", (x, shape)), lax_ops.numpy.broadcast_to)


def _transpose(x: Any, axes: Any = None) -> Any:
    x = _asarray(x)
    if axes is None:
        return x if x.ndim < 2 else x.T
    return _call(Line("call", "jnp.transpose", (x, axes)), lax_ops.numpy.transpose)


def _conj(x: Any) -> Any:
    x = _asarray(x)
    return x if x.dtype.kind != "c" else _call(Line("call", "jnp.conj", (x,)), lax_ops.numpy.conj)


def _full_of(value: int) -> Callable[..., Any]:
    def filled(x: Any, dtype: Any = None, shape: Any = None) -> Any:
        made = jnp.ones if value else jnp.zeros
        return made(np.shape(x) if shape is None else shape, _result_type(x) if dtype is None else dtype)

    return filled


# What is known without running: shapes and types.
_KNOWN: dict[str, Any] = {
    "shape": np.shape, "ndim": np.ndim, "result_type": _result_type, "isscalar": lambda x: np.ndim(x) == 0,
    "size": lambda x, axis=None: int(np.prod(np.shape(x), dtype=int)) if axis is None else np.shape(x)[axis],
    "iscomplexobj": lambda x: _result_type(x).kind == "c", "isrealobj": lambda x: _result_type(x).kind != "c",
    "issubdtype": np.issubdtype, "promote_types": np.promote_types, "broadcast_shapes": np.broadcast_shapes,
    "dtype": np.dtype, "iinfo": np.iinfo, "finfo": np.finfo,
}
# What leaves an array as it is, for some arrays.
_SIMPLE: dict[str, Any] = {
    "asarray": _asarray, "array": _asarray, "zeros_like": _full_of(0), "ones_like": _full_of(1), "reshape": _reshape,
    "ravel": lambda x: _reshape(x, (-1,)), "broadcast_to": _broadcast_to, "transpose": _transpose, "conj": _conj,
    "conjugate": _conj, "real": lambda x: _asarray(x).real,
}
jnp: Any = _Module("jnp", lax_ops.numpy, {**_KNOWN, **_SIMPLE})
lax: Any = _Module("lax", lax_ops.lax, {"convert_element_type": _convert, "integer_pow": _integer_pow})
jsp: Any = _Module("jax.scipy.special", lax_ops.special)
RECORDED = Translation(jnp, jsp, (Value, np.ndarray))
attribute, math_function, under_jax = lax_ops.attribute, RECORDED.math_function, RECORDED.function
__all__ = ["ShapeDtype", "attribute", "math_function", "under_jax"]
