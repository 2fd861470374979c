"""Tensors as PyTorch prints them.

Four digits, columns of one width; powers of ten if the largest number is over a thousand times the smallest, over 1e8,
or the smallest is below 1e-4; of more than a thousand elements the first and last three along each dimension.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from srcad.runtime.tensors import dtypes
from srcad.runtime.tensors.record import edge


@dataclass
class Options:
    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


OPTIONS = Options()


def set_printoptions(precision: int | None = None, threshold: float | None = None, edgeitems: int | None = None,
                     linewidth: int | None = None, profile: str | None = None, sci_mode: bool | None = None) -> None:
    """How tensors are printed from now on."""
    if profile == "default":
        OPTIONS.__init__()  # type: ignore[misc]
    for name, value in (("precision", precision), ("threshold", threshold), ("edgeitems", edgeitems),
                        ("linewidth", linewidth)):
        if value is not None:
            setattr(OPTIONS, name, value)
    OPTIONS.sci_mode = sci_mode


def text(t: Any) -> str:
    """`tensor([0., 1.], requires_grad=True)`."""
    prefix = "tensor("
    suffixes: list[str] = []
    data = t._data
    if data.size == 0:
        if data.ndim != 1:
            suffixes.append(f"size={tuple(data.shape)}")
        if data.dtype != dtypes.default():
            suffixes.append(f"dtype={t.dtype}")
        shown = "[]"
    else:
        default = (dtypes.default(), dtypes.INT64, dtypes.BOOL, dtypes.complex_of(dtypes.default()))
        if data.dtype not in default:
            suffixes.append(f"dtype={t.dtype}")
        shown = _shown(np.asarray(data), len(prefix))
    if t._needs:
        node = edge(t)
        suffixes.append(f"grad_fn=<{node.name}>" if node.function is not None else "requires_grad=True")
    return _with_suffixes(prefix + shown, suffixes, len(prefix))


def _with_suffixes(shown: str, suffixes: list[str], indent: int) -> str:
    parts = [shown]
    last = len(shown) - shown.rfind("\n") + 1
    for suffix in suffixes:
        if last + len(suffix) + 2 > OPTIONS.linewidth:
            parts.append(",\n" + " " * indent + suffix)
            last = indent + len(suffix)
        else:
            parts.append(", " + suffix)
            last += len(suffix) + 2
    return "".join(parts) + ")"


def _shown(a: np.ndarray, indent: int) -> str:
    short = a.size > OPTIONS.threshold
    visible = _summary(a) if short else a
    if a.dtype.kind == "c":
        real, imaginary = Formatter(visible.real), Formatter(visible.imag)

        def complex_text(v: Any) -> str:
            sign = "" if imaginary.text(v.imag).lstrip().startswith("-") else "+"
            return f"{real.text(v.real)}{sign}{imaginary.text(v.imag).lstrip()}j"

        return _nested(a, indent, short, complex_text, real.width + imaginary.width + 1)
    formatter = Formatter(visible)
    return _nested(a, indent, short, formatter.text, formatter.width)


def _summary(a: np.ndarray) -> np.ndarray:
    """The elements that are shown of a large array."""
    edge_items = OPTIONS.edgeitems
    for axis, n in enumerate(a.shape):
        if n > 2 * edge_items:
            a = np.take(a, [*range(edge_items), *range(n - edge_items, n)], axis)
    return a


class Formatter:
    """The one way in which all elements of a tensor are written."""

    def __init__(self, a: np.ndarray) -> None:
        self.floats = a.dtype.kind == "f"
        self.whole, self.powers, self.width = True, False, 1
        values = np.ravel(a)
        if not self.floats:
            self.width = max((len(str(v)) for v in values.tolist()), default=1)
            return
        values = values[np.isfinite(values) & (values != 0)].astype(float)
        if not values.size:
            return
        size = np.abs(values)
        smallest, largest = float(size.min()), float(size.max())
        self.whole = bool(np.all(values == np.ceil(values)))
        self.powers = OPTIONS.sci_mode if OPTIONS.sci_mode is not None else (
            largest / smallest > 1000.0 or largest > 1.0e8 or smallest < 1.0e-4)
        if self.powers or not self.whole:
            shape = f".{OPTIONS.precision}{'e' if self.powers else 'f'}"
            self.width = max(len(format(v, shape)) for v in values.tolist())
        else:
            self.width = max(len(f"{v:.0f}") + 1 for v in values.tolist())

    def text(self, value: Any) -> str:
        if not self.floats:
            found = str(value)
        elif self.powers:
            found = format(value, f"{self.width}.{OPTIONS.precision}e")
        elif self.whole:
            found = f"{value:.0f}" + ("" if math.isinf(value) or math.isnan(value) else ".")
        else:
            found = format(value, f".{OPTIONS.precision}f")
        return found.rjust(self.width)


def _nested(a: np.ndarray, indent: int, short: bool, write: Callable[[Any], str], width: int) -> str:
    if not a.ndim:
        return write(a.item()).strip() if a.dtype.kind == "c" else write(a.item())
    cut = short and a.shape[0] > 2 * OPTIONS.edgeitems
    if a.ndim == 1:
        return _row(a, indent, cut, write, width)
    kept = [*range(OPTIONS.edgeitems), None, *range(len(a) - OPTIONS.edgeitems, len(a))] if cut else range(len(a))
    parts = ["..." if k is None else _nested(a[k], indent + 1, short, write, width) for k in kept]
    return "[" + ("," + "\n" * (a.ndim - 1) + " " * (indent + 1)).join(parts) + "]"


def _row(a: np.ndarray, indent: int, cut: bool, write: Callable[[Any], str], width: int) -> str:
    in_line = max(1, (OPTIONS.linewidth - indent) // (width + 2))
    ends = OPTIONS.edgeitems
    if cut:
        words = [*map(write, a[:ends].tolist()), " ...", *map(write, a[-ends:].tolist())]
    else:
        words = list(map(write, a.tolist()))
    lines = [", ".join(words[k:k + in_line]) for k in range(0, len(words), in_line)]
    return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"
