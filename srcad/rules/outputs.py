"""The output of a differentiated function."""

from __future__ import annotations

import numpy as np

from srcad.ir.types import Type
from srcad.rules.ops import constant, linear
from srcad.rules.symbols import type_in
from srcad.runtime.outputs import single, stop_gradient

SINGLE = linear(single, lambda g, y, x: np.reshape(g, np.shape(x))[()], name="single",
                infer=lambda y: Type("scalar", type_in(y).dtype, ()))
constant(stop_gradient, infer=type_in, memory="view")
