"""Functions of SciPy: values, gradients and second derivatives against differences."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcad

scipy = pytest.importorskip("scipy")

import scipy.fft as sf  # noqa: E402
import scipy.integrate as si  # noqa: E402
import scipy.interpolate as sp_int  # noqa: E402
import scipy.linalg as sl  # noqa: E402
import scipy.optimize as so  # noqa: E402
import scipy.signal as ss  # noqa: E402
import scipy.spatial.distance as sd  # noqa: E402
import scipy.special as sp  # noqa: E402
import scipy.stats as st  # noqa: E402
from scipy.special import logsumexp  # noqa: E402
from scipy.stats import multivariate_normal as mvn  # noqa: E402
from scipy.stats import norm  # noqa: E402

V = np.array([0.3, 0.6, 1.2])
A = np.array([[3.0, 0.5, 0.2], [0.4, 2.0, 0.1], [0.3, 0.2, 1.5]])
P = A @ A.T  # symmetric and positive


def total(y: Any) -> Any:
    """A number that tells the elements of an array apart."""
    weights = np.reshape(np.cos(1.3 * np.arange(np.size(y)) + 0.4), np.shape(y))
    return np.sum(weights * y)


KNOTS = np.linspace(0.0, 3.0, 7)
HEIGHTS = np.sin(KNOTS) * 3 + KNOTS
FIELD = np.sin(KNOTS)[:, None] * KNOTS**2
TCK = sp_int.splrep(KNOTS, HEIGHTS)
SURFACE = [*sp_int.RectBivariateSpline(KNOTS, KNOTS, FIELD).tck, 3, 3]
LINES = sp_int.splrep(KNOTS, HEIGHTS, k=1)
PLANES = [*sp_int.RectBivariateSpline(KNOTS, KNOTS, FIELD, kx=1, ky=2).tck, 1, 2]
SPLINES = [sp_int.CubicSpline(KNOTS, HEIGHTS), sp_int.UnivariateSpline(KNOTS, HEIGHTS, s=0),
           sp_int.PchipInterpolator(KNOTS, HEIGHTS), sp_int.make_interp_spline(KNOTS, HEIGHTS),
           sp_int.interp1d(KNOTS, HEIGHTS)]
RECTANGLE = sp_int.RectBivariateSpline(KNOTS, KNOTS, FIELD)

CASES: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "jn": (lambda x: total(sp.jn(2, x)), V),
    "yn": (lambda x: total(sp.yn(2, x)), V),
    "kn": (lambda x: total(sp.kn(2, x)), V),
    "gammainc": (lambda x: total(sp.gammainc(2.5, x)), V),
    "gammaincc": (lambda x: total(sp.gammaincc(2.5, x)), V),
    "betainc": (lambda x: total(sp.betainc(2.0, 3.0, x * 0.5)), V),
    "zeta": (lambda x: total(sp.zeta(3.0, x)), V),
    "lambertw": (lambda x: total(np.real(sp.lambertw(x) * sp.lambertw(-x / 9, -1))), V),
    **{f"spline {k}": (lambda x, spline=spline: total(spline(x) * x), V) for k, spline in enumerate(SPLINES)},
    "splev": (lambda x: total(sp_int.splev(x, TCK) + sp_int.splev(x, TCK, der=1) ** 2), V),
    "splev of a number": (lambda x: sp_int.splev(x[0], TCK) * x[1], V),
    "ev": (lambda x: total(RECTANGLE.ev(x, x[::-1] ** 2) + RECTANGLE.ev(x, 1.0, dy=1)), V),
    "bisplev": (lambda x: total(sp_int.bisplev(x, x[1:], SURFACE)) + total(sp_int.bisplev(x[:1], x, SURFACE)), V),
    "splev of lines": (lambda x: total(sp_int.splev(x, LINES) * x), V),
    "bisplev of lines": (lambda x: sp_int.bisplev(x[0], x[1] * x[2], PLANES) * x[0], V),
    "bisplev of a grid of lines": (lambda x: total(sp_int.bisplev(x, x[1:], PLANES)), V),
    "bisplev of numbers": (lambda x: sp_int.bisplev(x[0], x[1] * x[2], SURFACE), V),
    "polygamma": (lambda x: total(sp.polygamma(2, x) + sp.polygamma(0, x) + sp.polygamma(1, x)), V),
    "multigammaln": (lambda x: sp.multigammaln(x[2] + 4, 3), V),
    "hyp": (lambda x: total(sp.hyp2f1(1.0, 2.0, 3.0, x * 0.3) + sp.hyp1f1(1.0, 2.0, x)), V),
    "huber": (lambda x: total(sp.huber(0.5, x) + sp.pseudo_huber(0.5, x)), V),
    "logsumexp": (lambda x: logsumexp(x) + logsumexp(x, b=x * x), V),
    "lse_axis": (lambda x: total(logsumexp(x, axis=1)), A),
    "lse_sign": (lambda x: logsumexp(x, b=np.array([1.0, -3.0, 1.0]), return_sign=True)[0], V),
    "softmax": (lambda x: total(sp.softmax(x, axis=1) + sp.log_softmax(x, axis=0)), A),
    "factorial": (lambda x: sp.factorial(4) * x[0] + sp.comb(5, 2) * x[1], V),
    "chol": (lambda x: total(sl.cholesky(x) + sl.cholesky(x, lower=True)), P),
    "cho": (lambda x: total(sl.cho_solve(sl.cho_factor(x), V)), P),
    "chol_l": (lambda x: total(sl.cho_solve(sl.cho_factor(x, lower=True), x)), P),
    "tri": (
        lambda x: total(
            sl.solve_triangular(x, V)
            + sl.solve_triangular(x, V, lower=True, trans="T")
            + sl.solve_triangular(x, V, unit_diagonal=True)
        ),
        A,
    ),
    "solve": (lambda x: total(sl.solve(x, V)) + sl.det(x) + total(sl.inv(x)) + sl.norm(x), A),
    "eigh": (lambda x: total(sl.eigh(x)[0]) + total(sl.eigh(x, eigvals_only=True)), P),
    "svd": (lambda x: total(sl.svd(x)[1]) + total(sl.svdvals(x)), A),
    "expm": (lambda x: total(sl.expm(x * 0.3)), A),
    "sqrtm": (lambda x: total(sl.sqrtm(x)), P),
    "sylv": (lambda x: total(sl.solve_sylvester(x, x, x)), P),
    "block_diag": (lambda x: total(sl.block_diag(x, x * x, V)), A),
    "toeplitz": (lambda x: total(sl.toeplitz(x)) + total(sl.toeplitz(x, x * x)), V),
    "circ": (lambda x: total(sl.circulant(x)), V),
    "trap": (lambda x: si.trapezoid(x, dx=0.1) + total(si.cumulative_trapezoid(x, V)), V * V),
    "cdist": (lambda x: total(sd.cdist(x, x + 1)), A),
    "conv": (lambda x: total(ss.convolve(x, x)) + total(ss.fftconvolve(x, V, mode="same")), V),
    "norm": (
        lambda x: total(
            norm.logpdf(x, 0.5, 2.0)
            + norm.pdf(x)
            + norm.cdf(x, scale=x)
            + norm.logcdf(x)
            + norm.sf(x)
            + norm.logsf(x, x)
            + norm.ppf(x * 0.5)
        ),
        V,
    ),
    "t": (lambda x: total(st.t.logpdf(x, 3.0) + st.t.pdf(x, x + 2)), V),
    "gammad": (lambda x: total(st.gamma.logpdf(x, 2.5) + st.gamma.pdf(x, x) + st.gamma.cdf(x, 2.0)), V),
    "betad": (
        lambda x: total(st.beta.logpdf(x * 0.5, 2.0, 3.0) + st.beta.cdf(x * 0.5, 2.0, 3.0) + st.beta.pdf(0.5, x, 3.0)),
        V,
    ),
    "chi2": (lambda x: total(st.chi2.logpdf(x, 3) + st.chi2.cdf(x, 3) + st.chi2.pdf(x, 3.0)), V),
    "expon": (lambda x: total(st.expon.logpdf(x, scale=2.0) + st.expon.pdf(x)), V),
    "lap": (
        lambda x: total(
            st.laplace.logpdf(x, 0.1)
            + st.cauchy.logpdf(x)
            + st.logistic.logpdf(x)
            + st.logistic.cdf(x)
            + st.lognorm.logpdf(x, 0.5)
        ),
        V,
    ),
    "poisson": (lambda x: total(st.poisson.logpmf(np.array([1, 2, 3]), x) + st.poisson.pmf(2, x)), V),
    "bern": (lambda x: total(st.bernoulli.logpmf(np.array([0, 1, 1]), x * 0.5) + st.binom.logpmf(2, 5, x * 0.5)), V),
    "mvn": (lambda x: mvn.logpdf(x[0], V, x) + mvn.pdf(V, x[1], x), P),
    "mvn2": (lambda x: total(mvn.logpdf(x, V, P)), A),
    "ent": (lambda x: mvn.entropy(V, x), P),
    "dir": (lambda x: st.dirichlet.logpdf(np.array([0.2, 0.3, 0.5]), x), V),
    "rosen": (lambda x: so.rosen(x), V),
    "scfft": (lambda x: total(np.abs(sf.fft(x)) ** 2), V),
}
ONE = (
    "expit", "logit", "log_expit", "erf", "erfc", "erfcx", "erfi", "dawsn", "erfinv", "erfcinv", "ndtr",
    "log_ndtr", "ndtri", "expm1", "log1p", "exp2", "exp10", "cbrt", "entr", "expi", "exp1", "spence", "gamma",
    "gammaln", "loggamma", "rgamma", "psi", "digamma", "j0", "j1", "y0", "y1", "i0", "i1", "i0e", "i1e", "k0",
    "k1", "ellipk", "ellipe",
)
TWO = ("xlogy", "xlog1py", "rel_entr", "kl_div", "beta", "betaln", "binom", "poch")
ORDERED = ("jv", "yv", "iv", "ive", "kv")


def applied(function: Callable[..., Any], places: str) -> Callable[[Any], Any]:
    if places == "one":
        return lambda x: total(function(x * 0.5))
    if places == "two":
        return lambda x: total(function(x, x[::-1] + 0.5))
    return lambda x: total(function(1.5, x))


for places, names in (("one", ONE), ("two", TWO), ("ordered", ORDERED)):
    CASES.update({name: (applied(getattr(sp, name), places), V) for name in names})


@pytest.mark.parametrize("name", CASES)
def test_scipy(name: str) -> None:
    f, x = CASES[name]
    v, h = np.sin(np.arange(1.0, x.size + 1)).reshape(x.shape), 1e-6
    if x is P:
        v = v + v.T
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        value, gradient = srcad.value_and_grad(f)(x)
        assert np.isclose(value, f(x), rtol=1e-9)
        slope = (f(x + h * v) - f(x - h * v)) / (2 * h)
        assert np.isclose(np.sum(gradient * v), slope, rtol=1e-4, atol=1e-6)
        assert np.isclose(srcad.jvp(f, (x,), (v,))[1], slope, rtol=1e-4, atol=1e-6)
        g = srcad.grad(f)
        second = (g(x + h * v) - g(x - h * v)) / (2 * h)
        assert np.allclose(srcad.hvp(f, (x,), (v,)), second, rtol=1e-3, atol=1e-4)


def test_shape_parameters_are_refused() -> None:
    """No silent zero: these have no formula in closed form."""
    with pytest.raises(srcad.Unsupported, match="gammainc by its argument a"):
        srcad.grad(lambda a: sp.gammainc(a, 2.0))(1.5)
