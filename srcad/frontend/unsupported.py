"""Syntax that is refused: what it is called, and what to write instead."""

from __future__ import annotations

from typing import Any

from srcad.frontend.values import Refused

_SYNTAX = {
    "AsyncWith": ("an `async with` statement", "compute in an ordinary function"),
    "AsyncFor": ("an `async for` loop", "compute in an ordinary function"),
    "Await": ("an `await`", "compute in an ordinary function and await around it"),
    "TryStar": ("a `try` statement", "test for the condition with `if`, or catch around the call of the function"),
    "AsyncFunctionDef": ("an async function", "compute in an ordinary function"),
}


def unsupported(node: Any) -> Refused:
    """The refusal of a statement or expression that has no meaning here."""
    name = type(node).__name__
    what, hint = _SYNTAX.get(name, (f"the syntax `{name}`", ""))
    return Refused(what, "srcad does not differentiate it", hint)
