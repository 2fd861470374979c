"""Calls over numbers and lists at which the rules are checked."""

from __future__ import annotations

import builtins
import cmath
import math

import numpy as np
from rulecases import case, normal

from srcad.runtime import arrays, lists, scalars, tapes

for name in ("exp", "sin", "cos", "tan", "sinh", "cosh", "tanh", "asinh", "atan", "asin", "acos", "atanh", "sqrt",
             "log", "log10"):
    case(getattr(math, name), 0.3)
    case(getattr(math, name), 0.8)
    case(getattr(cmath, name), 0.3 + 0.2j)
case(math.acosh, 1.7)
case(cmath.acosh, 1.7 + 0.1j)
for name in ("expm1", "log1p", "log2", "erf", "erfc", "gamma", "lgamma", "degrees", "radians", "fabs", "exp2", "cbrt"):
    if hasattr(math, name):
        case(getattr(math, name), 0.7)
        case(getattr(math, name), 2.4)
case(math.fabs, -0.7)
case(math.gamma, -0.5)
case(math.log, 3.0, 2.0)
case(math.pow, 1.7, 2.3)
case(math.atan2, 0.3, -0.7)
case(math.hypot, 0.3, -0.7)
case(math.hypot, 0.3, -0.7, 1.5)
case(math.copysign, 0.3, -0.7)
case(math.fmod, 7.3, 2.1)
case(math.fmod, -7.3, 2.1)
case(math.remainder, 7.3, 2.1)
case(math.ldexp, 0.7, 3)
case(math.fsum, [0.1, 0.2, 0.3])
case(math.fsum, normal(3))
case(scalars.power_slope, 1.7, 2.3)
case(scalars.power_log, 1.7)
case(scalars.power_log_slope, 1.7)
case(scalars.quotient, 1.7, 2.3)
case(scalars.polygamma, 0, 1.3)
case(scalars.polygamma, 2, 0.7)
case(float, 1.5)
case(float, np.array(1.5))
case(complex, 1.5, 2.5)
case(complex, 1.5 + 2j)
for f in (max, min):
    case(f, 0.3, 0.7)
    case(f, 0.7, 0.3)
    case(f, 0.3, 0.7, 0.1)
    case(f, normal(4))
case(builtins.pow, 1.7, 2.3)
case(builtins.pow, 1.7, 3)
case(builtins.sum, normal(3))
case(builtins.sum, normal(3, 2))
case(builtins.sum, normal(3), 1.5)
case(arrays.item_of, np.array(0.4))
case(arrays.item_of, np.array([[0.4]]))
case(arrays.flatten, normal(2, 3))
case(arrays.duplicate, normal(2, 3))
case(arrays.tolist, normal(3))
case(arrays.astype, normal(3).astype(np.float32), np.float64)
case(arrays.astype, normal(3), complex)

# What rules call: for cotangents of cotangents.
case(arrays.unbroadcast, normal(3, 4), normal(4))
case(arrays.unbroadcast, normal(3, 4), normal(3, 1))
case(arrays.unbroadcast, normal(3, 4), 1.5)
case(arrays.project, normal(3) + 1j, normal(3))
case(arrays.project, normal(3), normal(3))
case(arrays.sum_transpose, normal(3), normal(3, 4), axis=1)
case(arrays.sum_transpose, np.array(2.0), normal(3, 4))
for a, b in ((normal(3), normal(3)), (normal(2, 3), normal(3)), (normal(3), normal(3, 2)), (normal(2, 3), normal(3, 2)),
             (normal(4, 2, 3), normal(3)), (normal(3), normal(4, 3, 2)), (normal(4, 2, 3), normal(3, 2))):
    case(arrays.matmul_left, normal(*np.shape(a @ b))[()], a, b)
    case(arrays.matmul_right, normal(*np.shape(a @ b))[()], a, b)
case(arrays.linear_recurrence, normal(4), normal(4))
case(arrays.linear_recurrence, normal(3, 4), normal(3, 4), axis=1)
case(arrays.shifted, normal(4), 1)
case(arrays.shifted, normal(3, 4), 0, axis=1)
case(arrays.other_products, normal(4))
case(arrays.other_products, np.array([1.0, 0.0, 2.0, 0.0]))
case(arrays.other_products, normal(3, 4), axis=1)
case(arrays.other_products, normal(3, 2, 2), axis=(0, 2))
case(arrays.sinc_derivative, normal(3), 1)
case(arrays.sinc_derivative, np.array([0.0, 0.01, 1.0, 5.0]), k=2)
case(arrays.add_along_axis, normal(3, 4), normal(3, 2), np.array([[0, 1], [1, 1], [2, 0]]), axis=1)
case(arrays.untiled, normal(4, 6), normal(2, 3), (2, 2))
case(arrays.unrepeated, normal(6), normal(3), 2)
case(arrays.unpadded, normal(5), normal(3), 1)
case(arrays.cofactor, normal(3, 3))
case(arrays.cofactor, normal(2, 3, 3))
case(arrays.thin_svd, normal(3, 2))
case(arrays.to_full, normal(4), normal(6), normal(3), mode="valid")
case(arrays.of_full, normal(8), normal(6), normal(3), mode="same")
case(arrays.resized, normal(4), normal(6), axis=0)
case(arrays.resized, normal(6, 2), normal(4, 2), axis=0)

# Lists.
XS, YS = [0.5, 1.5, -0.5], [2.0, 3.0]
ROWS = [normal(2), normal(2), normal(2)]
case(lists.new, 1.0, 2.0)
case(lists.new, normal(2), normal(2))
for xs, y in ((XS, 0.7), (ROWS, normal(2))):
    case(lists.append, xs, y)
    case(lists.item, xs, 1)
    case(lists.item, xs, -1)
    case(lists.set_item, xs, 1, y)
    case(lists.add_at, xs, y, 1)
    case(lists.pop, xs)
    case(lists.concat, xs, xs[:2])
    case(lists.repeat, xs, 2)
    case(lists.part, xs, slice(1, None))
    case(lists.part, xs, slice(None, None, 2))
    case(lists.set_part, xs, xs[:2], slice(0, 2))
    case(lists.backwards, xs)
    case(builtins.sum, xs)
case(lists.fold, [1.0, 2.0, 3.0, 4.0], YS)
case(lists.rows, normal(3))
case(lists.rows, normal(3, 2))
case(lists.pieces, normal(6), ROWS)
case(scalars.repeated, 1.5, XS)
case(max, XS)
case(min, XS)
for f in (np.array, np.asarray, np.stack, np.concatenate, np.vstack, np.hstack, np.column_stack):
    case(f, ROWS)
case(np.array, XS)
case(np.stack, ROWS, axis=1)
case(np.concatenate, [normal(2, 2), normal(2, 3)], axis=1)
case(tapes.add_trees, XS, XS)
