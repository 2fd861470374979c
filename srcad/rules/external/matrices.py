"""Functions of matrices: the exponential, the square root, and Sylvester's equation."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import scipy.linalg

from srcad.rules import results
from srcad.rules.linalg import T
from srcad.rules.ops import custom
from srcad.rules.symbols import recorded

_expm, _sylvester = recorded(scipy.linalg.expm), recorded(scipy.linalg.solve_sylvester)
_matmul, _concatenate = recorded(operator.matmul), recorded(np.concatenate)


def _frechet(a: Any, t: Any) -> Any:
    """The derivative of the exponential at `a` along `t`: the upper right block of exp [[a, t], [0, a]].

    Higham, Functions of Matrices, theorem 3.6."""
    n = np.shape(a)[0]
    both = _concatenate([_concatenate([a, t], axis=1), _concatenate([0 * a, a], axis=1)])
    return _expm(both)[:n, n:]


custom(scipy.linalg.expm, jvps=(lambda t, y, a: _frechet(a, t),), vjps=(lambda g, y, a: _frechet(T(a), g),),
       name="scipy.linalg.expm", infer=results.like)
custom(scipy.linalg.sqrtm, jvps=(lambda t, y, a: _sylvester(y, y, t),),
       vjps=(lambda g, y, a: _sylvester(T(y), T(y), g),), name="scipy.linalg.sqrtm", infer=results.like)


def _back(g: Any, a: Any, b: Any) -> Any:
    return _sylvester(T(a), T(b), g)


custom(scipy.linalg.solve_sylvester,
       jvps=(lambda t, x, a, b, q: -_sylvester(a, b, _matmul(t, x)),
             lambda t, x, a, b, q: -_sylvester(a, b, _matmul(x, t)),
             lambda t, x, a, b, q: _sylvester(a, b, t)),
       vjps=(lambda g, x, a, b, q: -_matmul(_back(g, a, b), T(x)),
             lambda g, x, a, b, q: -_matmul(T(x), _back(g, a, b)),
             lambda g, x, a, b, q: _back(g, a, b)),
       name="scipy.linalg.solve_sylvester", infer=lambda a, b, q: results.like(q))
