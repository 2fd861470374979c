"""Rows as columns under each other."""

from __future__ import annotations

from collections.abc import Sequence


def columns(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """
    >>> print(columns(("of", "verdict"), [("result", "agrees")]))
    of      verdict
    result  agrees
    """
    widths = [max(len(line[k]) for line in (head, *rows)) for k in range(len(head) - 1)]
    return "\n".join("  ".join([*(c.ljust(w) for c, w in zip(line, widths, strict=False)), line[-1]]).rstrip()
                     for line in (head, *rows))
