"""Where code stands, the errors that users see, and the one renderer that draws the user's line.

    model.py:12:9: srcad can't differentiate np.unique
        12 |     u = np.unique(x)
           |         ^^^^^^^^^^^^
    reason: it has no derivative rule
    instead: keep it out of what depends on x, or wrap x in srcad.stop_gradient
"""

from __future__ import annotations

import linecache
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a source file: lines from 1, columns from 0, as in `ast`; `function` is the code around it."""

    file: str
    line: int
    column: int = 0
    end_line: int | None = None
    end_column: int | None = None
    function: str = ""

    @property
    def text(self) -> str:
        """The source line as it stands in the file (empty if the file can't be read)."""
        return linecache.getline(self.file, self.line).rstrip("\n")

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column + 1}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that srcad can't do: where, what, why, and what to write instead."""

    span: Span | None
    what: str
    reason: str = ""
    hint: str = ""
    related: tuple[tuple[Span, str], ...] = ()

    def __str__(self) -> str:
        head = f"{self.span}: {self.what}" if self.span else self.what
        lines = [head]
        if self.span:
            lines += draw(self.span)
        for span, note in self.related:
            lines += [f"{span}: {note}", *draw(span)]
        if self.reason:
            lines.append(f"reason: {self.reason}")
        if self.hint:
            lines.append(f"instead: {self.hint}")
        return "\n".join(lines)


def draw(span: Span) -> list[str]:
    """The source line with carets under the span; nothing if the source is not to be had."""
    text = span.text
    if not text.strip():
        return []
    number = f"{span.line:>6} | "
    stop = span.end_column if span.end_column is not None and span.end_line in (None, span.line) else len(text)
    width = max(stop - span.column, 1)
    # Keep tabs so that the carets stand under what they mean.
    pad = "".join("\t" if c == "\t" else " " for c in text[: span.column])
    return [number + text, " " * (len(number) - 2) + "| " + pad + "^" * width]


class SrcadError(Exception):
    """The root of all errors that srcad raises on purpose."""


class Unsupported(SrcadError):
    """A function can't be differentiated (or lowered); `problems` has every reason that was found."""

    def __init__(self, problems: Sequence[Problem] | Problem) -> None:
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n\n".join(map(str, self.problems)))

    def __reduce__(self) -> tuple[type, tuple[Sequence[Problem]]]:
        return type(self), (self.problems,)


class SourceNotFound(Unsupported):
    """The source text of a function can't be had, or is newer than the function."""


class ArgumentError(SrcadError, TypeError):
    """A derivative was asked for that the arguments or the result don't allow."""


class NanError(SrcadError, FloatingPointError):
    """A result has NaNs that the arguments do not have (see `srcad.debug_nans`); `problem` says whence they come."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(str(problem))

    def __reduce__(self) -> tuple[type, tuple[Problem]]:
        return type(self), (self.problem,)
