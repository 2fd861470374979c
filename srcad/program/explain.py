"""`explain()`: what was generated for which signatures, and what it depends on."""

from __future__ import annotations

from types import CodeType
from typing import Any

from srcad.frontend.lower import Lowered
from srcad.ir import Dim, Size, Type, Var, leaves
from srcad.program.kept import kept
from srcad.program.stats import decisions
from srcad.program.variants import Variant

# Names for sizes, in the order in which they come.
_LETTERS = "nmklpqrs"


def explain(derivative: Any) -> str:
    """A text for people."""
    made: dict[str, list[Variant]] = {}
    for runner in derivative.runners.values():
        for way, variants in runner.made_by_way().items():
            made.setdefault(way.backend, []).extend(variants)
    parts = [_of_backend(derivative.program.name, backend, found) for backend, found in made.items() if found]
    if not parts:
        return f"{derivative.program.name}: no variant yet; one is made at the first call with a new signature."
    return "\n\n".join(parts)


def _of_backend(name: str, backend: str, made: list[Variant]) -> str:
    lines = [f"{name}: {len(made)} variant{'s' if len(made) > 1 else ''} on the {backend} backend"]
    for k, variant in enumerate(made, 1):
        decided = decisions(variant.tiers) if variant.tiers else ()
        lines += ["", f"variant {k}", *(f"  {line}" for line in (*describe(variant.lowered), *decided))]
    return "\n".join(lines)


def describe(lowered: Lowered) -> list[str]:
    """What a program is for, what it reads, and what its reverse sweep has again."""
    func = lowered.func
    sizes: dict[Size, str] = {}
    lines = [f"{p.name}: {_tree(p.tree, sizes)}" for p in func.params]
    lines += [f"reads {c.name} at every call" for c in (*lowered.captures, *lowered.parts)]
    lines += [f"made for {g.name} = {_short(g.value)}" for g in lowered.guards if not isinstance(g.value, CodeType)]
    return [*lines, *kept(func)]


def _tree(tree: Any, sizes: dict[Size, str]) -> str:
    found = [_type(v.type, sizes) if isinstance(v, Var) else f"the constant {_short(v)}" for v in leaves(tree)]
    return found[0] if len(found) == 1 else f"{type(tree).__name__} of " + ", ".join(found)


def _type(t: Type, sizes: dict[Size, str]) -> str:
    """A type in words; equal letters are equal sizes."""
    if t.kind == "number":
        return f"a Python {type(t.dtype.type(0).item()).__name__}" if t.dtype is not None else "a number"
    if t.shape is None:
        return "an array or number of unknown shape"
    shape = ", ".join(_extent(d, sizes) for d in t.shape) + ("," if t.rank == 1 else "")
    return f"{t.dtype} array of shape ({shape})" if t.kind == "array" else f"{t.dtype} scalar"


def _extent(d: Dim, sizes: dict[Size, str]) -> str:
    if d.size is None:
        return str(d.offset)
    count = len(sizes)
    letter = sizes.setdefault(d.size, _LETTERS[count] if count < len(_LETTERS) else f"n{count}")
    return f"{letter}{d.offset:+d}" if d.offset else letter


def _short(value: Any) -> str:
    text = getattr(value, "__qualname__", None) or repr(value)
    return text if len(text) < 60 else text[:57] + "..."
