"""Functions of `scipy.special`.  Formulas: the NIST Digital Library of Mathematical Functions, https://dlmf.nist.gov."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import special as sp

from srcad.ir.ops import op_of
from srcad.rules.ops import RULES, Function, refused
from srcad.rules.ops import elementwise as _elementwise
from srcad.rules.results import made
from srcad.rules.symbols import recorded, type_in

_zeta = recorded(sp.zeta)
_ROOT_PI = math.sqrt(math.pi)
_ROOT_2PI = math.sqrt(2 * math.pi)


def elementwise(name: str, *partials: Function | None) -> None:
    """The rule of a function, where this SciPy has it (one function may have two names)."""
    function = getattr(sp, name, None)
    if op_of(function) in RULES:
        return  # its user has stated one
    if function is not None and (function.__name__ == name or not hasattr(sp, function.__name__)):
        _elementwise(function, *partials, name=f"scipy.special.{name}")


def _by(function: str, argument: str) -> Function:
    return refused(f"scipy.special.{function} by its argument {argument}")


# --- logistic and error functions (DLMF 7)
elementwise("expit", lambda y, x: y * (1 - y))
elementwise("logit", lambda y, x: 1 / (x * (1 - x)))
elementwise("log_expit", lambda y, x: sp.expit(-x))
elementwise("erf", lambda y, x: 2 / _ROOT_PI * np.exp(-x * x))
elementwise("erfc", lambda y, x: -2 / _ROOT_PI * np.exp(-x * x))
elementwise("erfcx", lambda y, x: 2 * x * y - 2 / _ROOT_PI)
elementwise("erfi", lambda y, x: 2 / _ROOT_PI * np.exp(x * x))
elementwise("dawsn", lambda y, x: 1 - 2 * x * y)
elementwise("erfinv", lambda y, x: _ROOT_PI / 2 * np.exp(y * y))
elementwise("erfcinv", lambda y, x: -_ROOT_PI / 2 * np.exp(y * y))
elementwise("ndtr", lambda y, x: np.exp(-x * x / 2) / _ROOT_2PI)
elementwise("log_ndtr", lambda y, x: np.exp(-x * x / 2 - y) / _ROOT_2PI)
elementwise("ndtri", lambda y, x: _ROOT_2PI * np.exp(y * y / 2))

# --- exponentials, logarithms and entropies
if op_of(sp.lambertw) not in RULES:
    _elementwise(sp.lambertw, lambda w, z, *_, **__: np.exp(-w) / (1 + w), name="scipy.special.lambertw",
                 infer=lambda z, *_, **__: made(type_in(z).shape, np.dtype(complex)))
elementwise("expm1", lambda y, x: y + 1)
elementwise("log1p", lambda y, x: 1 / (1 + x))
elementwise("exp2", lambda y, x: math.log(2) * y)
elementwise("exp10", lambda y, x: math.log(10) * y)
elementwise("cbrt", lambda y, x: 1 / (3 * y * y))
elementwise("xlogy", lambda z, x, y: np.log(y), lambda z, x, y: x / y)
elementwise("xlog1py", lambda z, x, y: np.log1p(y), lambda z, x, y: x / (1 + y))
elementwise("entr", lambda y, x: -np.log(x) - 1)
elementwise("rel_entr", lambda z, x, y: np.log(x / y) + 1, lambda z, x, y: -x / y)
elementwise("kl_div", lambda z, x, y: np.log(x / y), lambda z, x, y: 1 - x / y)
elementwise("huber", _by("huber", "delta"), lambda z, d, r: np.clip(r, -d, d))
elementwise("pseudo_huber", _by("pseudo_huber", "delta"), lambda z, d, r: r / np.sqrt(1 + (r / d) ** 2))
elementwise("boxcox", lambda z, x, p: x ** (p - 1), _by("boxcox", "lmbda"))
elementwise("expi", lambda y, x: np.exp(x) / x)
elementwise("exp1", lambda y, x: -np.exp(-x) / x)
elementwise("spence", lambda y, x: np.log(x) / (1 - x))
elementwise("softplus", lambda y, x: sp.expit(x))

# --- the gamma function and its relatives (DLMF 5, 8)
elementwise("gamma", lambda y, x: y * sp.psi(x))
elementwise("gammaln", lambda y, x: sp.psi(x))
elementwise("loggamma", lambda y, x: sp.psi(x))
elementwise("rgamma", lambda y, x: -y * sp.psi(x))
elementwise("psi", lambda y, x: _trigamma(x))
elementwise("zeta", _by("zeta", "x"), lambda y, x, q: -x * _zeta(x + 1, q))
elementwise("beta", lambda y, a, b: y * (sp.psi(a) - sp.psi(a + b)), lambda y, a, b: y * (sp.psi(b) - sp.psi(a + b)))
elementwise("betaln", lambda y, a, b: sp.psi(a) - sp.psi(a + b), lambda y, a, b: sp.psi(b) - sp.psi(a + b))
elementwise("gammainc", _by("gammainc", "a"), lambda y, a, x: _gamma_density(a, x))
elementwise("gammaincc", _by("gammaincc", "a"), lambda y, a, x: -_gamma_density(a, x))
elementwise("betainc", _by("betainc", "a"), _by("betainc", "b"), lambda y, a, b, x: _beta_density(a, b, x))
elementwise("binom", lambda y, n, k: y * (sp.psi(n + 1) - sp.psi(n - k + 1)),
            lambda y, n, k: y * (sp.psi(n - k + 1) - sp.psi(k + 1)))
elementwise("poch", lambda y, z, m: y * (sp.psi(z + m) - sp.psi(z)), lambda y, z, m: y * sp.psi(z + m))


def _trigamma(x: Any) -> Any:
    """The derivative of psi: Hurwitz's zeta(2, x)."""
    return _zeta(2, x)


