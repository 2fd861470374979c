"""Functions of NumPy that are short programs over other functions of NumPy.

They have no derivative rule of their own: a call of one is lowered as a call of the program that stands here, as if
the user had written that.  Each gives what NumPy's own function gives, in the cases that the tables send to it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from srcad.rules.composed import grids, mapping, matrices, missing, parts, polynomials, sets, statistics, transforms

ALWAYS: dict[Any, Callable[..., Any]] = {
    np.cov: statistics.cov, np.corrcoef: statistics.corrcoef, np.histogram: statistics.histogram,
    np.histogram_bin_edges: statistics.histogram_bin_edges,
    np.vander: matrices.vander, np.linalg.cond: matrices.cond, np.linalg.lstsq: matrices.lstsq,
    np.linalg.tensorinv: matrices.tensorinv, np.linalg.tensorsolve: matrices.tensorsolve,
    np.linalg.trace: matrices.trace, np.linalg.diagonal: matrices.diagonal,
    np.linalg.matrix_norm: matrices.matrix_norm, np.linalg.vector_norm: matrices.vector_norm,
    np.block: parts.block, np.insert: parts.insert, np.choose: parts.choose, np.dstack: parts.dstack,
    np.fromiter: parts.fromiter, np.ix_: parts.ix_, np.resize: parts.resize, np.trim_zeros: parts.trim_zeros,
    np.real_if_close: parts.real_if_close, np.broadcast_arrays: parts.broadcast_arrays,
    np.put_along_axis: parts.put_along_axis, np.astype: parts.astype, np.require: parts.require,
    np.lib.stride_tricks.sliding_window_view: parts.sliding_window_view,
    np.piecewise: mapping.piecewise, np.apply_along_axis: mapping.apply_along_axis,
    np.fromfunction: mapping.fromfunction,
    np.fft.rfftn: transforms.rfftn, np.fft.irfftn: transforms.irfftn, np.fft.rfft2: transforms.rfft2,
    np.fft.irfft2: transforms.irfft2,
    np.logspace: grids.logspace, np.geomspace: grids.geomspace,
    np.cumulative_sum: grids.cumulative_sum, np.cumulative_prod: grids.cumulative_prod,
    np.nancumsum: missing.nancumsum, np.nancumprod: missing.nancumprod, np.nanprod: missing.nanprod,
    np.nanmedian: missing.nanmedian, np.nanquantile: missing.nanquantile, np.nanpercentile: missing.nanpercentile,
    np.roots: polynomials.roots, np.polyfit: polynomials.polyfit, np.poly: polynomials.poly,
    np.polyadd: polynomials.polyadd, np.polysub: polynomials.polysub, np.polymul: polynomials.polymul,
    np.polyder: polynomials.polyder, np.polyint: polynomials.polyint,
    np.union1d: sets.union1d, np.intersect1d: sets.intersect1d, np.setdiff1d: sets.setdiff1d,
    np.setxor1d: sets.setxor1d,
    # other names
    np.around: np.round, np.asanyarray: np.asarray, np.asarray_chkfinite: np.asarray, np.linalg.matmul: np.matmul,
    np.linalg.outer: np.outer, np.linalg.tensordot: np.tensordot, np.linalg.vecdot: np.vecdot,
    np.linalg.cross: np.cross, np.linalg.matrix_transpose: np.matrix_transpose,
}
for _name, _program in (("row_stack", np.vstack), ("matvec", matrices.matvec), ("vecmat", matrices.vecmat)):
    if hasattr(np, _name):  # the first is going, the others are new
        ALWAYS[getattr(np, _name)] = _program
# Those that have a rule, which serves only a part of their calls.
OTHERWISE: dict[Any, Callable[..., Any]] = {
    np.average: statistics.average, np.gradient: statistics.gradient, np.kron: matrices.kron,
    np.linalg.norm: matrices.nuclear_norm, np.linalg.svd: matrices.svd_values, np.cross: matrices.cross,
    np.fft.fft2: transforms.fft2, np.fft.ifft2: transforms.ifft2, np.fft.fftn: transforms.fftn,
    np.fft.ifftn: transforms.ifftn,
    np.concatenate: parts.concatenated, np.stack: parts.stacked, np.vstack: parts.vstacked,
    np.hstack: parts.hstacked, np.column_stack: parts.column_stacked,
    np.unique: sets.unique, np.linspace: grids.linspace_with_step, np.ediff1d: statistics.ediff1d,
    np.quantile: statistics.quantiles, np.percentile: statistics.percentiles,
    np.interp: grids.interp,
}
METHODS: dict[tuple[str, np.ufunc], Callable[..., Any]] = {
    ("reduce", np.add): mapping.add_reduce, ("reduce", np.multiply): mapping.multiply_reduce,
    ("reduce", np.maximum): mapping.maximum_reduce, ("reduce", np.minimum): mapping.minimum_reduce,
    ("reduce", np.logaddexp): mapping.logaddexp_reduce,
    ("accumulate", np.add): mapping.add_accumulate, ("accumulate", np.multiply): mapping.multiply_accumulate,
}
# These take the ufunc as their first argument.
ANY_METHODS: dict[str, Callable[..., Any]] = {
    "reduce": mapping.any_reduce, "accumulate": mapping.any_accumulate, "outer": mapping.any_outer}
# These stand in the place of a subscript: `np.r_[a, 1:3]`.
SUBSCRIPTED: dict[int, Callable[..., Any]] = {
    id(np.r_): parts.r_, id(np.c_): parts.c_, id(np.mgrid): grids.mgrid, id(np.ogrid): grids.ogrid}
