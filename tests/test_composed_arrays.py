"""Arrays that are made, counted, windowed and compared as sets; slices as values; results stored by position."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from test_composed import M, S, V, assert_right, total

import srcad

HOLES = np.array([[0.0, 1.0, np.nan], [np.nan, 0.0, 0.0]])  # added to M: two of its elements are missing
PLACES = np.array([2, 0, 2])


def integral(h: Any) -> Any:
    t, step = np.linspace(0.0, 4 * h, 5, retstep=True)
    return np.sum(np.sin(t)) * step


def filled(x: Any, *shape: Any, **named: Any) -> Any:
    y = np.ndarray(*shape, **named)
    y[...] = x
    return total(y)


def along(x: Any, axis: int) -> Any:
    """Differences along an axis by lists of slices."""
    low, high = [slice(None)] * x.ndim, [slice(None)] * x.ndim
    low[axis], high[axis] = slice(None, -1), slice(1, None)
    return total((x[tuple(high)] - x[tuple(low)]) ** 2)


def doubled_inside(x: Any, i: int, j: int) -> Any:
    inside = (slice(None), slice(i, j))
    y = x * 1.0
    y[inside] *= x[0, 0]
    y[..., slice(j, None)] = 0.5
    return total(y[inside]) + total(y)


def in_chunks(x: Any, size: int) -> Any:
    result = 0.0
    for start in range(0, len(x), size):
        part = slice(start, start + size)
        result = result + np.prod(x[part]) * (part.start + 1)
    return result


def left(x: Any, n: int) -> Any:
    head = np.s_[1:, :n]
    return total(x[head]) + total(x[np.s_[::2]] ** 2)


def rounded_into(x: Any) -> Any:
    y = x * x
    np.round(x, 1, y)
    return total(y) + total(x)


def clipped_into(x: Any) -> Any:
    y = x * x
    np.clip(y, 0.5, x[1], y)
    return total(y)


def power(x: Any, n: int) -> Any:
    return np.linalg.matrix_power(x, n)


def differences(x: Any, n: int) -> Any:
    return np.diff(x, n, axis=0)


def products(x: Any, y: Any, out: Any) -> Any:
    return np.outer(x, y, out=out)


def put(x: Any) -> Any:
    y = x * x
    np.put_along_axis(y, np.array([[1], [0]]), x[:, :1], 1)
    return total(y)


CASES: dict[str, tuple[Callable[[Any], Any], Any]] = {
    # numbers at distances
    "linspace with its step": (integral, 0.3),
    "linspace of a dtype": (lambda x: total(np.linspace(x, 2 * x, 4, dtype=np.float64)), 0.3),
    "linspace along an axis": (lambda x: total(np.linspace(x, x * x, 4, axis=1)), V),
    "logspace": (lambda x: total(np.logspace(x, 2 * x, 4)) + total(np.logspace(0, x, num=3, base=2)), 0.3),
    "geomspace": (lambda x: total(np.geomspace(x, 3 * x, 4)) + total(np.geomspace(-x, -4.0, 3)), 0.3),
    "arange by a step": (lambda h: total(np.arange(h, 4.5 * h, h) ** 2), 0.3),
    "arange by a named step": (lambda h: total(np.arange(0, 1, step=h) ** 2), 0.3),
    "fftfreq": (lambda d: total(np.fft.fftfreq(5, d) ** 2) + total(np.fft.rfftfreq(5, d=d)), 0.3),
    "mgrid": (lambda x: total(np.sin(x * np.mgrid[0:3, 1:3])) + total(np.mgrid[0:4] * x), 0.3),
    "mgrid between ends": (lambda x: total(np.mgrid[x:2:4j, 0:x:3j] ** 2), 0.3),
    "ogrid": (lambda x: sum(total(np.sin(x * a)) for a in np.ogrid[0:3, 0:2]), 0.3),
    "ndarray": (lambda x: filled(x, 3) + filled(x, (2, 3), dtype=float) + filled(x, shape=2), 0.3),
    "fromfunction": (lambda x: total(np.fromfunction(lambda i, j: np.sin(x * i) + j, (2, 3))), 0.3),
    "windows": (lambda x: total(x * np.hanning(3) + np.hamming(3) * np.bartlett(3) ** x), V),
    # counts
    "bincount by weights": (lambda x: total(np.bincount(PLACES, weights=x) ** 2), V),
    "bincount of a length": (lambda x: total(np.bincount(PLACES, x, 5) ** 2), V),
    "histogram by weights": (lambda x: total(np.histogram(V, 2, weights=x)[0] ** 2), V),
    "histogram, its edges": (lambda x: total(np.histogram(x, 3)[1] ** 2), V),
    "histogram, a density": (lambda x: total(np.histogram(x, [0.0, 1.0, 1.8, 3.0], density=True, weights=x)[0]), V),
    "histogram in a range": (lambda x: total(np.histogram(V, bins=3, range=(0.0, 2.0), weights=x)[0] ** 2), V),
    # missing values
    "nancumsum": (lambda x: total(np.nancumsum(x + HOLES, axis=1) ** 2) + total(np.nancumprod(x + HOLES)), M),
    "nanprod": (lambda x: total(np.nanprod(x + HOLES, axis=0)), M),
    "nanmedian": (lambda x: np.nanmedian(x + HOLES) + total(np.nanmedian(x + HOLES, axis=1)), M),
    "nanquantile": (lambda x: np.nanquantile(x + HOLES, 0.3) + total(np.nanpercentile(x + HOLES, 40, axis=1)), M),
    "several percentiles": (lambda x: total(np.percentile(x, [30, 60]) ** 2) + total(np.quantile(x, V / 3, axis=1)), M),
    # sets
    "unique with counts": (lambda x: total(np.multiply(*np.unique(np.append(x, x[:2]), return_counts=True))), V),
    "unique with places": (lambda x: total(np.unique(x, return_index=True, return_inverse=True)[0]), V),
    "union1d": (lambda x: total(np.union1d(x, [x[1] ** 2, 1.0]) ** 2), V),
    "intersect1d": (lambda x: total(np.intersect1d(x, x[1:]) ** 2) + total(np.setdiff1d(x, x[:1])), V),
    "setxor1d": (lambda x: total(np.setxor1d(x[:2], x[1:] * 1) ** 2), V),
    # polynomials
    "poly": (lambda x: total(np.poly(x)), V),
    "sums of polynomials": (lambda x: total(np.polyadd(x, x[:2]) ** 2) + total(np.polysub(x[:1], x) ** 2), V),
    "polymul": (lambda x: total(np.polymul(x, x[:2])), V),
    "polyder": (lambda x: total(np.polyder(x) ** 2) + total(np.polyder(x, 2)) + total(np.polyint(x) ** 2), V),
    # parts of arrays
    "resize": (lambda x: total(np.resize(x, (2, 4)) ** 2) + total(np.resize(x, 2)), V),
    "trim_zeros": (lambda x: total(np.trim_zeros(np.concatenate([np.zeros(2), x, np.zeros(1)])) ** 2), V),
    "broadcast_arrays": (lambda x: total(np.multiply(*np.broadcast_arrays(x[:, None], x))), V),
    "sliding windows": (lambda x: total(np.lib.stride_tricks.sliding_window_view(x, 2) ** 2), V),
    "sliding windows of matrices": (lambda x: total(np.lib.stride_tricks.sliding_window_view(x, (2, 2)) ** 2), M),
    "sliding windows of rows": (lambda x: total(np.lib.stride_tricks.sliding_window_view(x, 2, axis=-1) ** 2), M),
    "put_along_axis": (put, M),
    "ediff1d with ends": (lambda x: total(np.ediff1d(x, to_begin=x[0] ** 2, to_end=[1.0, 2.0]) ** 2), V),
    # the names of the array API
    "cumulative_sum": (lambda x: total(np.cumulative_sum(x, axis=1, include_initial=True) ** 2), M),
    "norms of linalg": (lambda x: np.linalg.vector_norm(x) + np.linalg.matrix_norm(x) + np.linalg.trace(x), S),
    "products of linalg": (lambda x: total(np.linalg.vecdot(x, x ** 2)) + total(np.linalg.matmul(x, x)), S),
    # slices as values
    "slices in a list": (lambda x: along(x, 1) + along(x, 0), M),
    "slices in a tuple": (lambda x: doubled_inside(x, 1, 2), M),
    "slices in a loop": (lambda x: in_chunks(x, 2), V),
    "np.s_": (lambda x: left(x, 2), M),
    # arguments that decide the structure
    "a computed power of a matrix": (lambda x: total(power(x, 3)), S),
    "a computed order of differences": (lambda x: total(differences(x, 2) ** 2), M.T),
    # `out` by position
    "out that is None": (lambda x: total(products(x, x, None)) + total(np.sum(x, 0, None, None)), V),
    "round into an array": (rounded_into, V),
    "clip into an array": (clipped_into, V),
    "clip to no bounds": (lambda x: total(np.clip(x, None, None) ** 2) + total(x.clip(None, None, None)), V),
}


@pytest.mark.parametrize("name", CASES)
def test_composed_arrays(name: str) -> None:
    assert_right(*CASES[name])


def test_slices_of_lists() -> None:
    def f(x: Any) -> Any:
        head, values = slice(0, 2), [x[0], x[1], x[2]]
        values[head] = [values[1] * 2, values[0]]
        first, second = values[slice(None, -1)]
        return first * second ** 2 * values[2]

    assert_right(f, V)


def test_numbers_have_no_dtype() -> None:
    """A number of Python has the attributes that it has in Python."""
    def scale(x: Any) -> Any:
        if hasattr(x, "dtype"):
            return 2.0 * x
        try:
            return x * x.size
        except AttributeError:
            return 3.0 * x

    assert srcad.grad(scale)(0.5) == 3.0 and srcad.grad(scale)(np.float64(0.5)) == 2.0
    assert srcad.grad(lambda x: x ** 2 if x.shape == () and x.ndim == 0 else x)(3.0) == 6.0  # nobody asks


def test_a_diagonal_matrix_is_new() -> None:
    def spread(x: Any) -> Any:
        y = np.diag([x, x, 1.0])
        y += np.outer(y[0], y[1])
        return total(y)

    assert_right(spread, 0.7)


def test_arrays_in_place_of_results() -> None:
    """What stands in the place of `out` is changed, as by NumPy."""
    out = np.zeros(3)
    gradient = srcad.grad(lambda x, out: np.sum(np.cumsum(x, 0, None, out)))(V, out)
    assert np.array_equal(out, np.cumsum(V)) and np.array_equal(gradient, [3.0, 2.0, 1.0])
