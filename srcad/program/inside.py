"""Derivatives that a program takes itself: `jvp`, `vjp`, `grad`, … called in a function that is lowered.

What is differentiated is lowered where it is called, into a program of its own whose inputs are new variables; that
program is differentiated, and its derivative becomes part of the program around it.  So the function may be a lambda
that sees local names, and derivatives with respect to these are right too.

    def f(x, k):                                                    t = 2.0 * x * k
        return grad(lambda z: np.sum(z * z * k))(x) ** 2    ->      y = t ** 2
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from srcad.errors import ArgumentError
from srcad.frontend.attributes import own_attribute
from srcad.frontend.calls import call_value
from srcad.frontend.lower import leave
from srcad.frontend.machine import Frame
from srcad.frontend.memory import Frozen, Memory
from srcad.frontend.nested import value_of
from srcad.frontend.outside import attributes_of
from srcad.frontend.unpacking import known_items
from srcad.frontend.values import Closure, Const, Entries, Fields, Items, Missing, Num, Partial, Ref, Refused, Tup
from srcad.ir import COMPLEX, FLOAT, Func, Lit, Param, Record, Type, Var, leaves, map_tree, op_of
from srcad.ir.walk import Renamer, bound, free
from srcad.program.lowering import one_number
from srcad.transforms.forward import forward
from srcad.transforms.reverse import COMMENT, reverse, without_value

READ_ONLY = Frozen("it is an argument of a function that is differentiated here", "copy it first")


class Inputs:
    """Arguments of a function that is differentiated: new variables, and the atoms that they stand for."""

    def __init__(self, frame: Frame) -> None:
        self.frame, self.machine = frame, frame.machine
        self.atoms: dict[Var, Any] = {}

    def renewed(self, value: Any, hint: str) -> tuple[Any, Any]:
        """(the argument over new variables, the tree of these; None where there is nothing to differentiate)."""
        match value:
            case Num(atom=a) if a.type.is_inexact:
                return self._new(a, a.type, hint)
            case Const(value=float() | complex() as v):
                return self._new(Lit(v), FLOAT if isinstance(v, float) else COMPLEX, hint)
            case Tup(items=items, cls=cls):
                values, trees = self._all(items, hint)
                return Tup(values, cls), trees if cls is None else _record(cls, cls._fields, trees)  # type: ignore[attr-defined]
            case Ref():
                return self._content(self.machine.content(value), hint)
            case _:
                return value, None

    def _new(self, atom: Any, t: Type, hint: str) -> tuple[Any, Any]:
        var = Var(atom.hint if isinstance(atom, Var) and atom.hint else hint, t)
        self.atoms[var] = atom
        memory = self.machine.memories.of[var] = Memory(hint)
        self.machine.memories.frozen[memory] = READ_ONLY
        return Num(var), var

    def _all(self, values: Sequence[Any], hint: str) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        pairs = [self.renewed(v, hint) for v in values]
        return tuple(v for v, _ in pairs), tuple(t for _, t in pairs)

    def _content(self, content: Any, hint: str) -> tuple[Any, Any]:
        new = self.machine.new
        match content:
            case Items(values=values):
                made, trees = self._all(values, hint)
                return new(Items(made), hint), list(trees)
            case Entries(values=entries):
                made, trees = self._all([v for _, v in entries], hint)
                keys = [k for k, _ in entries]
                return new(Entries(tuple(zip(keys, made, strict=True))), hint), dict(zip(keys, trees, strict=True))
            case Fields(cls=cls, values=fields, given=given):
                if given is not None:
                    own = ((k, own_attribute(self.frame, content, k)) for k in attributes_of(given.origin.now))
                    fields = tuple((k, v) for k, v in own if not isinstance(v, Missing))
                made, trees = self._all([v for _, v in fields], hint)
                names = [k for k, _ in fields]
                return new(Fields(cls, tuple(zip(names, made, strict=True))), hint), _record(cls, names, trees)
            case _:
                raise Refused("a list whose length is not known as an argument of a derivative")


def _record(cls: type, names: Sequence[str], trees: Sequence[Any]) -> Record:
    return Record(cls, dict(zip(names, trees, strict=True)))


@dataclass(frozen=True, eq=False)
class Inner:
    """A call as a program: the trees of what is differentiated, and what its variables stand for."""

    func: Func
    trees: tuple[Any, ...]
    atoms: dict[Var, Any]

    @property
    def wrt(self) -> list[Var]:
        return [v for t in self.trees for v in leaves(t) if isinstance(v, Var)]

    def emit(self, frame: Frame, func: Func, more: dict[Var, Any]) -> Any:
        """Make `func`, a derivative of this program, part of the program around it; its result as a tree of atoms."""
        renamer = Renamer({**self.atoms, **more})
        frame.build.stmts += [s for s in renamer.block(func.body) if getattr(s, "op", None) is not COMMENT]
        return map_tree(renamer.atom, func.result)


def inner_program(frame: Frame, function: Any, args: Sequence[Any], kwargs: dict[str, Any],
                  moving: Sequence[int | str]) -> Inner:
    """The call `function(*args, **kwargs)` as a program of the arguments at the positions and keywords `moving`."""
    machine, start = frame.machine, dict(frame.machine.state)
    with machine.fork(start) as stmts:
        inputs, given, named = Inputs(frame), list(args), dict(kwargs)
        trees = []
        for w in moving:
            into: Any = given if isinstance(w, int) else named
            into[w], tree = inputs.renewed(into[w], w if isinstance(w, str) else "x")
            trees.append(tree)
        problems, begun = len(machine.problems), dict(machine.state)
        result = leave(machine, call_value(frame, function, given, named))
        if len(machine.problems) > problems:
            raise Refused("a derivative of a function that is refused itself", hint="see the other problem")
        if machine.changed_since(begun):
            raise Refused("a derivative of a function that changes what is outside of it", "",
                          "return the new value instead")
    body = tuple(stmts)
    own = frozenset(inputs.atoms)
    returned = {v for v in leaves(result) if isinstance(v, Var)} - bound(body)
    outside = sorted((free(body) | returned) - own, key=lambda v: v.serial)
    params = [Param(f"x{k}", t) for k, t in enumerate(trees)] + [Param(v.hint or "t", v) for v in outside]
    return Inner(Func("function", tuple(params), body, result, frame.build.span), tuple(trees), inputs.atoms)


def _floats(inner: Inner) -> None:
    if not inner.wrt:
        raise ArgumentError("a derivative with respect to arguments that hold no floats: pass floats, for instance 2.0 "
                            "instead of 2")


# The functions of the API, as calls of a program.


def jvp(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    function, primals, tangents = _three(args, kwargs)
    given, along = known_items(frame, primals, None), known_items(frame, tangents, None)
    if len(given) != len(along):
        raise ArgumentError(f"{len(given)} primals and {len(along)} tangents")
    moving = [k for k, t in enumerate(along) if not (isinstance(t, Const) and t.value is None)]
    inner = inner_program(frame, function, given, {}, moving)
    _floats(inner)
    func = forward(inner.func, inner.wrt)
    dots = [v for p in func.params[len(inner.func.params):] for v in leaves(p.tree) if isinstance(v, Var)]
    values = [a for k, tree in zip(moving, inner.trees, strict=True)
              for a in _along(frame, tree, along[k], inner.atoms)]
    y, dy = inner.emit(frame, func, dict(zip(dots, values, strict=True)))
    return Tup((value_of(frame, y), value_of(frame, dy)))


def _three(args: list[Any], kwargs: dict[str, Any]) -> list[Any]:
    given = dict(zip(("f", "primals", "tangents"), args, strict=False)) | kwargs
    given.pop("backend", None)
    if set(given) != {"f", "primals", "tangents"}:
        raise ArgumentError("jvp and hvp take a function, primals and tangents")
    return [given["f"], given["primals"], given["tangents"]]


def _along(frame: Frame, tree: Any, tangent: Any, atoms: dict[Var, Any]) -> list[Any]:
    """The atoms of a tangent, one for each variable of `tree`."""
    given = leaves(_atoms(frame, tangent))
    own = leaves(tree)
    if len(given) != len(own):
        raise ArgumentError(f"a tangent or cotangent has {len(given)} leaves, and must have {len(own)}")
    zeros = op_of(np.zeros_like)
    assert zeros is not None
    return [frame.build.call(zeros, atoms[v]) if isinstance(t, Lit) and t.value is None else t
            for v, t in zip(own, given, strict=True) if isinstance(v, Var)]


def _atoms(frame: Frame, value: Any) -> Any:
    """A value as a tree of atoms; ints are floats here."""
    match value:
        case Const(value=int() as v):
            return Lit(float(v))
        case Tup(items=items):
            return tuple(_atoms(frame, i) for i in items)
        case Ref():
            match frame.machine.content(value):
                case Items(values=values):
                    return [_atoms(frame, v) for v in values]
                case Entries(values=pairs) | Fields(values=pairs):
                    return {k: _atoms(frame, v) for k, v in pairs}
    return leave(frame.machine, value)


def vjp(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
    function, *primals = args
    inner = inner_program(frame, function, primals, {}, range(len(primals)))
    y = inner.emit(frame, inner.func, {})
    return Tup((value_of(frame, y), Const(Pullback(inner))))


@dataclass(frozen=True, eq=False)
class Pullback:
    """What `vjp` returns in a program."""

    inner: Inner

    def __srcad_inside__(self, frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
        (cotangent,) = args
        inner = self.inner
        _floats(inner)
        func = without_value(reverse(inner.func, inner.wrt))
        seed = func.params[len(inner.func.params)]
        given = _along(frame, seed.tree, cotangent, {v: v for v in leaves(seed.tree) if isinstance(v, Var)})
        mapping = dict(zip([v for v in leaves(seed.tree) if isinstance(v, Var)], given, strict=True))
        found = value_of(frame, inner.emit(frame, func, mapping))
        parts = iter(found.items if _several(inner) else [found])
        return Tup(tuple(next(parts) if _has_variables(t) else Const(None) for t in inner.trees))


def _has_variables(tree: Any) -> bool:
    return any(isinstance(v, Var) for v in leaves(tree))


def _several(inner: Inner) -> bool:
    return sum(map(_has_variables, inner.trees)) > 1


@dataclass(frozen=True, eq=False)
class Gradient:
    """What `grad` makes of a function that the program defines."""

    wrt: tuple[int | str, ...]
    single: bool
    value: bool
    has_aux: bool

    def __srcad_inside__(self, frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
        function, *rest = args
        moving = [argument_at(function, w, rest, kwargs) for w in self.wrt]
        inner = inner_program(frame, function, rest, kwargs, moving)
        if not all(map(_has_variables, inner.trees)):
            raise ArgumentError("a gradient with respect to an argument that holds no floats: pass floats, for "
                                "instance 2.0 instead of 2")
        func = reverse(one_number(inner.func, self.has_aux), inner.wrt, has_aux=self.has_aux)
        if not self.value:
            value, gradient = func.result
            func = without_value(replace(func, result=(None, (value[1] if self.has_aux else None, gradient))))
            aux, gradient = inner.emit(frame, func, self._seed(func))
            found = self._shaped(value_of(frame, gradient))
            return Tup((found, value_of(frame, aux))) if self.has_aux else found
        value, gradient = inner.emit(frame, func, self._seed(func))
        return Tup((value_of(frame, value), self._shaped(value_of(frame, gradient))))

    def _seed(self, func: Func) -> dict[Var, Any]:
        return {v: Lit(p.default) for p in func.params if p.has_default for v in leaves(p.tree) if isinstance(v, Var)}

    def _shaped(self, found: Any) -> Any:
        return found if self.single or len(self.wrt) > 1 else Tup((found,))


def argument_at(function: Any, w: int | str, args: Sequence[Any], kwargs: dict[str, Any]) -> int | str:
    """Where in a call the argument `w` stands."""
    names = [a.id for a in function.tree.args.args] if isinstance(function, Closure) else []
    if isinstance(w, str) and w not in kwargs and w in names[:len(args)]:
        return names.index(w)
    if isinstance(w, int) and w >= len(args) and w < len(names) and names[w] in kwargs:
        return names[w]
    if isinstance(w, int) and -len(args) <= w < len(args):
        return w % len(args)
    if isinstance(w, str) and w in kwargs:
        return w
    raise ArgumentError(f"a gradient with respect to {w!r}, which is not among the arguments of the call")


def gradient(value: bool) -> Callable[..., Any]:
    """`grad` or `value_and_grad` of a function that is not known outside of the program."""

    def made(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
        given = dict(zip(("f", "wrt"), args, strict=False)) | kwargs
        wrt = static(given.get("argnums", given.get("wrt", Const(0))))
        single = not isinstance(wrt, tuple)
        made = Gradient((wrt,) if single else wrt, single, value, bool(static(given.get("has_aux", Const(False)))))
        return Partial(Const(made), (given["f"],), ())

    return made


def static(value: Any) -> Any:
    if isinstance(value, Tup):
        return tuple(map(static, value.items))
    if not isinstance(value, Const):
        raise Refused("`wrt` that is computed", "", "write it as a constant")
    return value.value
