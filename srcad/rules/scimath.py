"""The functions of `np.emath`, which leave the real numbers where the plain ones give NaN.

Whether a result is complex depends on values, so nothing is known of its dtype.  On the cuts the derivative is the one
along the real axis, which the result itself tells: `arcsin` has the partial `1 / cos(z)`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from srcad.ir.types import Type
from srcad.rules.ops import pointwise
from srcad.rules.symbols import is_complex, type_in

_math = np.lib.scimath


def _type(x: Any) -> Type:
    t = type_in(x)
    return Type("array" if t.kind == "array" else "scalar", t.dtype if is_complex(x) else None, t.shape)


pointwise(_math.sqrt, lambda t, z, x: t / (2 * z), infer=_type)
pointwise(_math.log, lambda t, z, x: t / x, infer=_type)
pointwise(_math.log2, lambda t, z, x: t / (math.log(2) * x), infer=_type)
pointwise(_math.log10, lambda t, z, x: t / (math.log(10) * x), infer=_type)
pointwise(_math.arcsin, lambda t, z, x: t / np.cos(z), infer=_type)
pointwise(_math.arccos, lambda t, z, x: -(t / np.sin(z)), infer=_type)
pointwise(_math.arctanh, lambda t, z, x: t / (1 - x * x), infer=_type)
