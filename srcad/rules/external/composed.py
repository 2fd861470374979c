"""Functions of SciPy that are short programs over functions with a rule (see `srcad.rules.composed`)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special

# --- scipy.special


def logsumexp(a, axis=None, b=None, keepdims=False, return_sign=False):  # type: ignore[no-untyped-def]
    top = np.max(a, axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    if b is None:
        total = np.sum(np.exp(a - top), axis=axis, keepdims=True)
    else:
        total = np.sum(b * np.exp(a - top), axis=axis, keepdims=True)
    sign = np.sign(total)
    result = np.log(sign * total if return_sign else total) + top
    if not keepdims:
        result, sign = np.squeeze(result, axis=axis)[()], np.squeeze(sign, axis=axis)[()]
    return (result, sign) if return_sign else result


def softmax(x, axis=None):  # type: ignore[no-untyped-def]
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


def log_softmax(x, axis=None):  # type: ignore[no-untyped-def]
    shifted = x - np.max(x, axis=axis, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


def multigammaln(a, d):  # type: ignore[no-untyped-def]
    result = d * (d - 1) / 4 * math.log(math.pi)
    for j in range(d):
        result = result + special.gammaln(a - j / 2)
    return result


def polygamma(n, x):  # type: ignore[no-untyped-def]
    if n == 0:
        return special.psi(x)
    return (-1.0) ** (n + 1) * special.gamma(n + 1.0) * special.zeta(n + 1, x)


def factorial(n, exact=False, extend="zero"):  # type: ignore[no-untyped-def]
    return special.gamma(n + 1)


def comb(N, k, *, exact=False, repetition=False):  # type: ignore[no-untyped-def]
    return special.binom(N + k - 1, k) if repetition else special.binom(N, k)


# --- scipy.linalg


def cholesky(a, lower=False, overwrite_a=False, check_finite=True):  # type: ignore[no-untyped-def]
    return np.linalg.cholesky(a) if lower else np.linalg.cholesky(a, upper=True)


def cho_factor(a, lower=False, overwrite_a=False, check_finite=True):  # type: ignore[no-untyped-def]
    return (np.linalg.cholesky(a) if lower else np.linalg.cholesky(a, upper=True)), lower


def cho_solve(c_and_lower, b, overwrite_b=False, check_finite=True):  # type: ignore[no-untyped-def]
    c, lower = c_and_lower
    low = c if lower else np.conj(c.T)
    return solve_triangular(np.conj(low.T), solve_triangular(low, b, lower=True))


def solve_triangular(a, b, trans=0, lower=False, unit_diagonal=False,  # type: ignore[no-untyped-def]
                     overwrite_b=False, check_finite=True):
    a = np.tril(a) if lower else np.triu(a)
    if unit_diagonal:
        a = a - np.diag(np.diag(a)) + np.eye(a.shape[0])
    if trans == 1 or trans == "T":
        a = a.T
    elif trans == 2 or trans == "C":
        a = np.conj(a.T)
    return np.linalg.solve(a, b)


def solve(a, b, lower=False, overwrite_a=False, overwrite_b=False,  # type: ignore[no-untyped-def]
          check_finite=True, assume_a=None, transposed=False):
    return np.linalg.solve(a.T if transposed else a, b)


def inv(a, overwrite_a=False, check_finite=True):  # type: ignore[no-untyped-def]
    return np.linalg.inv(a)


def det(a, overwrite_a=False, check_finite=True):  # type: ignore[no-untyped-def]
    return np.linalg.det(a)


def norm(a, ord=None, axis=None, keepdims=False, check_finite=True):  # type: ignore[no-untyped-def]
    return np.linalg.norm(a, ord, axis, keepdims)


def pinv(a, atol=None, rtol=None, return_rank=False, check_finite=True):  # type: ignore[no-untyped-def]
    return np.linalg.pinv(a)


def eigh(a, lower=True, eigvals_only=False):  # type: ignore[no-untyped-def]
    if eigvals_only:
        return np.linalg.eigvalsh(a, "L" if lower else "U")
    return np.linalg.eigh(a, "L" if lower else "U")


def eigvalsh(a, lower=True):  # type: ignore[no-untyped-def]
    return np.linalg.eigvalsh(a, "L" if lower else "U")


def svd(a, full_matrices=True, compute_uv=True):  # type: ignore[no-untyped-def]
    if not compute_uv:
        return np.linalg.svdvals(a)
    return np.linalg.svd(a, full_matrices=full_matrices)


def svdvals(a, overwrite_a=False, check_finite=True):  # type: ignore[no-untyped-def]
    return np.linalg.svdvals(a)


def block_diag(*arrs):  # type: ignore[no-untyped-def]
    blocks = [np.atleast_2d(a) for a in arrs]
    total = sum([b.shape[1] for b in blocks])
    rows, before = [], 0
    for b in blocks:
        rows.append(np.pad(b, ((0, 0), (before, total - before - b.shape[1]))))
        before = before + b.shape[1]
    return np.concatenate(rows)


def toeplitz(c, r=None):  # type: ignore[no-untyped-def]
    r = np.conj(c) if r is None else r
    values = np.concatenate([c[::-1], r[1:]])
    return values[np.arange(len(c))[::-1, None] + np.arange(len(r))[None, :]]


def circulant(c):  # type: ignore[no-untyped-def]
    places = np.arange(len(c))
    return c[(places[:, None] - places[None, :]) % len(c)]


# --- integrals, distances, signals


def trapezoid(y, x=None, dx=1.0, axis=-1):  # type: ignore[no-untyped-def]
    return np.trapezoid(y, x, dx, axis)


def cumulative_trapezoid(y, x=None, dx=1.0, axis=-1, initial=None):  # type: ignore[no-untyped-def]
    last = np.moveaxis(y, axis, -1)
    steps = dx if x is None else np.diff(x)
    sums = np.cumsum(steps * (last[..., 1:] + last[..., :-1]) / 2, axis=-1)
    if initial is not None:
        sums = np.concatenate([np.full(sums.shape[:-1] + (1,), float(initial)), sums], axis=-1)
    return np.moveaxis(sums, -1, axis)


def cdist(XA, XB, metric="euclidean"):  # type: ignore[no-untyped-def]
    apart = XA[:, None, :] - XB[None, :, :]
    if metric == "sqeuclidean":
        return np.sum(apart * apart, axis=-1)
    if metric == "cityblock":
        return np.sum(np.abs(apart), axis=-1)
    return np.linalg.norm(apart, axis=-1)


def convolve(in1, in2, mode="full", method="auto"):  # type: ignore[no-untyped-def]
    return np.convolve(in1, in2, mode)


def fftconvolve(in1, in2, mode="full", axes=None):  # type: ignore[no-untyped-def]
    return np.convolve(in1, in2, mode)


def rosen(x):  # type: ignore[no-untyped-def]
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2.0) ** 2.0 + (1 - x[:-1]) ** 2.0, axis=0)


# --- scipy.stats: densities, distribution functions and quantiles


def norm_logpdf(x, loc=0, scale=1):  # type: ignore[no-untyped-def]
    z = (x - loc) / scale
    return -z * z / 2 - math.log(2 * math.pi) / 2 - np.log(scale)


def norm_pdf(x, loc=0, scale=1):  # type: ignore[no-untyped-def]
    z = (x - loc) / scale
    return np.exp(-z * z / 2) / (math.sqrt(2 * math.pi) * scale)


def norm_cdf(x, loc=0, scale=1):  # type: ignore[no-untyped-def]
    return special.ndtr((x - loc) / scale)


def norm_logcdf(x, loc=0, scale=1):  # type: ignore[no-untyped-def]
    return special.log_ndtr((x - loc) / scale)


def norm_sf(x, loc=0, scale=1):  # type: ignore[no-untyped-def]
    return special.ndtr((loc - x) / scale)


def norm_logsf(x, loc=0, scale=1):  # type: ignore[no-untyped-def]
    return special.log_ndtr((loc - x) / scale)


def norm_ppf(q, loc=0, scale=1):  # type: ignore[no-untyped-def]
    return special.ndtri(q) * scale + loc


def t_logpdf(x, df, loc=0, scale=1):  # type: ignore[no-untyped-def]
    z = (x - loc) / scale
    level = special.gammaln((df + 1) / 2) - special.gammaln(df / 2) - np.log(df * math.pi) / 2 - np.log(scale)
    return level - (df + 1) / 2 * np.log1p(z * z / df)


def t_pdf(x, df, loc=0, scale=1):  # type: ignore[no-untyped-def]
    return np.exp(t_logpdf(x, df, loc, scale))


def gamma_logpdf(x, a, loc=0, scale=1):  # type: ignore[no-untyped-def]
    z = (x - loc) / scale
    return special.xlogy(a - 1, z) - z - special.gammaln(a) - np.log(scale)


def gamma_pdf(x, a, loc=0, scale=1):  # type: ignore[no-untyped-def]
    return np.exp(gamma_logpdf(x, a, loc, scale))


def gamma_cdf(x, a, loc=0, scale=1):  # type: ignore[no-untyped-def]
    return special.gammainc(a, (x - loc) / scale)


def beta_logpdf(x, a, b, loc=0, scale=1):  # type: ignore[no-untyped-def]
    z = (x - loc) / scale
    return special.xlogy(a - 1, z) + special.xlog1py(b - 1, -z) - special.betaln(a, b) - np.log(scale)


def beta_pdf(x, a, b, loc=0, scale=1):  # type: ignore[no-untyped-def]
    return np.exp(beta_logpdf(x, a, b, loc, scale))


def beta_cdf(x, a, b, loc=0, scale=1):  # type: ignore[no-untyped-def]
    return special.betainc(a, b, (x - loc) / scale)


def chi2_logpdf(x, df, loc=0, scale=1):  # type: ignore[no-untyped-def]
    z = (x - loc) / scale
    return special.xlogy(df / 2 - 1, z) - z / 2 - special.gammaln(df / 2) - math.log(2) * df / 2 - np.log(scale)


def chi2_pdf(x, df, loc=0, scale=1):  # type: ignore[no-untyped-def]
    return np.exp(chi2_logpdf(x, df, loc, scale))


def chi2_cdf(x, df, loc=0, scale=1):  # type: ignore[no-untyped-def]
    return special.gammainc(df / 2, (x - loc) / scale / 2)


def expon_logpdf(x, loc=0, scale=1):  # type: ignore[no-untyped-def]
    return np.where(x >= loc, -(x - loc) / scale - np.log(scale), -np.inf)[()]


def expon_pdf(x, loc=0, scale=1):  # type: ignore[no-untyped-def]
    return np.where(x >= loc, np.exp(-(x - loc) / scale) / scale, 0.0)[()]


def laplace_logpdf(x, loc=0, scale=1):  # type: ignore[no-untyped-def]
    return -np.abs(x - loc) / scale - np.log(2 * scale)


def cauchy_logpdf(x, loc=0, scale=1):  # type: ignore[no-untyped-def]
    z = (x - loc) / scale
    return -np.log1p(z * z) - math.log(math.pi) - np.log(scale)


def logistic_logpdf(x, loc=0, scale=1):  # type: ignore[no-untyped-def]
    z = (x - loc) / scale
    return special.log_expit(z) + special.log_expit(-z) - np.log(scale)


def logistic_cdf(x, loc=0, scale=1):  # type: ignore[no-untyped-def]
    return special.expit((x - loc) / scale)


def lognorm_logpdf(x, s, loc=0, scale=1):  # type: ignore[no-untyped-def]
    z = (x - loc) / scale
    return norm_logpdf(np.log(z) / s) - np.log(s * z) - np.log(scale)


def poisson_logpmf(k, mu, loc=0):  # type: ignore[no-untyped-def]
    n = k - loc
    return special.xlogy(n, mu) - special.gammaln(n + 1) - mu


def poisson_pmf(k, mu, loc=0):  # type: ignore[no-untyped-def]
    return np.exp(poisson_logpmf(k, mu, loc))


def bernoulli_logpmf(k, p, loc=0):  # type: ignore[no-untyped-def]
    n = k - loc
    return special.xlogy(n, p) + special.xlog1py(1 - n, -p)


def bernoulli_pmf(k, p, loc=0):  # type: ignore[no-untyped-def]
    return np.exp(bernoulli_logpmf(k, p, loc))


def binom_logpmf(k, n, p, loc=0):  # type: ignore[no-untyped-def]
    m = k - loc
    ways = special.gammaln(n + 1) - special.gammaln(m + 1) - special.gammaln(n - m + 1)
    return ways + special.xlogy(m, p) + special.xlog1py(n - m, -p)


def multivariate_normal_logpdf(x, mean, cov, allow_singular=False):  # type: ignore[no-untyped-def]
    apart = x if mean is None else x - mean
    d = np.shape(cov)[-1] if np.ndim(cov) else 1
    cov = np.reshape(cov, (d, d)) if np.ndim(cov) == 2 else cov * np.eye(d)
    solved = np.linalg.solve(cov, apart.T).T
    distance = np.sum(apart * solved, axis=-1)
    return -(distance + d * math.log(2 * math.pi) + np.linalg.slogdet(cov)[1]) / 2


def multivariate_normal_pdf(x, mean, cov, allow_singular=False):  # type: ignore[no-untyped-def]
    return np.exp(multivariate_normal_logpdf(x, mean, cov))


def multivariate_normal_entropy(mean, cov):  # type: ignore[no-untyped-def]
    d = np.shape(cov)[-1]
    return (d * (1 + math.log(2 * math.pi)) + np.linalg.slogdet(cov)[1]) / 2


def dirichlet_logpdf(x, alpha):  # type: ignore[no-untyped-def]
    level = special.gammaln(np.sum(alpha)) - np.sum(special.gammaln(alpha))
    return level + np.sum(special.xlogy(alpha - 1, x.T).T, 0)


def dirichlet_pdf(x, alpha):  # type: ignore[no-untyped-def]
    return np.exp(dirichlet_logpdf(x, alpha))


# By the function's module (without what is private in it) and its name; methods of distributions by theirs.
FUNCTIONS: dict[tuple[str, str], Callable[..., Any]] = {
    **{("special", f.__name__): f for f in (logsumexp, softmax, log_softmax, multigammaln, polygamma, factorial, comb)},
    **{("linalg", f.__name__): f for f in (
        cholesky, cho_factor, cho_solve, solve_triangular, solve, inv, det, norm, pinv, eigh, eigvalsh, svd, svdvals,
        block_diag, toeplitz, circulant)},
    ("integrate", "trapezoid"): trapezoid, ("integrate", "cumulative_trapezoid"): cumulative_trapezoid,
    ("spatial", "cdist"): cdist, ("signal", "convolve"): convolve, ("signal", "fftconvolve"): fftconvolve,
    ("optimize", "rosen"): rosen,
}
DISTRIBUTIONS: dict[tuple[str, str], Callable[..., Any]] = {
    (name, method): f for f in (
        norm_logpdf, norm_pdf, norm_cdf, norm_logcdf, norm_sf, norm_logsf, norm_ppf, t_logpdf, t_pdf, gamma_logpdf,
        gamma_pdf, gamma_cdf, beta_logpdf, beta_pdf, beta_cdf, chi2_logpdf, chi2_pdf, chi2_cdf, expon_logpdf, expon_pdf,
        laplace_logpdf, cauchy_logpdf, logistic_logpdf, logistic_cdf, lognorm_logpdf, poisson_logpmf, poisson_pmf,
        bernoulli_logpmf, bernoulli_pmf, binom_logpmf, multivariate_normal_logpdf, multivariate_normal_pdf,
        multivariate_normal_entropy, dirichlet_logpdf, dirichlet_pdf)
    for name, method in [f.__name__.rsplit("_", 1)]
}
