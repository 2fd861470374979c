"""What a core program means: the reference that printers and passes are tested against.

Statements are run one by one with `op.function`; nothing here is fast.  A variable without a value (`Undef`) may be
passed on by choices, carries and rows; the first operation that reads it raises UnboundLocalError.

    interpret(func, 0.7, np.arange(3.0))        the result of func(0.7, np.arange(3.0))
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, assert_never

from srcad.ir.calls import PACK, CallOp, UnpackOp
from srcad.ir.core import Atom, Block, Func, If, Let, Lit, Loop, Record, Stmt, Undef, Var, Whole, leaves, map_tree


class _Unbound:
    def __repr__(self) -> str:
        return "unbound"


UNBOUND = _Unbound()


class Env(dict[Var, Any]):
    """The values of variables.  Who wants to look on makes a subclass."""

    def calling(self, let: Let) -> None:
        """An operation, or a function of the program, is about to be called."""

    def called(self, let: Let, values: Sequence[Any], results: Sequence[Any]) -> None:
        """An operation, or a function of the program, was called with these values."""

    def inner(self) -> Env:
        """For the variables of a function that is called."""
        return Env()


def interpret(func: Func, *args: Any) -> Any:
    """The result of `func`: one argument for each param, a tree of the param's shape; missing ones take defaults."""
    return interpret_in(Env(), func, args)


def interpret_in(env: Env, func: Func, args: Sequence[Any]) -> Any:
    """`interpret`, with variables that are kept in `env`."""
    assert len(args) <= len(func.params), f"{func.name} takes {len(func.params)} arguments"
    for k, param in enumerate(func.params):
        assert k < len(args) or param.has_default, f"{func.name} needs {param.name}"
        _bind_tree(env, param.tree, args[k] if k < len(args) else param.default)
    _block(func.body, env)
    return _built(map_tree(lambda a: _read(a, env, func.name), func.result))


def _bind_tree(env: Env, tree: Any, value: Any) -> None:
    match tree:
        case Var():
            env[tree] = value
        case Whole(var=var, parts=parts):
            env[var] = value
            _bind_tree(env, parts, value)
        case Record(fields=fields):
            values = value.fields if isinstance(value, Record) else {k: getattr(value, k) for k in fields}
            _bind_tree(env, fields, values)
        case dict():
            assert tree.keys() == value.keys(), f"{tree.keys()} are not {value.keys()}"
            for k, t in tree.items():
                _bind_tree(env, t, value[k])
        case tuple() | list():
            for t, v in zip(tree, value, strict=True):
                _bind_tree(env, t, v)


def _built(tree: Any) -> Any:
    """The tree with its records as the objects that they stand for."""
    match tree:
        case Record():
            return _object(tree.cls, {k: _built(v) for k, v in tree.fields.items()})
        case dict():
            return {k: _built(v) for k, v in tree.items()}
        case list():
            return [_built(v) for v in tree]
        case tuple() if type(tree) is tuple:
            return tuple(_built(v) for v in tree)
        case _:
            return tree


def _object(cls: type, fields: dict[str, Any]) -> Any:
    if issubclass(cls, tuple):
        return cls(**fields)
    made = object.__new__(cls)
    for name, value in fields.items():
        object.__setattr__(made, name, value)
    return made


def _value(atom: Any, env: Env) -> Any:
    """The value of an atom, which may be UNBOUND."""
    match atom:
        case Var():
            return env[atom]
        case Lit(value=value):
            return value
        case Undef():
            return UNBOUND
        case _:
            return atom


def _read(atom: Any, env: Env, reader: object) -> Any:
    value = _value(atom, env)
    if value is UNBOUND:
        name = atom.hint if isinstance(atom, Var) else "a variable"
        raise UnboundLocalError(f"cannot access local variable '{name}' where it is not associated with a value "
                                f"({reader})")
    return value


def _block(block: Block, env: Env) -> None:
    for stmt in block:
        _stmt(stmt, env)


def _tried(stmt: If, env: Env) -> bool:
    """Run a `try`; did it complete?"""
    try:
        _block(stmt.then, env)
    except stmt.catches as error:
        caught, *handler = stmt.orelse
        assert isinstance(caught, Let)
        env[caught.out] = error
        _block(tuple(handler), env)
        return False
    return True


