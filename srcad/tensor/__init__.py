"""Tensors with PyTorch's spelling, differentiated by srcad's transformations.

    import srcad.tensor as torch

    x = torch.arange(4.0, requires_grad=True)
    y = 2 * torch.dot(x, x)
    y.backward()
    x.grad                          # tensor([ 0.,  4.,  8., 12.])
    print(y.backward_source())      # the adjoint that ran, as NumPy source

Operations run at once, on NumPy arrays, and what gradients flow through is recorded as a program.  `backward` sends
that program through the same reverse mode and printer as `srcad.grad`; a structure that comes again is transformed
once.
"""

import math

from srcad.runtime.inside_functions import FUNCTIONS as _FUNCTIONS
from srcad.runtime.inside_functions import LINALG as _LINALG
from srcad.runtime.tensors import dtypes as _dtypes
from srcad.runtime.tensors import methods as _methods
from srcad.runtime.tensors import record as _record
from srcad.runtime.tensors import special
from srcad.runtime.tensors.arithmetic import (
    add,
    allclose,
    bitwise_and,
    bitwise_not,
    bitwise_or,
    bitwise_xor,
    div,
    eq,
    equal,
    floor_divide,
    ge,
    gt,
    isclose,
    isfinite,
    isinf,
    isnan,
    le,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    lt,
    mul,
    ne,
    pow,
    remainder,
    sub,
    true_divide,
)
from srcad.runtime.tensors.arithmetic import div as divide
from srcad.runtime.tensors.arithmetic import mul as multiply
from srcad.runtime.tensors.arithmetic import sub as subtract
from srcad.runtime.tensors.creation import (
    Generator,
    arange,
    as_tensor,
    bernoulli,
    bincount,
    cartesian_prod,
    default_generator,
    empty,
    empty_like,
    eye,
    from_numpy,
    full,
    full_like,
    is_tensor,
    linspace,
    logspace,
    manual_seed,
    meshgrid,
    multinomial,
    normal,
    ones,
    ones_like,
    rand,
    rand_like,
    randint,
    randn,
    randn_like,
    randperm,
    seed,
    tensor,
    tril_indices,
    zeros,
    zeros_like,
)
from srcad.runtime.tensors.dtypes import device, dtype
from srcad.runtime.tensors.elementary import (
    abs,
    absolute,
    acos,
    acosh,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    ceil,
    clamp,
    clip,
    conj,
    cos,
    cosh,
    deg2rad,
    exp,
    exp2,
    expm1,
    floor,
    fmod,
    frac,
    heaviside,
    hypot,
    imag,
    lerp,
    log,
    log1p,
    log2,
    log10,
    logaddexp,
    maximum,
    minimum,
    nan_to_num,
    neg,
    negative,
    positive,
    rad2deg,
    real,
    reciprocal,
    relu,
    round,
    rsqrt,
    sigmoid,
    sign,
    sin,
    sinc,
    sinh,
    sqrt,
    square,
    tan,
    tanh,
    trunc,
    where,
)
from srcad.runtime.tensors.indexing import (
    gather,
    index_add,
    index_select,
    masked_fill,
    masked_select,
    scatter,
    scatter_add,
    take,
)
from srcad.runtime.tensors.printing import set_printoptions
from srcad.runtime.tensors.products import (
    addmm,
    addmv,
    baddbmm,
    bmm,
    cdist,
    cross,
    det,
    dot,
    einsum,
    inner,
    inverse,
    kron,
    matmul,
    matrix_power,
    mm,
    mv,
    outer,
    slogdet,
    tensordot,
    trace,
)
from srcad.runtime.tensors.products import pinv as pinverse
from srcad.runtime.tensors.reductions import (
    all,
    amax,
    amin,
    any,
    argmax,
    argmin,
    argsort,
    count_nonzero,
    cumprod,
    cumsum,
    log_softmax,
    logsumexp,
    max,
    mean,
    min,
    norm,
    prod,
    softmax,
    sort,
    std,
    sum,
    topk,
    var,
)
from srcad.runtime.tensors.shapes import (
    broadcast_to,
    cat,
    chunk,
    clone,
    concat,
    concatenate,
    diag,
    diagonal,
    flatten,
    flip,
    hstack,
    movedim,
    narrow,
    permute,
    ravel,
    repeat_interleave,
    reshape,
    roll,
    split,
    squeeze,
    stack,
    swapaxes,
    swapdims,
    t,
    tile,
    transpose,
    tril,
    triu,
    unbind,
    unflatten,
    unsqueeze,
    vstack,
)
from srcad.runtime.tensors.special import digamma, erf, erfc, erfinv, i0, lgamma
from srcad.runtime.tensors.statistics import (
    bucketize,
    corrcoef,
    cov,
    diff,
    histc,
    median,
    nonzero,
    quantile,
    searchsorted,
    trapezoid,
    trapz,
    unique,
)
from srcad.runtime.tensors.tensor import Size, Tensor
from srcad.tensor import autograd, cuda, distributions, linalg, nn
from srcad.tensor.engine import Engine as _Engine
from srcad.tensor.grad_mode import enable_grad, inference_mode, is_grad_enabled, no_grad, set_grad_enabled

_record.use(_Engine())

float32 = float = _dtypes.BY_NAME["float32"]
float64 = double = _dtypes.BY_NAME["float64"]
float16 = half = _dtypes.BY_NAME["float16"]
int64 = long = _dtypes.BY_NAME["int64"]
int32 = int = _dtypes.BY_NAME["int32"]
int16 = short = _dtypes.BY_NAME["int16"]
int8, uint8, bool = _dtypes.BY_NAME["int8"], _dtypes.BY_NAME["uint8"], _dtypes.BY_NAME["bool"]
complex64 = cfloat = _dtypes.BY_NAME["complex64"]
complex128 = cdouble = _dtypes.BY_NAME["complex128"]
pi, e, inf, nan = math.pi, math.e, math.inf, math.nan
newaxis = None


def get_default_dtype() -> dtype:
    return _dtypes.of(_dtypes.default())


def set_default_dtype(d: dtype) -> None:
    _dtypes.set_default(d)


def is_floating_point(input: Tensor) -> _dtypes.Any:
    return input.is_floating_point()


def numel(input: Tensor) -> _dtypes.Any:
    return input.numel()


def result_type(tensor1: _dtypes.Any, tensor2: _dtypes.Any) -> dtype:
    """The type of what an operation on the two gives."""
    operands = [x._data if isinstance(x, Tensor) else x for x in (tensor1, tensor2)]
    return _dtypes.of(_dtypes.result_type(*operands))


def promote_types(type1: dtype, type2: dtype) -> dtype:
    return _dtypes.of(_dtypes.promote(type1.numpy, type2.numpy))


# Inside of functions that are differentiated by their source, tensors are arrays.
for _name, _function in _FUNCTIONS.items():
    _own = globals().get(_name) or getattr(nn.functional, _name)
    _own.__srcad_arrays__ = _function
for _name, _function in _LINALG.items():
    _own = getattr(linalg, _name)
    _own.__srcad_arrays__ = _function
