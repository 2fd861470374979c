"""Products of vectors and matrices, and linear algebra."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from srcad.runtime.tensors import dtypes, shapes
from srcad.runtime.tensors.arithmetic import add, binary, minus, multiply, to_type
from srcad.runtime.tensors.elementary import renamed
from srcad.runtime.tensors.operation import apply, record, record_one, requires
from srcad.runtime.tensors.record import MODE, PICK, Node, at_site_of, edge
from srcad.runtime.tensors.reductions import axes_of, norm, vector_norm_of
from srcad.runtime.tensors.tensor import Tensor, return_type, wrap

_SPELLED = {"Long": "long int", "Int": "int", "Float": "float", "Double": "double", "Bool": "bool", "Half": "c10::Half",
            "Short": "short int", "Byte": "unsigned char", "Char": "signed char", "ComplexFloat": "c10::complex<float>",
            "ComplexDouble": "c10::complex<double>"}


def _tensors(name: str, *operands: Any) -> None:
    for k, x in enumerate(operands):
        if not isinstance(x, Tensor):
            raise TypeError(f"{name}(): argument {('input', 'other')[min(k, 1)]!r} (position {k + 1}) must be Tensor, "
                            f"not {type(x).__name__}")


def _same_dtype(a: Tensor, b: Tensor) -> None:
    if a._data.dtype != b._data.dtype:
        one, two = (_SPELLED[dtypes.class_name(x._data.dtype)] for x in (a, b))
        raise RuntimeError(f"expected m1 and m2 to have the same dtype, but got: {one} != {two}")


def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """The sum of the products of the elements of two vectors."""
    _tensors("dot", input, tensor)
    if input.ndim != 1 or tensor.ndim != 1:
        raise RuntimeError(f"1D tensors expected, but got {input.ndim}D and {tensor.ndim}D tensors")
    one, two = input._data, tensor._data
    if one.dtype != two.dtype:
        raise RuntimeError("dot : expected both vectors to have same dtype, but found "
                           f"{dtypes.class_name(one.dtype)} and {dtypes.class_name(two.dtype)}")
    if one.size != two.size:
        raise RuntimeError(f"inconsistent tensor size, expected tensor [{one.size}] and src [{two.size}] to have the "
                           f"same number of elements, but got {one.size} and {two.size} elements respectively")
    return apply("DotBackward0", np.dot, input, tensor)


inner = dot


def mv(input: Tensor, vec: Tensor) -> Tensor:
    """A matrix times a vector."""
    _tensors("mv", input, vec)
    if input.ndim != 2 or vec.ndim != 1:
        raise RuntimeError(f"vector + matrix @ vector expected, got 1, {input.ndim}, {vec.ndim}")
    if input.shape[1] != vec.shape[0]:
        raise RuntimeError(f"size mismatch, got input ({input.shape[0]}), mat ({input.shape[0]}x{input.shape[1]}), "
                           f"vec ({vec.shape[0]})")
    _same_dtype(input, vec)
    return apply("MvBackward0", operator.matmul, input, vec)


def mm(input: Tensor, mat2: Tensor) -> Tensor:
    """A matrix times a matrix."""
    _tensors("mm", input, mat2)
    for name, x in (("self", input), ("mat2", mat2)):
        if x.ndim != 2:
            raise RuntimeError(f"{name} must be a matrix")
    _fit(input, mat2)
    return apply("MmBackward0", operator.matmul, input, mat2)


def _fit(a: Tensor, b: Tensor) -> None:
    if a.shape[1] != b.shape[0]:
        raise RuntimeError(f"mat1 and mat2 shapes cannot be multiplied ({a.shape[0]}x{a.shape[1]} and "
                           f"{b.shape[0]}x{b.shape[1]})")
    _same_dtype(a, b)


def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    """A stack of matrices times a stack of matrices."""
    _tensors("bmm", input, mat2)
    if input.ndim != 3 or mat2.ndim != 3:
        raise RuntimeError("batch1 must be a 3D tensor" if input.ndim != 3 else "batch2 must be a 3D tensor")
    if input.shape[0] != mat2.shape[0] or input.shape[2] != mat2.shape[1]:
        raise RuntimeError(f"Expected size for first two dimensions of batch2 tensor to be: [{input.shape[0]}, "
                           f"{input.shape[2]}] but got: [{mat2.shape[0]}, {mat2.shape[1]}].")
    _same_dtype(input, mat2)
    return apply("BmmBackward0", operator.matmul, input, mat2)


def matmul(input: Any, other: Any) -> Any:
    """`input @ other`, as NumPy has it: vectors, matrices, and stacks of matrices."""
    if not (isinstance(input, Tensor) and isinstance(other, Tensor)):
        return NotImplemented
    a, b = input._data, other._data
    if a.ndim == 2 == b.ndim and a.shape[1] == b.shape[0] and a.dtype is b.dtype:
        return binary("MmBackward0", operator.matmul, input, other)
    if not input.ndim or not other.ndim:
        raise RuntimeError(f"both arguments to matmul need to be at least 1D, but they are {input.ndim}D and "
                           f"{other.ndim}D")
    match input.ndim, other.ndim:
        case 1, 1:
            return dot(input, other)
        case 2, 1:
            return mv(input, other)
        case 2, 2:
            return mm(input, other)
        case _:
            _same_dtype(input, other)
            try:
                return apply("UnsafeViewBackward0", operator.matmul, input, other)
            except ValueError as error:
                raise RuntimeError(f"shapes {list(input.shape)} and {list(other.shape)} cannot be multiplied: "
                                   f"{error}") from None


def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """The matrix of all products of the elements of two vectors."""
    if input.ndim != 1 or vec2.ndim != 1:
        raise RuntimeError(f"outer: Expected 1-D argument self, but got {input.ndim}-D")
    return multiply(shapes.unsqueeze(input, 1), vec2)  # type: ignore[no-any-return]


def einsum(equation: str, *operands: Any) -> Tensor:
    """Sums of products, as the equation says."""
    given = operands[0] if len(operands) == 1 and isinstance(operands[0], tuple | list) else operands
    return apply("ViewBackward0", np.einsum, equation.replace(" ", ""), *given)


def cross(input: Tensor, other: Tensor, dim: int = -1) -> Tensor:
    """The vector product of vectors of three."""
    axis = dim % input.ndim
    back = tuple(np.roll(np.arange(3), -1).tolist()), tuple(np.roll(np.arange(3), 1).tolist())
    before = (slice(None),) * axis
    (a1, b1), (a2, b2) = (tuple(x[(*before, list(k))] for x in (input, other)) for k in back)  # type: ignore[index]
    return renamed(a1 * b2 - a2 * b1, "LinalgCrossBackward0")


def kron(input: Tensor, other: Tensor) -> Tensor:
    """The product of Kronecker: each element of `input` times the whole of `other`."""
    a, b = (shapes.reshape(x, (1,) * (max(input.ndim, other.ndim) - x.ndim) + x.shape) for x in (input, other))
    return apply("KronBackward0", np.kron, a, b)


def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    """Sums of products over the last `dims` dimensions of `a` and the first of `b`, or over those that are listed."""
    _same_dtype(a, b)
    return apply("ViewBackward0", np.tensordot, a, b, dims if isinstance(dims, int) else tuple(map(tuple, dims)))


def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """`beta * input + alpha * mat1 @ mat2`."""
    return renamed(add(input if beta == 1 else multiply(input, beta), mm(mat1, mat2), alpha=alpha), "AddmmBackward0")


def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """`beta * input + alpha * mat @ vec`."""
    return renamed(add(input if beta == 1 else multiply(input, beta), mv(mat, vec), alpha=alpha), "AddmvBackward0")


def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """`beta * input + alpha * batch1 @ batch2`, of stacks of matrices."""
    return renamed(add(input if beta == 1 else multiply(input, beta), bmm(batch1, batch2), alpha=alpha),
                   "BaddbmmBackward0")


def cdist(x1: Tensor, x2: Tensor, p: float = 2.0) -> Tensor:
    """The distances of the rows of `x1` from those of `x2`."""
    between = minus(shapes.unsqueeze(x1, -2), shapes.unsqueeze(x2, -3))
    return renamed(norm(between, p, -1), "CdistBackward0")


def trace(input: Tensor) -> Tensor:
    """The sum of the diagonal of a matrix."""
    if input.ndim != 2:
        raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {input.ndim}")
    return apply("TraceBackward0", np.trace, input)


# --- linear algebra

def _square(x: Tensor, name: str) -> None:
    if x.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor A must have at least 2 dimensions.")
    if x.shape[-1] != x.shape[-2]:
        raise RuntimeError(f"{name}: A must be batches of square matrices, but they are {x.shape[-2]} by "
                           f"{x.shape[-1]} matrices")
    if x._data.dtype.kind not in "fc":
        raise RuntimeError(f"{name}: Expected a floating point or complex tensor as input. Got "
                           f"{dtypes.class_name(x._data.dtype)}")


def det(input: Tensor) -> Tensor:
    """The determinant."""
    _square(input, "linalg.det")
    return apply("LinalgDetBackward0", np.linalg.det, input)


class LinAlgError(RuntimeError):
    """A matrix for which there is no answer, such as the inverse of a singular one."""


def inverse(input: Tensor) -> Tensor:
    """The inverse."""
    _square(input, "linalg.inv")
    try:
        return apply("LinalgInvExBackward0", np.linalg.inv, input)
    except np.linalg.LinAlgError:
        raise LinAlgError("linalg.inv: The diagonal element 1 is zero, the inversion could not be completed because "
                          "the input matrix is singular.") from None


def solve(A: Tensor, B: Tensor) -> Tensor:
    """The x with `A @ x == B`."""
    _square(A, "linalg.solve")
    try:
        return apply("LinalgSolveExBackward0", np.linalg.solve, A, B)
    except np.linalg.LinAlgError:
        raise LinAlgError("torch.linalg.solve: The solver failed because the input matrix is singular.") from None


def cholesky(input: Tensor) -> Tensor:
    """The lower triangle L with `L @ L.T` the matrix."""
    _square(input, "linalg.cholesky")
    try:
        return of_symmetric("LinalgCholeskyExBackward0", np.linalg.cholesky, input)
    except np.linalg.LinAlgError:
        raise LinAlgError("linalg.cholesky: The factorization could not be completed because the input is not "
                          "positive-definite.") from None


def pinv(input: Tensor) -> Tensor:
    return apply("LinalgPinvBackward0", np.linalg.pinv, input)


def matrix_power(input: Tensor, n: int) -> Tensor:
    _square(input, "linalg.matrix_power")
    return apply("MatrixPowerBackward0", np.linalg.matrix_power, input, n)


def matrix_rank(input: Tensor) -> Tensor:
    return wrap(np.asarray(np.linalg.matrix_rank(input._data)))


linalg_eigh = return_type("linalg_eigh", "eigenvalues", "eigenvectors")
linalg_eig = return_type("linalg_eig", "eigenvalues", "eigenvectors")
linalg_svd = return_type("linalg_svd", "U", "S", "Vh")
linalg_qr = return_type("linalg_qr", "Q", "R")
linalg_slogdet = return_type("linalg_slogdet", "sign", "logabsdet")


def _symmetric(A: Tensor) -> Tensor:
    """The symmetric matrix that `A` stands for where only one triangle is read: both have a share in the gradient."""
    return (A + shapes.transpose(A, -2, -1)) / 2 if requires((A,)) else A  # type: ignore[operator, no-any-return]


def of_symmetric(name: str, function: Any, A: Tensor) -> Tensor:
    """`function`, which reads one triangle of `A`, with the derivative by the symmetric matrix."""
    t = wrap(function(A._data))
    if requires((A,)):
        record_one(t, name, function, _symmetric(A))
    return t


def several(name: str, function: Any, *args: Any, values: Any = None, **kwargs: Any) -> tuple[Tensor, ...]:
    """The tensors of a function with several results, recorded as one step."""
    if values is None:
        values = function(*[a._data if isinstance(a, Tensor) else a for a in args], **kwargs)
    if not requires(args):
        return tuple(map(wrap, values))
    whole = wrap(tuple(map(np.asarray, values)))
    record(whole, name, function, args, kwargs)
    found = []
    for k, value in enumerate(values):
        t = wrap(value)
        node = Node(name, PICK, (edge(whole), k), {}, value, t._counter)
        at_site_of(node, edge(whole))
        if np.asarray(value).dtype.kind in "fc":
            t._node, t._needs = node, MODE.enabled
        found.append(t)
    return tuple(found)


def eigh(A: Tensor, UPLO: str = "L") -> Any:
    """The eigenvalues, in order, and the orthonormal eigenvectors of a symmetric matrix."""
    _square(A, "linalg.eigh")
    values = np.linalg.eigh(A._data)
    return linalg_eigh(*several("LinalgEighBackward0", np.linalg.eigh, _symmetric(A), values=values))


def eigvalsh(A: Tensor, UPLO: str = "L") -> Tensor:
    """The eigenvalues of a symmetric matrix, in order."""
    _square(A, "linalg.eigvalsh")
    return of_symmetric("LinalgEighBackward0", np.linalg.eigvalsh, A)


def eig(A: Tensor) -> Any:
    """The complex eigenvalues and eigenvectors of any square matrix."""
    _square(A, "linalg.eig")
    return linalg_eig(*several("LinalgEigBackward0", np.linalg.eig, A if A.is_complex() else _complex(A)))


def eigvals(A: Tensor) -> Any:
    return eig(A).eigenvalues


def _complex(x: Tensor) -> Tensor:

    return to_type(x, dtypes.complex_of(x._data.dtype))  # type: ignore[no-any-return]


def svd(A: Tensor, full_matrices: bool = True) -> Any:
    """The singular value decomposition."""
    return linalg_svd(*several("LinalgSvdBackward0", np.linalg.svd, A, full_matrices=full_matrices))


def svdvals(A: Tensor) -> Tensor:
    return apply("LinalgSvdBackward0", np.linalg.svdvals, A)


def qr(A: Tensor, mode: str = "reduced") -> Any:
    """An orthogonal matrix times a triangular one."""
    return linalg_qr(*several("LinalgQrBackward0", np.linalg.qr, A))


def slogdet(A: Tensor) -> Any:
    """The sign and the logarithm of the absolute value of the determinant."""
    _square(A, "linalg.slogdet")
    return linalg_slogdet(*several("LinalgSlogdetBackward0", np.linalg.slogdet, A))


def vector_norm(x: Tensor, ord: Any = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The norm of all elements, or along `dim`."""
    return norm(x, ord, dim, keepdim, dtype)


def matrix_norm(A: Tensor, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False) -> Tensor:
    """The norm of matrices: by default the root of the sum of squares."""
    axes = axes_of(A, tuple(dim), None)
    return renamed(apply("", np.linalg.norm, A, ord, axis=axes, **({"keepdims": True} if keepdim else {})),
                   "LinalgMatrixNormBackward0")


def linalg_norm(A: Tensor, ord: Any = None, dim: Any = None, keepdim: bool = False) -> Tensor:
    """A vector norm of vectors, a matrix norm of matrices; by default the root of the sum of squares."""
    matrix = ord is not None and (A.ndim == 2 if dim is None else isinstance(dim, tuple | list) and len(dim) == 2)
    if matrix:
        return matrix_norm(A, ord, (-2, -1) if dim is None else dim, keepdim)
    return renamed(vector_norm_of(A, 2 if ord is None else ord, axes_of(A, dim, None), keepdim),
                   "LinalgVectorNormBackward0")


