"""Fourier transforms.

The matrix of a transform is symmetric, so a transform is its own transpose; the real ones differ in which half of the
spectrum they keep.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.ir.types import Dim, Type
from srcad.rules import results
from srcad.rules.ops import Function, constant, custom, linear
from srcad.rules.shapes import project_to
from srcad.rules.symbols import recorded, type_in, value_in
from srcad.runtime import arrays

_resized = recorded(arrays.resized)
_OPPOSITE: dict[Any, Any] = {None: "forward", "backward": "forward", "forward": "backward", "ortho": "ortho"}


def _complex_of(x: Any) -> np.dtype:
    own = type_in(x).dtype
    return np.dtype(np.complex64 if own in (np.float32, np.complex64) else np.complex128)


def _line_type(x: Any, n: Any = None, axis: int = -1, norm: Any = None) -> Type:
    t, n = type_in(x), value_in(n)
    if t.shape is None or n is not None and not isinstance(n, int):
        return Type("array", _complex_of(x))
    axis %= len(t.shape)
    return Type("array", _complex_of(x), tuple(
        Dim(None, n) if i == axis and n is not None else d for i, d in enumerate(t.shape)))


def _line_vjp(transform: Function) -> Function:
    def vjp(g: Any, y: Any, x: Any, n: Any = None, axis: int = -1, norm: Any = None) -> Any:
        bar = transform(g, axis=axis, norm=norm)
        return project_to(bar if n is None else _resized(bar, x, axis=axis), x)
    return vjp


def _grid_vjp(transform: Function) -> Function:
    def vjp(g: Any, y: Any, x: Any, s: Any = None, axes: Any = None, norm: Any = None) -> Any:
        if s is not None:
            raise NotImplementedError("a Fourier transform that crops or pads several axes")
        return project_to(transform(g, norm=norm) if axes is None else transform(g, axes=axes, norm=norm), x)
    return vjp


for _line in (np.fft.fft, np.fft.ifft):
    linear(_line, _line_vjp(_line), infer=_line_type)
for _f in (np.fft.fft2, np.fft.ifft2, np.fft.fftn, np.fft.ifftn):
    linear(_f, _grid_vjp(_f), infer=lambda x, s=None, axes=None, norm=None: Type(
        "array", _complex_of(x), type_in(x).shape if s is None else None))
linear(arrays.resized, lambda h, y, g, x, axis: _resized(h, g, axis=axis), name="resized",
       infer=lambda g, x, axis: Type("array", type_in(g).dtype, type_in(x).shape))


# --- half spectra

def _rfft_vjp(g: Any, y: Any, x: Any, n: Any = None, axis: int = -1, norm: Any = None) -> Any:
    """The other half counts as zero; what is left of it is real."""
    length = np.shape(x)[axis] if n is None else n
    bar = np.real(np.fft.fft(g, length, axis=axis, norm=norm))
    return bar if n is None else _resized(bar, x, axis=axis)


def _irfft_vjp(g: Any, y: Any, x: Any, n: Any = None, axis: int = -1, norm: Any = None) -> Any:
    """Both halves of the spectrum come from the one that x has."""
    bar = np.conj(np.fft.rfft(g, axis=axis, norm=_OPPOSITE[norm]))
    bar = bar * recorded(arrays.half_spectrum_weights)(g, axis=axis)
    return project_to(bar if n is None else _resized(bar, x, axis=axis), x)


def _rfft_type(x: Any, n: Any = None, axis: int = -1, norm: Any = None) -> Type:
    t, n = _line_type(x, n, axis, norm), value_in(n)
    if t.shape is None:
        return t
    axis %= len(t.shape)
    return Type("array", t.dtype, tuple(_half(d) if i == axis else d for i, d in enumerate(t.shape)))


def _half(d: Dim) -> Dim:
    return Dim(None, d.offset // 2 + 1) if d.size is None else results.interned("half", d)


def _irfft_type(x: Any, n: Any = None, axis: int = -1, norm: Any = None) -> Type:
    t = _line_type(x, n, axis, norm)
    own = np.zeros((), t.dtype).real.dtype if t.dtype else None
    if t.shape is None:
        return Type("array", own)
    axis %= len(t.shape)
    return Type("array", own, tuple(
        (results.interned("whole", d) if d.size else Dim(None, 2 * (d.offset - 1))) if i == axis and n is None else d
        for i, d in enumerate(t.shape)))


linear(np.fft.rfft, _rfft_vjp, infer=_rfft_type)
linear(np.fft.irfft, _irfft_vjp, infer=_irfft_type)
constant(arrays.half_spectrum_weights, infer=lambda g, axis: Type("array", np.dtype(float)))
for _frequencies in (np.fft.fftfreq, np.fft.rfftfreq):
    custom(_frequencies, jvps=(None, lambda t, y, n, d: -t * y / d), vjps=(None, lambda g, y, n, d: -np.sum(g * y) / d))


def _shift_vjp(back: Function) -> Function:
    return lambda g, y, x, axes=None: back(g) if axes is None else back(g, axes)


linear(np.fft.fftshift, _shift_vjp(np.fft.ifftshift), infer=results.like)
linear(np.fft.ifftshift, _shift_vjp(np.fft.fftshift), infer=results.like)
