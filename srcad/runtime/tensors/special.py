"""The error function, the gamma function and their like: SciPy's, under the names of `torch.special`."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from srcad.runtime.tensors.elementary import unary
from srcad.runtime.tensors.tensor import Tensor


@cache
def _function(title: str, name: str) -> Callable[[Tensor], Tensor]:
    import scipy.special  # takes longer than all of srcad: loaded when it is needed

    return unary(title, getattr(scipy.special, name))


def _special(title: str, name: str) -> Callable[[Any], Tensor]:
    def call(input: Any) -> Tensor:
        return _function(title, name)(input)

    call.__name__ = call.__qualname__ = title
    call.__doc__ = f"`scipy.special.{name}` of each element."
    return call


erf, erfc, erfinv = _special("erf", "erf"), _special("erfc", "erfc"), _special("erfinv", "erfinv")
lgamma, digamma = _special("lgamma", "gammaln"), _special("digamma", "digamma")
i0, ndtr = _special("i0", "i0"), _special("ndtr", "ndtr")
gammaln, psi = lgamma, digamma
