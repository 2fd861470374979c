"""What a check found: a row for each oracle, mode and argument, and the table of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from srcad.checks.arguments import Leaves, Place
from srcad.program.columns import columns

Verdict = Literal["agrees", "DIFFERS", "undecided", "not run"]


@dataclass(frozen=True)
class Row:
    """One comparison; `where` is the element that is furthest off, `ours` and `theirs` its two values."""

    mode: str
    oracle: str
    subject: str
    verdict: Verdict
    error: float = 0.0
    tolerance: float = 0.0
    where: str = ""
    ours: Any = None
    theirs: Any = None
    note: str = ""

    def __str__(self) -> str:
        if self.verdict == "not run":
            return f"{self.mode}, {self.oracle}: not run ({self.note})"
        head = f"{self.mode} mode and {self.oracle}, {self.subject}: "
        if self.verdict != "DIFFERS":
            return f"{head}{self.verdict}, off by {self.error:.1e}"
        return (f"{head}{self.where or self.subject} is {self.ours!s} and should be {self.theirs!s}, "
                f"off by {self.error:.1e} (allowed: {self.tolerance:.1e})")


@dataclass(frozen=True)
class Report:
    function: str
    rows: tuple[Row, ...]

    @property
    def ok(self) -> bool:
        """Did no oracle disagree, and at least one agree?"""
        return not self.failures and any(r.verdict == "agrees" for r in self.rows)

    @property
    def failures(self) -> tuple[Row, ...]:
        return tuple(r for r in self.rows if r.verdict == "DIFFERS")

    def table(self) -> str:
        """The rows as aligned columns."""
        head = ("mode", "oracle", "of", "max error", "allowed", "verdict")
        body = [(r.mode, r.oracle, r.subject, *_numbers(r), _verdict(r)) for r in self.rows]
        return columns(head, body)

    def raise_failures(self) -> None:
        """AssertionError, if an oracle disagreed or none could be asked."""
        __tracebackhide__ = True
        if self.failures:
            lines = "\n".join(f"  {r}" for r in self.failures)
            raise AssertionError(f"the derivative of {self.function} is wrong:\n{lines}\n\n{self.table()}")
        if not self.ok:
            raise AssertionError(f"the derivative of {self.function} could not be checked:\n{self.table()}")


def _verdict(row: Row) -> str:
    return f"{row.verdict}: {row.note}" if row.note else row.verdict


def _numbers(row: Row) -> tuple[str, str]:
    return ("", "") if row.verdict == "not run" else (f"{row.error:.1e}", f"{row.tolerance:.1e}")


def compared(mode: str, oracle: str, place: Place, ours: Any, theirs: Any, rtol: float, atol: float) -> Row:
    """A row for the derivative with respect to one argument (or of one output), element by element."""
    a, b = np.asarray(ours), np.asarray(theirs)
    if a.shape != b.shape:
        return Row(mode, oracle, place.name, "DIFFERS", np.inf, 0.0, place.name, f"of shape {a.shape}",
                   f"of shape {b.shape}")
    both_nan = np.isnan(a) & np.isnan(b)
    with np.errstate(invalid="ignore"):
        off = np.where(both_nan | (a == b), 0.0, np.abs(a - b))
    off = np.where(np.isnan(off), np.inf, off)
    scale = float(np.max(np.abs(b[np.isfinite(b)]), initial=0.0))
    tolerance = atol + rtol * scale
    error = float(np.max(off, initial=0.0))
    verdict: Verdict = "agrees" if error <= tolerance else "DIFFERS"
    where = np.unravel_index(int(np.argmax(off)), off.shape) if off.size else ()
    return Row(mode, oracle, place.name, verdict, error, tolerance, _element(place.name, where),
               a[where] if off.size else None, b[where] if off.size else None)


def _element(name: str, index: tuple[Any, ...]) -> str:
    return f"{name}[{', '.join(str(int(i)) for i in index)}]" if index else name


def output_places(outputs: Leaves) -> list[Place]:
    """Names for what the function returns."""
    if len(outputs) == 1:
        return [Place("result", 0, outputs[0])]
    return [Place(f"result[{k}]", k, y) for k, y in enumerate(outputs)]


def absent(mode: str, oracle: str, note: str) -> Row:
    return Row(mode, oracle, "", "not run", note=note)
