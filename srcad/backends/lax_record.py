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
        result: Value = call(Line("method", "astype", (self, dtype)), lambda x, d: x.astype(d))
        return result

    def reshape(self, *shape: Any) -> Any:
        wanted = shape[0] if len(shape) == 1 and isinstance(shape[0], tuple | list) else shape
        return reshape(self, tuple(wanted))

    def ravel(self) -> Any:
        return self.reshape(-1)

    @property
    def real(self) -> Any:
        return self if self.dtype.kind != "c" else call(Line("attribute", "real", (self,)), lambda x: x.real)

    def __getattr__(self, name: str) -> Any:
        if name in _ATTRIBUTES:
            return call(Line("attribute", name, (self,)), lambda x: getattr(x, name))
        if name.startswith("_") or not hasattr(lax_ops.Array, name):
            raise AttributeError(f"an array has no {name}")
        return lambda *args, **kwargs: call(Line("method", name, (self, *args), kwargs),
                                             lambda x, *a, **k: getattr(x, name)(*a, **k))

    def __getitem__(self, index: Any) -> Any:
        return call(Line("index", "", (self, index)), operator.getitem)

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
    return lambda a, b: call(Line("operator", symbol, (a, b)), function)


def _reflected(symbol: str, function: Any) -> Any:
    return lambda a, b: call(Line("operator", symbol, (b, a)), function)


def _unary(symbol: str, function: Any) -> Any:
    return lambda a: call(Line("operator", symbol, (a,)), function)


_operators()


class _At:
    """`x.at[index].set(value)`."""

    def __init__(self, array: Value, index: Any = None) -> None:
        self.array, self.index = array, index

    def __getitem__(self, index: Any) -> _At:
        return _At(self.array, index)

    def __getattr__(self, name: str) -> Any:
        def update(value: Any, **kwargs: Any) -> Any:
            return call(Line("at", name, (self.array, self.index, value), kwargs),
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
class For:
    """`lax.fori_loop`."""

    carries: list[Carried]
    index: Value
    start: int
    stop: Any                          # an int, or a Value
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


Step = Line | Scan | For | While | Cond
Block = list[Step]


class _Recording(threading.local):
    def __init__(self) -> None:
        self.block: Block | None = None
        self.span: Span | None = None
        self.constants: dict[Value, np.ndarray] = {}
        self.rooms: dict[Value, Any] = {}
        self.sums: dict[Value, Line] = {}
        self.not_negative: set[Value] = set()
        # What the lines of the block and of those around it computed.
        self.computed: list[dict[Any, Any]] = []


_now = _Recording()


@contextlib.contextmanager
def recording(kept: bool = False) -> Iterator[Block]:
    """What is computed within goes into the block that this gives; `kept`: more of the program recorded last."""
    outer, outer_span = _now.block, _now.span
    if outer is None and not kept:
        _now.constants, _now.rooms, _now.sums, _now.not_negative = {}, {}, {}, set()
    block: Block = []
    _now.block = block
    _now.computed.append({})
    try:
        yield block
    finally:
        _now.computed.pop()
        _now.block, _now.span = outer, outer_span


def note_span(span: Span | None) -> None:
    """The next lines come from there."""
    if span is not None:
        _now.span = span


def append(step: Step) -> None:
    assert _now.block is not None, "nothing is being recorded"
    step.span = _now.span
    _now.block.append(step)


def put(block: Block) -> None:
    """All the steps of a block, here."""
    assert _now.block is not None, "nothing is being recorded"
    _now.block.extend(block)


def meant(value: Value) -> Value:
    """What `value` stands for."""
    while value.stands_for is not None:
        value = value.stands_for
    return value


# --- calls

def call(line: Line, function: Callable[..., Any]) -> Any:
    """Record a call; its result has the shape and type that JAX finds.  What was computed before is that."""
    identity = _identity((line.kind, line.function, line.args, line.kwargs))
    for known in reversed(_now.computed):
        if identity in known:
            return known[identity]
    result = _abstract(line, function)
    leaves, structure = lax_ops.flatten(result)
    line.outs = tuple(Value(a.shape, a.dtype, bool(getattr(a, "weak_type", False))) for a in leaves)
    append(line)
    if line.kind == "operator" and line.function in ("+", "-") and isinstance(line.args[1], int | np.integer):
        _now.sums[line.outs[0]] = line
    made = lax_ops.unflatten(structure, line.outs)
    if identity is not None and _now.computed:
        _now.computed[-1][identity] = made
    return made


def _identity(x: Any) -> Any:
    """Equal for equal arguments; None if that can't be said."""
    if isinstance(x, Value):
        return meant(x)
    if isinstance(x, tuple | list):
        parts = tuple([_identity(i) for i in x])
        return None if any(p is None for p in parts) else (type(x), parts)
    if isinstance(x, dict):
        return _identity(tuple(x.items()))
    if isinstance(x, slice):
        return _identity(("slice", x.start, x.stop, x.step))
    if x is None or isinstance(x, str | bool | int | float | complex | np.generic | np.dtype | type):
        return type(x), repr(x)
    return ("...",) if x is Ellipsis else None


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


def affine(value: Value) -> tuple[Value, int]:
    """`(base, k)` for an int that is `base + k`."""
    value, total = meant(value), 0
    while (line := _now.sums.get(value)) is not None and isinstance(line.args[0], Value):
        total += int(line.args[1]) if line.function == "+" else -int(line.args[1])
        value = meant(line.args[0])
    return value, total


def note_not_negative(value: Value) -> None:
    _now.not_negative.add(value)


def is_not_negative(value: Value) -> bool:
    """Is this int known not to be negative?"""
    return any(meant(v) is meant(value) for v in _now.not_negative) if value not in _now.not_negative else True


def step_of(before: Value, after: Value) -> int | None:
    """`k` if `after` is `before + k` of ints."""
    line = _now.sums.get(after)
    if line is None or line.function != "+" or not isinstance(line.args[0], Value) or meant(line.args[0]) is not before:
        return None
    return int(line.args[1])


def is_array(value: object) -> bool:
    """Is this an array of the program, or one that JAX has computed?"""
    return isinstance(value, Value | lax_ops.Array)


def note_room(count: Value, room: Any) -> None:
    """Remember how much room there is for that many."""
    _now.rooms[meant(count)] = room


def room_of(count: Value) -> Any:
    return _now.rooms.get(meant(count))


def reshape(x: Value, shape: Any, order: str = "C") -> Any:
    shape = (shape,) if isinstance(shape, int | np.integer) else tuple(shape)
    if shape == x.shape or shape == (-1,) and x.ndim == 1:
        return x
    return call(Line("method", "reshape", (x, shape), {} if order == "C" else {"order": order}),
                 lambda x, s, **k: x.reshape(s, **k))
