"""Splines of `scipy.interpolate`: an object that was made outside is a function, and its derivative is another one.

    spline = CubicSpline(xs, ys)                      y = spline(t)
    y = spline(t)                      becomes        dt = dy * derivative_of_spline(t)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import interpolate

from srcad.ir.infer import broadcast
from srcad.ir.ops import op_of
from srcad.ir.types import Type
from srcad.rules.ops import custom, elementwise, pointwise, refused
from srcad.rules.results import made
from srcad.rules.symbols import recorded, shape, type_in

_SPLINES = (interpolate.PPoly, interpolate.BSpline, interpolate.UnivariateSpline)


def declare(function: Any) -> None:
    """Give a spline, or the method `ev` of one of two variables, its rule."""
    if isinstance(function, type) or op_of(function) is not None:
        return
    surface = getattr(function, "__self__", None)
    if isinstance(function, _SPLINES + (interpolate.interp1d,)) and _of_numbers(function):
        elementwise(function, lambda y, x: recorded(_with_rule(derivative(function)))(x), name="spline",
                    infer=_array_like)
    elif isinstance(surface, interpolate.BivariateSpline) and function.__name__ == "ev":
        at = recorded(function)
        elementwise(function, lambda z, x, y, dx=0, dy=0: at(x, y, dx=dx + 1, dy=dy),
                    lambda z, x, y, dx=0, dy=0: at(x, y, dx=dx, dy=dy + 1),
                    name="spline", structure=frozenset({"dx", "dy"}), infer=_both_like)


def _array_like(x: Any, *_: Any, **__: Any) -> Type:
    """Splines give arrays, of numbers too."""
    return Type("array", np.dtype(float), type_in(x).shape)


def _both_like(x: Any, y: Any, **_: Any) -> Type:
    shapes = [type_in(a).shape for a in (x, y)]
    return Type("array", np.dtype(float), None if None in shapes else broadcast(shapes))  # type: ignore[arg-type]


def derivative(spline: Any) -> Callable[..., Any]:
    """The derivative of a spline, as a spline."""
    if not isinstance(spline, interpolate.interp1d):
        result: Callable[..., Any] = spline.derivative()
        return result
    steps = np.diff(spline.y) / np.diff(spline.x)
    return interpolate.PPoly(steps[None], spline.x)  # type: ignore[no-any-return]


def _with_rule(function: Any) -> Any:
    declare(function)
    return function


def _of_numbers(spline: Any) -> bool:
    if isinstance(spline, interpolate.interp1d):
        return bool(spline._kind == "linear" and np.ndim(spline.y) == 1 and np.ndim(spline.fill_value) == 0
                    and spline.fill_value != "extrapolate")
    held = getattr(spline, "c", None)
    return held is None or np.ndim(held) == (2 if isinstance(spline, interpolate.PPoly) else 1)


# --- by their knots and coefficients

def curve(x: Any, tck: Any, der: int = 0, ext: int = 0) -> Any:
    """`splev`, also for derivatives of a higher order than the spline has."""
    return interpolate.splev(x, tck, der, ext) if der <= tck[2] else np.zeros(np.shape(x))


def surface(x: Any, y: Any, tck: Any, dx: int = 0, dy: int = 0) -> Any:
    """`bisplev`, also for derivatives of the order of the spline, which is then a step, or of a higher one."""
    tx, ty, c, kx, ky = tck
    if dx < kx and dy < ky:
        return interpolate.bisplev(x, y, tck, dx, dy)
    if dx > kx or dy > ky:
        return 0 * interpolate.bisplev(x, y, tck)
    spline = interpolate.NdBSpline((tx, ty), np.reshape(c, (len(tx) - kx - 1, len(ty) - ky - 1)), (kx, ky))
    points = np.stack(np.meshgrid(x, y, indexing="ij"), -1)
    return np.reshape(spline(points, nu=(dx, dy)), np.shape(interpolate.bisplev(x, y, tck)))[()]


_curve, _surface = recorded(curve), recorded(surface)
_sum, _size, _reshape = recorded(np.sum), recorded(np.size), recorded(np.reshape)


def _slope(t: Any, y: Any, x: Any, tck: Any, der: int = 0, ext: int = 0) -> Any:
    if ext == 3:
        return refused("scipy.interpolate.splev with ext=3")(t)
    return t * _curve(x, tck, der + 1, ext)


for _function, _name in ((interpolate.splev, "scipy.interpolate.splev"), (curve, "curve")):
    pointwise(_function, _slope, refused("scipy.interpolate.splev by its coefficients"), name=_name,
              structure=frozenset({"der", "ext"}), lists=True, infer=_array_like)


def _along(axis: int) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The modes of a surface on a grid by the points along one axis; extents of 1 are not axes of the result."""
    def partial(x: Any, y: Any, tck: Any, dx: int, dy: int) -> Any:
        return _surface(x, y, tck, dx + (axis == 0), dy + (axis == 1))

    def jvp(t: Any, z: Any, x: Any, y: Any, tck: Any, dx: int = 0, dy: int = 0) -> Any:
        slope = partial(x, y, tck, dx, dy)
        if _is_point(x, y):
            return t * slope
        grid = (_size(x), _size(y))
        return _reshape(_reshape(t, (-1, 1) if axis == 0 else (1, -1)) * _reshape(slope, grid), shape(z))

    def vjp(g: Any, z: Any, x: Any, y: Any, tck: Any, dx: int = 0, dy: int = 0) -> Any:
        product = g * partial(x, y, tck, dx, dy)
        if _is_point(x, y):
            return product
        return _reshape(_sum(_reshape(product, (_size(x), _size(y))), axis=1 - axis), shape((x, y)[axis]))

    return jvp, vjp


def _is_point(x: Any, y: Any) -> bool:
    return type_in(x).rank == type_in(y).rank == 0


def _surface_type(x: Any, y: Any, *_: Any, **__: Any) -> Type:
    return made((), np.dtype(float)) if _is_point(x, y) else Type("unknown", np.dtype(float))


(_jvp_x, _vjp_x), (_jvp_y, _vjp_y) = _along(0), _along(1)
_by_coefficients = refused("scipy.interpolate.bisplev by its coefficients")
for _function, _name in ((interpolate.bisplev, "scipy.interpolate.bisplev"), (surface, "surface")):
    custom(_function, jvps=(_jvp_x, _jvp_y, _by_coefficients), vjps=(_vjp_x, _vjp_y, _by_coefficients), name=_name,
           structure=frozenset({"dx", "dy"}), lists=True, infer=_surface_type)
