"""`explain()`: what was generated for which signatures, and what it depends on."""

from __future__ import annotations

from types import CodeType
from typing import Any

from srcad.ir import Type, Var, leaves
from srcad.program.kept import kept
from srcad.program.stats import decisions
from srcad.program.variants import Variant


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
        lines += ["", f"variant {k}", *(f"  {line}" for line in describe(variant))]
    return "\n".join(lines)


def describe(variant: Variant) -> list[str]:
    func = variant.func
    lines = [f"{p.name}: {_tree(p.tree)}" for p in func.params]
    lines += [f"reads {c.name} at every call" for c in (*variant.lowered.captures, *variant.lowered.parts)]
    lines += [f"made for {g.name} = {_short(g.value)}" for g in variant.guards if not isinstance(g.value, CodeType)]
    return [*lines, *kept(func), *(decisions(variant.tiers) if variant.tiers else ())]


def _tree(tree: Any) -> str:
    found = [_type(v.type) if isinstance(v, Var) else f"the constant {_short(v)}" for v in leaves(tree)]
    return found[0] if len(found) == 1 else f"{type(tree).__name__} of " + ", ".join(found)


def _type(t: Type) -> str:
    if t.kind == "number":
        return f"a Python {type(t.dtype.type(0).item()).__name__}" if t.dtype is not None else "a number"
    if t.shape is None:
        return "an array or number of unknown shape"
    sizes = ", ".join("1" if d.is_one else str(d) for d in t.shape) + ("," if t.rank == 1 else "")
    return f"{t.dtype} array of shape ({sizes})" if t.kind == "array" else f"{t.dtype} scalar"


def _short(value: Any) -> str:
    text = getattr(value, "__qualname__", None) or repr(value)
    return text if len(text) < 60 else text[:57] + "..."
