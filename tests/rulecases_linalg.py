"""Calls of linear algebra and Fourier transforms at which the rules are checked."""

from __future__ import annotations

import numpy as np
from rulecases import case, normal, z


def regular(*batch: int, n: int = 3) -> np.ndarray:
    return normal(*batch, n, n) + 3 * np.eye(n)


def definite(*batch: int, n: int = 3) -> np.ndarray:
    a = normal(*batch, n, n)
    return a @ np.swapaxes(a, -1, -2) + np.eye(n)


def hermitian(n: int = 3) -> np.ndarray:
    a = z(n, n)
    return a @ a.conj().T + np.eye(n)


L = np.linalg
case(L.solve, regular(), normal(3))
case(L.solve, regular(), normal(3, 2))
case(L.solve, regular(2), normal(2, 3, 2))
case(L.solve, regular(2), normal(3, 2))
case(L.solve, regular() + 0j, z(3))
for f in (L.inv, L.det, L.slogdet):
    case(f, regular())
    case(f, regular(2))
    case(f, regular(n=1))
case(L.inv, regular() + z(3, 3))
case(L.det, regular() + z(3, 3))
case(L.det, np.array([[1.0, 2.0], [2.0, 4.0]]))
case(L.det, np.zeros((2, 2)))
for ord_ in (None, 1, 2, 3, np.inf, -np.inf):
    case(L.norm, normal(4), ord_)
    case(L.norm, normal(3, 4), ord_, axis=0)
    case(L.norm, normal(3, 4), ord=ord_, axis=1, keepdims=True)
for ord_ in (None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf):
    case(L.norm, normal(3, 4), ord_)
    case(L.norm, normal(3, 3), ord_)
case(L.norm, normal(2, 3, 4))
case(L.norm, normal(2, 3, 4), axis=(1, 2))
case(L.norm, z(4))
case(L.norm, z(4), 3)
case(L.norm, z(3, 2), "nuc")
for a in (definite(), definite(2), hermitian(), definite(n=1)):
    for f in (L.cholesky, L.eigvalsh):
        case(f, a)
    case(L.eigvalsh, a, UPLO="U")
    case(L.cholesky, a, upper=True)
for a in (definite(), definite(2)):
    case(L.eigh, a)
    case(L.eigh, a, UPLO="U")
for a in (regular(), regular(2), normal(3, 3), np.array([[0.0, 2.0], [-1.0, 0.5]]), regular() + z(3, 3), regular(n=1)):
    case(L.eig, a)
    case(L.eigvals, a)
for a in (normal(3, 3), normal(4, 2), normal(2, 4, 3)):
    case(L.qr, a)
for a in (normal(3, 3), normal(4, 2), normal(2, 4), normal(2, 4, 3)):
    case(L.svd, a, full_matrices=False)
    case(L.svdvals, a)
    case(L.pinv, a)
case(L.svd, normal(3, 3))
case(L.svdvals, z(3, 2))
for n in (0, 1, 2, 3, -1, -2):
    case(L.matrix_power, regular(), n)
case(L.multi_dot, [normal(2, 3), normal(3, 4), normal(4, 2)])
case(L.multi_dot, [normal(2, 3), normal(3, 4)])

# --- Fourier transforms
F = np.fft
for f in (F.fft, F.ifft):
    case(f, normal(5))
    case(f, z(4))
    case(f, z(3, 4), axis=0)
    case(f, z(4), 6)
    case(f, normal(4), n=3)
    case(f, z(4), norm="ortho")
for f in (F.fft2, F.ifft2, F.fftn, F.ifftn):
    case(f, normal(3, 4))
    case(f, z(2, 3, 4))
    case(f, z(2, 3, 4), axes=(0, 1), norm="forward")
for n in (4, 5):
    case(F.rfft, normal(n))
    case(F.rfft, normal(n, 2), axis=0)
    case(F.rfft, normal(n), 6)
    case(F.rfft, normal(n), norm="ortho")
    case(F.irfft, z(n))
    case(F.irfft, z(n), 7)
    case(F.irfft, z(n), 2 * n - 1, norm="ortho")
    case(F.irfft, z(n, 2), axis=0, norm="forward")
for f in (F.fftshift, F.ifftshift):
    case(f, normal(5))
    case(f, normal(4, 3))
    case(f, normal(4, 3), axes=0)
