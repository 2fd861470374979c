"""Making programs by running code.

A `Builder` collects statements.  A `Symbol` stands for an atom in ordinary NumPy code: whatever the code does to it is
recorded.  Derivative rules are functions over NumPy, and become program text by being run on symbols:

    build = Builder()
    run(build, lambda y, x: 1 - y * y, y, x)        records   t1 = y * y;  t2 = 1 - t1
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from srcad.errors import Problem, Span, Unsupported
from srcad.ir.core import UNDEF, Atom, Block, Form, Let, Lit, Stmt, Undef, Var, form_of, is_number, map_tree
from srcad.ir.infer import infer
from srcad.ir.ops import Op, define, name_of, op_of
from srcad.ir.types import INT, Dim, Type, integer

OPERATORS: dict[str, Op] = {
    name: define(getattr(operator, name), symbol, elementwise=True)
    for name, symbol in {
        "add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%", "pow": "**",
        "and_": "&", "or_": "|", "xor": "^", "lshift": "<<", "rshift": ">>",
        "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!=",
        "neg": "neg", "pos": "pos", "invert": "invert", "abs": "abs",
    }.items()
}


def _truth_type(*_: Any) -> Type:
    return Lit(True).type


NOT = define(operator.not_, "not", infer=_truth_type)
TRUTH = define(bool, "bool", infer=_truth_type)
AND = define(lambda a, b: a and b, "and", infer=_truth_type)
OR = define(lambda a, b: a or b, "or", infer=_truth_type)
IS = define(operator.is_, "is", infer=_truth_type)
IS_NOT = define(operator.is_not, "is not", infer=_truth_type)


def shape_of(x: Any) -> tuple[int, ...]:
    return np.shape(x)


def extent(x: Any, axis: int) -> int:
    """`x.shape[axis]`."""
    return np.shape(x)[axis]


def _extent_type(x: Any, axis: int) -> Type:
    shape = x.type.shape if isinstance(x, Lit) else x.shape
    return INT if shape is None else integer(shape[axis])


EXTENT = define(extent, "extent", infer=_extent_type, structure=frozenset({"axis"}))
SHAPE = define(np.shape, "np.shape",
               infer=lambda x: Type("object", shape=x.type.shape if isinstance(x, Lit) else x.shape))
RANK = define(np.ndim, "np.ndim", infer=lambda x: integer(Dim(None, x.rank)) if x.rank is not None else INT)


class Builder:
    """Collects the statements of one block; `span` is the user's code that they come from."""

    def __init__(self, span: Span | None = None) -> None:
        self.stmts: list[Stmt] = []
        self.span = span

    @property
    def block(self) -> Block:
        return tuple(self.stmts)

    @contextmanager
    def nested(self) -> Iterator[list[Stmt]]:
        """Collect into a block of its own: `with build.nested() as stmts`."""
        outer, self.stmts = self.stmts, []
        try:
            yield self.stmts
        finally:
            self.stmts = outer

    def add(self, stmt: Stmt) -> None:
        self.stmts.append(stmt)

    def let(self, op: Op, args: tuple[Atom, ...], form: Form, hint: str = "") -> tuple[Var, ...]:
        """Append `outs = op(...)`, with the types that follow from its arguments."""
        outs = tuple(Var(hint, t) for t in infer(op, args, form))
        self.stmts.append(Let(outs, op, args, form, self.span))
        return outs

    def call(self, op: Op, *args: Any, hint: str = "", **kwargs: Any) -> Var:
        """Record `op(*args, **kwargs)`, whose arguments are atoms, constants, and tuples, lists, slices of them."""
        form, atoms = form_of(self._literals(op, args), kwargs, lambda x: isinstance(x, Var | Lit | Undef))
        return self.let(op, tuple(atoms), form, hint)[0]

    def calls(self, op: Op, *args: Any, **kwargs: Any) -> tuple[Var, ...]:
        """The same for an operation with several results."""
        form, atoms = form_of(self._literals(op, args), kwargs, lambda x: isinstance(x, Var | Lit | Undef))
        return self.let(op, tuple(atoms), form)

    @staticmethod
    def _literals(op: Op, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Numbers that enter an elementwise computation are atoms; others are part of the form."""
        if not op.elementwise:
            return args
        return tuple(Lit(a) if is_number(a) else a for a in args)


class Symbol(np.lib.mixins.NDArrayOperatorsMixin):
    """An atom that NumPy code can compute with; every operation on it is recorded by its builder."""

    __slots__ = ("atom", "build")
    __array_priority__ = 1000
    __hash__ = None  # type: ignore[assignment]
    __iter__ = None  # otherwise `for` would ask for items for ever

    def __init__(self, build: Builder, atom: Var | Lit) -> None:
        self.build, self.atom = build, atom

    @property
    def type(self) -> Type:
        return self.atom.type

    @property
    def shape(self) -> Any:
        if self.type.shape is None:
            return Symbol(self.build, self.build.call(SHAPE, self.atom))
        return tuple(self._extent(axis, d) for axis, d in enumerate(self.type.shape))

    def _extent(self, axis: int, dim: Dim) -> Any:
        if dim.size is None:
            return dim.offset
        return Symbol(self.build, self.build.call(EXTENT, self.atom, axis=axis))

    @property
    def ndim(self) -> Any:
        rank = self.type.rank
        return rank if rank is not None else Symbol(self.build, self.build.call(RANK, self.atom))

    @property
    def dtype(self) -> Any:
        return self.type.dtype

    @property
    def T(self) -> Any:
        return np.transpose(self)  # type: ignore[call-overload]

    def __getitem__(self, index: Any) -> Any:
        return record(self.build, operator.getitem, self, index)

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **kwargs: Any) -> Any:
        if method != "__call__":
            return NotImplemented
        return record(self.build, _OPERATOR_OF.get(ufunc, ufunc), *args, **kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function is np.shape:
            return args[0].shape
        if function is np.ndim:
            return args[0].ndim
        if function is np.size and len(args) == 1 and args[0].type.shape is not None:
            return _product(args[0].shape)
        return record(self.build, function, *args, **kwargs)

    def __bool__(self) -> bool:
        raise AssertionError("a rule branched on the value of a symbol")


def _product(extents: tuple[Any, ...]) -> Any:
    result: Any = 1
    for e in extents:
        result = e if isinstance(result, int) and result == 1 else result * e
    return result


# Code over symbols writes operators far more often than ufuncs by name; both come as ufuncs, both print as operators.
_OPERATOR_OF: dict[Any, Any] = {
    np.add: operator.add, np.subtract: operator.sub, np.multiply: operator.mul, np.true_divide: operator.truediv,
    np.floor_divide: operator.floordiv, np.remainder: operator.mod, np.power: operator.pow, np.negative: operator.neg,
    np.less: operator.lt, np.less_equal: operator.le, np.greater: operator.gt, np.greater_equal: operator.ge,
    np.equal: operator.eq, np.not_equal: operator.ne, np.bitwise_and: operator.and_, np.bitwise_or: operator.or_,
    np.invert: operator.invert, np.absolute: operator.abs,
}


def record(build: Builder, function: Callable[..., Any], *args: Any, hint: str = "", **kwargs: Any) -> Any:
    """Record a call of `function`, whose arguments hold symbols, and give its result as a symbol (or several)."""
    op = op_of(function)
    if op is None:  # of another library: its own derivative, should that be asked for, is refused
        op = define(function, name_of(function), elementwise=isinstance(function, np.ufunc))

    def atom(x: Any) -> Any:
        return x.atom if isinstance(x, Symbol) else x

    args, kwargs = _mapped(args, atom), {k: _mapped(v, atom) for k, v in kwargs.items()}
    if op.outs == 1:
        return Symbol(build, build.call(op, *args, hint=hint, **kwargs))
    return tuple(Symbol(build, v) for v in build.calls(op, *args, **kwargs))


def _mapped(tree: Any, atom: Callable[[Any], Any]) -> Any:
    """`atom` applied to the leaves of tuples, lists and slices."""
    if isinstance(tree, slice):
        return slice(atom(tree.start), atom(tree.stop), atom(tree.step))
    if type(tree) is tuple:
        return tuple(_mapped(t, atom) for t in tree)
    if isinstance(tree, list):
        return [_mapped(t, atom) for t in tree]
    return atom(tree)


def run(build: Builder, rule: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Run `rule` on symbols for the atoms in `args`; its result, a tree, comes back over atoms (numbers as `Lit`)."""

    def wrap(x: Any) -> Any:
        if isinstance(x, Var):
            return Symbol(build, x)
        if isinstance(x, Lit):
            return x.value
        return x

    def unwrap(x: Any) -> Any:
        if isinstance(x, Symbol):
            return x.atom
        return UNDEF if x is None else Lit(x) if is_number(x) else x

    try:
        result = rule(*(_mapped(a, wrap) for a in args), **{k: _mapped(v, wrap) for k, v in kwargs.items()})
    except NotImplementedError as error:
        raise Unsupported(Problem(build.span, f"srcad can't differentiate {error}")) from None
    except TypeError as error:
        # "f() got an unexpected keyword argument": the user's call has an argument that the rule does not provide for.
        if "() got" not in str(error) and "() takes" not in str(error):
            raise
        raise Unsupported(Problem(build.span, "srcad can't differentiate this call",
                                  f"its rule does not know an argument of it ({error})")) from None
    return map_tree(unwrap, result)