def _gamma_density(a: Any, x: Any) -> Any:
    return np.exp(sp.xlogy(a - 1, x) - x - sp.gammaln(a))


def _beta_density(a: Any, b: Any, x: Any) -> Any:
    return np.exp(sp.xlogy(a - 1, x) + sp.xlog1py(b - 1, -x) - sp.betaln(a, b))


# --- Bessel functions (DLMF 10.6, 10.29)
elementwise("j0", lambda y, x: -sp.j1(x))
elementwise("j1", lambda y, x: (sp.j0(x) - sp.jv(2, x)) / 2)
elementwise("jv", _by("jv", "v"), lambda y, n, x: (sp.jv(n - 1, x) - sp.jv(n + 1, x)) / 2)
elementwise("y0", lambda y, x: -sp.y1(x))
elementwise("y1", lambda y, x: (sp.y0(x) - sp.yv(2, x)) / 2)
elementwise("yn", None, lambda y, n, x: (sp.yv(n - 1, x) - sp.yv(n + 1, x)) / 2)
elementwise("yv", _by("yv", "v"), lambda y, n, x: (sp.yv(n - 1, x) - sp.yv(n + 1, x)) / 2)
elementwise("i0", lambda y, x: sp.i1(x))
elementwise("i1", lambda y, x: (sp.i0(x) + sp.iv(2, x)) / 2)
elementwise("iv", _by("iv", "v"), lambda y, n, x: (sp.iv(n - 1, x) + sp.iv(n + 1, x)) / 2)
elementwise("ive", _by("ive", "v"), lambda y, n, x: (sp.ive(n - 1, x) + sp.ive(n + 1, x)) / 2 - np.sign(x) * y)
elementwise("i0e", lambda y, x: sp.i1e(x) - np.sign(x) * y)
elementwise("i1e", lambda y, x: (sp.i0e(x) + sp.ive(2, x)) / 2 - np.sign(x) * y)
elementwise("k0", lambda y, x: -sp.k1(x))
elementwise("k1", lambda y, x: -(sp.k0(x) + sp.kv(2, x)) / 2)
elementwise("kn", None, lambda y, n, x: -(sp.kv(n - 1, x) + sp.kv(n + 1, x)) / 2)
elementwise("kv", _by("kv", "v"), lambda y, n, x: -(sp.kv(n - 1, x) + sp.kv(n + 1, x)) / 2)

# --- elliptic integrals and hypergeometric functions (DLMF 19.4, 13.3, 15.5)
elementwise("ellipk", lambda y, m: (sp.ellipe(m) - (1 - m) * y) / (2 * m * (1 - m)))
elementwise("ellipe", lambda y, m: (y - sp.ellipk(m)) / (2 * m))
elementwise("hyp1f1", _by("hyp1f1", "a"), _by("hyp1f1", "b"), lambda y, a, b, x: a / b * sp.hyp1f1(a + 1, b + 1, x))
elementwise("hyp2f1", _by("hyp2f1", "a"), _by("hyp2f1", "b"), _by("hyp2f1", "c"),
            lambda y, a, b, c, x: a * b / c * sp.hyp2f1(a + 1, b + 1, c + 1, x))

_elementwise(sp.gammasgn, lambda y, x: 0.0, name="scipy.special.gammasgn")
