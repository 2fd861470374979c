"""Numbers at distances, grids of them, and running sums."""

from __future__ import annotations

import numpy as np


def linspace_with_step(start, stop, num=50, endpoint=True, retstep=False, dtype=None, axis=0):  # type: ignore[no-untyped-def]
    steps = num - 1 if endpoint else num
    if axis == 0:
        return np.linspace(start, stop, num, endpoint, dtype=dtype), (stop - start) / steps
    return np.linspace(start, stop, num, endpoint, dtype=dtype, axis=axis), (stop - start) / steps


def logspace(start, stop, num=50, endpoint=True, base=10.0, dtype=None, axis=0):  # type: ignore[no-untyped-def]
    return np.power(base, np.linspace(start, stop, num, endpoint))


def geomspace(start, stop, num=50, endpoint=True, dtype=None, axis=0):  # type: ignore[no-untyped-def]
    sign = np.sign(start)
    return sign * np.exp(np.linspace(np.log(sign * start), np.log(sign * stop), num, endpoint))


def mgrid(*axes):  # type: ignore[no-untyped-def]
    return np.stack(np.meshgrid(*axes, indexing="ij"))


def ogrid(*axes):  # type: ignore[no-untyped-def]
    return tuple([a.reshape((1,) * k + (-1,) + (1,) * (len(axes) - k - 1)) for k, a in enumerate(axes)])


def _with_initial(sums, initial, axis):  # type: ignore[no-untyped-def]
    lines = np.moveaxis(sums, axis, 0)
    return np.moveaxis(np.concatenate([initial * np.ones_like(lines[:1]), lines]), 0, axis)


def cumulative_sum(x, axis=None, dtype=None, out=None, include_initial=False):  # type: ignore[no-untyped-def]
    axis = 0 if axis is None else axis
    sums = np.cumsum(x, axis=axis, dtype=dtype)
    return _with_initial(sums, 0, axis) if include_initial else sums


def cumulative_prod(x, axis=None, dtype=None, out=None, include_initial=False):  # type: ignore[no-untyped-def]
    axis = 0 if axis is None else axis
    products = np.cumprod(x, axis=axis, dtype=dtype)
    return _with_initial(products, 1, axis) if include_initial else products


def interp(x, xp, fp, left=None, right=None, period=None):  # type: ignore[no-untyped-def]
    if period is not None:
        period = abs(period)
        xp, x = np.asarray(xp) % period, x % period
        order = np.argsort(xp)
        xp, fp = xp[order], np.asarray(fp)[order]
        xp = np.concatenate([xp[-1:] - period, xp, xp[:1] + period])
        return np.interp(x, xp, np.concatenate([fp[-1:], fp, fp[:1]]))
    y = np.interp(x, xp, fp)
    if left is not None:
        y = np.where(x < xp[0], left, y)[()]
    if right is not None:
        y = np.where(x > xp[-1], right, y)[()]
    return y
