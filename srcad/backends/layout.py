"""Long lines in several, as a person breaks them: within brackets, as far out as possible, before an operator or after
a comma; what follows stands under what the bracket began with.

    total = first * (1 + rate) ** years + second * (1 + rate) ** (years - 1)        becomes, where that is too wide,

    total = (first * (1 + rate) ** years
             + second * (1 + rate) ** (years - 1))
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

WIDTH = 104
_TOKEN = re.compile(r"""(?P<string>(?:\b[bBrRuU]{1,2})?(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"))
                      | (?P<open>[(\[{]) | (?P<close>[)\]}]) | (?P<comma>,[ ])
                      | [ ](?P<operator>if|else|or|and|==|!=|<=|>=|<|>|\+|-|\*|/|//|%|@)[ ]""", re.VERBOSE)
_RANKS = {"if": 0, "else": 0, "or": 0, "and": 1, "+": 3, "-": 3}
_HEAD = re.compile(r"\s*(?:return |assert |(?:if|elif|while) (?=.*:$)|[\w.]+(?:\[[^=]*\])?(?:, \w+)* [-+*/@]?= )")


@dataclass(frozen=True)
class _Break:
    """A place where a line may end: at `end`, the next one beginning with what is at `start`; `column` is where the
    bracket around it begins, plus one."""

    end: int
    start: int
    depth: int
    rank: int
    column: int


def laid_out(line: str) -> list[str]:
    """The lines that stand for `line`."""
    if len(line) <= WIDTH:
        return [line]
    return _broken(_with_brackets(line))


def _with_brackets(line: str) -> str:
    """`line` with brackets around its value, if that has operators or commas outside of any."""
    head = _HEAD.match(line)
    if head is None or not any(b.depth == 0 and b.start > head.end() for b in _breaks(line)):
        return line
    end = len(line) - line.endswith(":")
    return f"{line[:head.end()]}({line[head.end():end]}){line[end:]}"


def _broken(line: str) -> list[str]:
    lines: list[str] = []
    breaks = [b for b in _breaks(line) if b.depth]
    start, column = 0, 0

    def position(index: int) -> int:
        """The column of a place of `line` in the line that is being made."""
        return index - start + column

    columns: dict[int, int] = {}            # of what each bracket begins with, as printed
    while True:
        columns.update((b.column, position(b.column)) for b in breaks if b.column > start)
        fitting = [b for b in breaks if b.start > start and position(b.end) <= WIDTH]
        if position(len(line)) <= WIDTH or not fitting:
            return [*lines, " " * column + line[start:]]
        place = min(fitting, key=lambda b: (b.depth, b.rank, -b.end))
        lines.append(" " * column + line[start:place.end])
        start, column = place.start, columns[place.column]


def _breaks(line: str) -> Iterator[_Break]:
    opened = [0]
    for token in _TOKEN.finditer(line):
        if token["open"]:
            opened.append(token.end())
        elif token["close"]:
            opened.pop()
        elif token["comma"]:
            yield _Break(token.start() + 1, token.end(), len(opened) - 1, 2, opened[-1])
        elif token["operator"]:
            start = token.start("operator")
            yield _Break(start - 1, start, len(opened) - 1, _RANKS.get(token["operator"], 4), opened[-1])
