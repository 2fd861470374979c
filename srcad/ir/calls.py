"""Calls of one program function by another.

A callee is known by a `FuncRef`, whose `func` is set when its lowering is done: so a recursive function can name
itself.  What is derived from a callee (its tangent, its forward and reverse halves) is made on demand and remembered in
`derived`, again as references, so that deriving a recursive function ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from srcad.ir.core import Block, Func, Let, Lit
from srcad.ir.ops import Op
from srcad.ir.types import OBJECT, RESIDUALS, Type


class FuncRef:
    """A function of the program, by name; `func` is filled in once it is known."""

    __slots__ = ("derived", "func", "name", "stated")

    def __init__(self, name: str, func: Func | None = None) -> None:
        self.name, self.func = name, func
        self.derived: dict[Any, Any] = {}
        self.stated: Any = None     # derivatives that its author states: see `srcad.transforms.stated`

    def __repr__(self) -> str:
        return self.name

    @property
    def known(self) -> Func:
        assert self.func is not None, f"{self.name} is called before it is known"
        return self.func

    @property
    def __name__(self) -> str:
        return self.name

    def __call__(self, *args: Any) -> Any:
        from_program = self.derived.get("run")
        assert from_program is not None, f"{self.name} is only run as generated code"
        return from_program(*args)


@dataclass(frozen=True, eq=False)
class CallOp(Op):
    """Call `target` with its inputs, in the order of `Func.inputs`; the results are its `Func.outputs`, in order."""

    target: FuncRef = field(default=None)  # type: ignore[assignment]
    result_types: tuple[Type, ...] = ()


def call_op(target: FuncRef, result_types: tuple[Type, ...], effect: bool = False) -> CallOp:
    return CallOp(target.name, target, effect=effect, infer=lambda *_: result_types, outs=len(result_types),
                  target=target, result_types=result_types)


def pack(*values: Any) -> tuple[Any, ...]:
    """Residuals, bundled for the way from a forward half to its reverse half."""
    return values


def _pack_type(*values: Any) -> Type:
    return RESIDUALS if any(v.type.is_inexact if isinstance(v, Lit) else v.is_inexact for v in values) else OBJECT


PACK = Op("pack", pack, infer=_pack_type)


@dataclass(frozen=True, eq=False)
class UnpackOp(Op):
    result_types: tuple[Type, ...] = ()


def unpack_op(result_types: tuple[Type, ...]) -> UnpackOp:
    """`a, b, … = residuals`."""
    return UnpackOp("unpack", tuple, infer=lambda *_: result_types, outs=len(result_types),
                    result_types=result_types)


def callees(block: Block, walk: Any) -> Iterator[FuncRef]:
    """The functions that the statements of `walk(block)` call."""
    for stmt in walk(block):
        if isinstance(stmt, Let) and isinstance(stmt.op, CallOp):
            yield stmt.op.target


def reachable(func: Func, walk: Any) -> list[FuncRef]:
    """Every function that `func` may call, callees first, each once."""
    seen: dict[FuncRef, None] = {}
    done: list[FuncRef] = []

    def visit(body: Block) -> None:
        for ref in callees(body, walk):
            if ref not in seen:
                seen[ref] = None
                visit(ref.known.body)
                done.append(ref)

    visit(func.body)
    return done
