"""The nan-functions: reductions that skip what is not a number."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.rules.ops import Function, custom
from srcad.rules.reductions import extreme_share, kept, spread
from srcad.rules.symbols import is_complex


def _present(x: Any) -> Any:
    return ~np.isnan(x)


def _only_present(g: Any, x: Any) -> Any:
    return np.where(np.isnan(x), 0, g)


def _sum_vjp(g: Any, y: Any, x: Any, axis: Any = None, dtype: Any = None, out: Any = None,
             keepdims: Any = False) -> Any:
    return _only_present(spread(g, x, axis, keepdims), x)


def _sum_jvp(t: Any, y: Any, x: Any, axis: Any = None, dtype: Any = None, out: Any = None,
             keepdims: Any = False) -> Any:
    return np.sum(_only_present(t, x), axis=axis, keepdims=keepdims)


def _mean_vjp(g: Any, y: Any, x: Any, axis: Any = None, dtype: Any = None, out: Any = None,
              keepdims: Any = False) -> Any:
    return _sum_vjp(g / np.sum(_present(x), axis=axis, keepdims=keepdims), y, x, axis, keepdims=keepdims)


def _mean_jvp(t: Any, y: Any, x: Any, axis: Any = None, dtype: Any = None, out: Any = None,
              keepdims: Any = False) -> Any:
    return _sum_jvp(t, y, x, axis, keepdims=keepdims) / np.sum(_present(x), axis=axis, keepdims=keepdims)


# A sum that skips what is not a number is linear once x says where that is, so both modes are stated.
custom(np.nansum, jvps=(_sum_jvp,), vjps=(_sum_vjp,))
custom(np.nanmean, jvps=(_mean_jvp,), vjps=(_mean_vjp,))


def _filled(function: Function, value: float) -> tuple[Function, Function]:
    """The rules of a nan-function that is `function` of x with `value` in place of NaN."""

    def jvp(t: Any, y: Any, x: Any, axis: Any = None, dtype: Any = None, out: Any = None,
            keepdims: Any = False) -> Any:
        return np.sum(_only_present(t, x) * function(y, np.where(np.isnan(x), value, x), axis, keepdims), axis=axis,
                      keepdims=keepdims)

    def vjp(g: Any, y: Any, x: Any, axis: Any = None, dtype: Any = None, out: Any = None,
            keepdims: Any = False) -> Any:
        share = function(y, np.where(np.isnan(x), value, x), axis, keepdims)
        return _only_present(kept(g, x, axis, keepdims) * share, x)

    return jvp, vjp


for _function, _fill in ((np.nanmax, -np.inf), (np.nanmin, np.inf)):
    _jvp, _vjp = _filled(extreme_share, _fill)
    custom(_function, jvps=(_jvp,), vjps=(_vjp,))


def _centred(x: Any, axis: Any) -> Any:
    centred = np.where(np.isnan(x), 0, x - np.nanmean(x, axis=axis, keepdims=True))
    return np.conj(centred) if is_complex(x) else centred


def _freedom(x: Any, axis: Any, ddof: float, keepdims: Any) -> Any:
    return np.sum(_present(x), axis=axis, keepdims=keepdims) - ddof


def _var_jvp(t: Any, y: Any, x: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: float = 0,
             keepdims: Any = False) -> Any:
    total = np.sum(_only_present(t, x) * _centred(x, axis), axis=axis, keepdims=keepdims)
    return (np.real(total) if is_complex(x) else total) * 2 / _freedom(x, axis, ddof, keepdims)


def _var_vjp(g: Any, y: Any, x: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: float = 0,
             keepdims: Any = False) -> Any:
    return kept(2 * g / _freedom(x, axis, ddof, keepdims), x, axis, keepdims) * _centred(x, axis)


def _root(y: Any) -> Any:
    return np.where(y == 0, 1, 2 * y)


custom(np.nanvar, jvps=(_var_jvp,), vjps=(_var_vjp,))
custom(np.nanstd, jvps=(lambda t, y, x, *args, **kwargs: _var_jvp(t, y, x, *args, **kwargs) / _root(y),),
       vjps=(lambda g, y, x, *args, **kwargs: _var_vjp(g / _root(y), y, x, *args, **kwargs),))