def _stmt(stmt: Stmt, env: Env) -> None:
    match stmt:
        case Let():
            env.update(zip(stmt.outs, _call(stmt, env), strict=True))
        case If():
            taken = _tried(stmt, env) if stmt.catches else bool(_read(stmt.test, env, "if"))
            if not stmt.catches:
                _block(stmt.then if taken else stmt.orelse, env)
            for c in stmt.choices:
                env[c.out] = _value(c.then if taken else c.orelse, env)
        case Loop():
            _loop(stmt, env)
        case _:
            assert_never(stmt)


def _call(let: Let, env: Env) -> Sequence[Any]:
    """The results of a call, one for each of its outs."""
    op = let.op
    if op is PACK:
        # A residual of a path that was not taken stays without a value until it is read.
        return (tuple(_value(a, env) for a in let.args),)
    if op.name == "zeros_for" and _value(let.args[0], env) is UNBOUND:
        return (UNBOUND,)
    env.calling(let)
    values = [_read(a, env, op) for a in let.args]
    results = _results(let, values, env)
    env.called(let, values, results)
    return results


def _results(let: Let, values: list[Any], env: Env) -> Sequence[Any]:
    op = let.op
    if isinstance(op, CallOp):
        return _outputs(op.target.known, values, env.inner())
    args, kwargs = let.call(values)
    result = op.function(*args, **kwargs)
    if isinstance(op, UnpackOp) or op.outs > 1:
        return tuple(result)
    return (result,) * op.outs


def _outputs(func: Func, inputs: Iterable[Any], env: Env) -> Sequence[Any]:
    """What a program function gives to a program function that calls it: its outputs, flat."""
    env.update(zip(func.inputs, inputs, strict=True))
    _block(func.body, env)
    return [_value(a, env) for a in leaves(func.result) if isinstance(a, Atom)]


def _loop(loop: Loop, env: Env) -> None:
    indices, bounds = _bounds(loop, env)
    for c in loop.carries:
        env[c.param] = _value(c.init, env)
    rows: list[list[Any]] = [[] for _ in loop.writes]
    made, broke = 0, False
    length = min(map(len, bounds), default=None)
    while not broke and (length is None or made < length) and _holds(loop, env):
        trip = made if not loop.reverse or length is None else length - 1 - made
        _trip(loop, env, indices, bounds, trip)
        for row, write in zip(rows, loop.writes, strict=True):
            row.append(_value(write.row, env))
        broke = loop.until is not None and bool(_read(loop.until, env, "until"))
        # All at once: a carry may be set to another carry's param.
        env.update([(c.param, _value(c.next, env)) for c in loop.carries])
        made += 1
    env.update((c.out, env[c.param]) for c in loop.carries)
    env.update((w.tape, row[::-1] if loop.reverse else row) for w, row in zip(loop.writes, rows, strict=True))
    env.update((v, value) for v, value in ((loop.trips, made), (loop.broke, broke)) if v)


def _bounds(loop: Loop, env: Env) -> tuple[range, list[Sequence[Any]]]:
    """The values of the index, and all that a trip takes one of: indices, elements, rows."""
    elements = [list(_read(e.sequence, env, "for")) for e in loop.elements]
    tapes = [_read(r.tape, env, "tape") for r in loop.reads]
    if loop.range is None:
        return range(0), [*elements, *tapes]
    start, stop, step = (_read(a, env, "range") for a in (loop.range.start, loop.range.stop, loop.range.step))
    indices = range(start, stop, step)
    return indices, [indices, *elements, *tapes]


def _holds(loop: Loop, env: Env) -> bool:
    if loop.test is None:
        return True
    _block(loop.test.body, env)
    return bool(_read(loop.test.result, env, "while"))


def _trip(loop: Loop, env: Env, indices: range, bounds: list[Sequence[Any]], trip: int) -> None:
    if loop.index:
        env[loop.index] = indices[trip]
    rows = bounds[1:] if loop.range else bounds
    heads = [e.var for e in loop.elements] + [r.element for r in loop.reads]
    env.update((v, row[trip]) for v, row in zip(heads, rows, strict=True))
    _block(loop.body, env)
