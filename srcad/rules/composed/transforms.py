"""Fourier transforms over several axes."""

from __future__ import annotations

import numpy as np


def fftn(a, s=None, axes=None, norm=None):  # type: ignore[no-untyped-def]
    axes = tuple(range(-len(s), 0)) if axes is None else axes
    for n, axis in zip(s, axes, strict=True):
        a = np.fft.fft(a, n, axis=axis, norm=norm)
    return a


def ifftn(a, s=None, axes=None, norm=None):  # type: ignore[no-untyped-def]
    axes = tuple(range(-len(s), 0)) if axes is None else axes
    for n, axis in zip(s, axes, strict=True):
        a = np.fft.ifft(a, n, axis=axis, norm=norm)
    return a


def fft2(a, s=None, axes=(-2, -1), norm=None):  # type: ignore[no-untyped-def]
    return fftn(a, s, axes, norm)


def ifft2(a, s=None, axes=(-2, -1), norm=None):  # type: ignore[no-untyped-def]
    return ifftn(a, s, axes, norm)


def rfftn(a, s=None, axes=None, norm=None):  # type: ignore[no-untyped-def]
    if axes is None:
        axes = tuple(range(-len(s), 0)) if s is not None else tuple(range(-a.ndim, 0))
    lengths = (None,) * len(axes) if s is None else s
    a = np.fft.rfft(a, lengths[-1], axis=axes[-1], norm=norm)
    for k in range(len(axes) - 1):
        a = np.fft.fft(a, lengths[k], axis=axes[k], norm=norm)
    return a


def irfftn(a, s=None, axes=None, norm=None):  # type: ignore[no-untyped-def]
    if axes is None:
        axes = tuple(range(-len(s), 0)) if s is not None else tuple(range(-a.ndim, 0))
    lengths = (None,) * len(axes) if s is None else s
    for k in range(len(axes) - 1):
        a = np.fft.ifft(a, lengths[k], axis=axes[k], norm=norm)
    return np.fft.irfft(a, lengths[-1], axis=axes[-1], norm=norm)


def rfft2(a, s=None, axes=(-2, -1), norm=None):  # type: ignore[no-untyped-def]
    return rfftn(a, s, axes, norm)


def irfft2(a, s=None, axes=(-2, -1), norm=None):  # type: ignore[no-untyped-def]
    return irfftn(a, s, axes, norm)
