"""Arrays: indexing in all forms, shapes, building, methods."""

import numpy as np

from tests.corpus.registry import program

M = np.arange(12.0).reshape(3, 4) / 7 + 0.1
V = np.array([0.3, -0.5, 1.2, 0.8])


@program(M)
def elements(m):
    return m[0, 1] * m[2, -1] + m[1][2]


@program(M)
def slices(m):
    return np.sum(m[1:, :2] * m[:-1, 2:]) + np.sum(m[::2] * m[-1]) + np.sum(m[:, ::-1] * m)


@program(V, 1, 3)
def dynamic_slices(x, a, b):
    return np.sum(x[a:b] ** 2) + np.sum(x[:a]) * x[b] + np.prod(x[-b:])


@program(M)
def ellipsis_and_newaxis(m):
    outer = m[:, 0][:, None] * m[0][np.newaxis, :]
    return np.sum(outer[..., 1] * m[..., 0]) + np.sum(outer[0, ...])


@program(V)
def integer_array_index(x):
    k = np.array([0, 2, 2, 1])
    return np.sum(x[k] * x[[3, 0, 0, 1]])


@program(M)
def two_index_arrays(m):
    i, j = np.array([0, 1, 0]), np.array([1, 1, 1])
    return np.sum(m[i, j] ** 2) + np.sum(m[np.arange(3), [0, 1, 2]])


@program(V)
def boolean_mask(x):
    return np.sum(x[x > 0] ** 2) + np.sum(np.where(x > 0.5, x, x * x))


@program(M)
def boolean_mask_of_rows(m):
    return np.sum(m[m[:, 0] > 0.2] ** 2)


@program(V)
def argmax_index(x):
    return x[np.argmax(x)] ** 2 + x[np.argsort(x)[0]]


@program(V)
def neighbours(x):
    return np.sum((x[1:] - x[:-1]) ** 2) + np.sum(x[2:] - 2 * x[1:-1] + x[:-2])


@program(M)
def shape_dependent(m):
    n, k = m.shape
    total = 0.0
    for i in range(n):
        for j in range(k):
            total += m[i, j] * (i - j)
    return total / m.size + m.ndim + len(m)


@program(M)
def methods(m):
    return m.sum() * m.mean() + m.T.dot(m).trace() + m.reshape(-1)[1] + m.max() + m.ravel().std() + m.sum(axis=0)[1]


@program(M)
def more_methods(m):
    a = m.copy().reshape(4, 3).transpose()
    b = m.flatten().clip(0.2, 1.0).cumsum()
    return (a.min() + b.prod()) * m.var() + m.astype(np.float64)[0].squeeze()[0] + m.swapaxes(0, 1)[0, 0] + m[0, 0].item()


@program(V)
def zeros_then_concatenate(x):
    n = len(x)
    padded = np.concatenate([np.zeros(1), x, np.zeros(2)])
    return np.sum(padded[:n] * padded[2:n + 2]) + np.sum(np.ones(n) * x)


@program(0.5, 0.2)
def built_arrays(a, b):
    m = np.array([[a, b], [b * a, 1.0]])
    v = np.array([a, 2])
    return m @ v


@program(V)
def stacks(x):
    a = np.stack([x, x * x])
    b = np.vstack((x, np.sin(x)))
    c = np.hstack([x, x[:2]])
    return np.sum(a * b) + np.sum(c ** 2) + np.sum(np.column_stack([x, x]))


@program(M)
def reductions(m):
    return (np.sum(m, axis=0)[1] + np.mean(m, axis=1, keepdims=True)[0, 0] * np.max(m, axis=-1)[2]
            + np.prod(m, axis=1)[0] + np.var(m) + np.std(m, axis=0)[0] + np.min(m))


@program(M, np.arange(4.0))
def broadcasting(m, v):
    return np.sum(m * v + v) + np.sum(m[:, :1] * m) + np.sum((v[:, None] - v[None, :]) ** 2)


@program(np.array(0.5), V)
def zero_dimensional_with_array(a, x):
    return np.sum(a * x + a)


@program(np.eye(3) * 2 + 0.1, np.arange(3.0))
def linear_algebra(a, b):
    return np.linalg.solve(a, b)[0] + np.linalg.det(a) + np.trace(np.linalg.inv(a)) + np.linalg.norm(b + 1)


@program(np.eye(3) * 2 + 0.1, np.arange(3.0))
def products(a, b):
    return (np.dot(a, b) @ b + np.sum(np.outer(b, b) * a) + np.einsum("ij,j->", a, b) + np.tensordot(a, a)
            + np.inner(b, b) + np.vdot(b, b))


@program(V)
def splits(x):
    a, b = np.split(x, 2)
    return np.sum(a * b * b)


@program(M)
def split_in_list(m):
    parts = np.split(m, 2, axis=1)
    y = 0.0
    for p in parts:
        y = y + np.sum(p * p) * (1 + y)
    return y


@program(M)
def meshed(m):
    r = np.roll(m, 1, axis=0) + np.flip(m, axis=1)
    t = np.tile(m[0], 2)
    e = np.expand_dims(m, 0)
    return np.sum(r * m) + np.sum(t[:4] * t[4:]) + np.sum(e[0] * np.squeeze(e)) + np.sum(np.repeat(m[0], 2))


@program(M[:, :3])
def triangles(m):
    return np.sum(np.tril(m) @ np.triu(m)) + np.sum(np.diag(m) ** 2) + np.trace(m) + np.sum(np.diag(m[0]))


@program(V)
def sorted_values(x):
    s = np.sort(x)
    return s[0] * s[1] + s[-1] * 2 + np.sum(np.cumsum(x) * x)


@program(V)
def elementary(x):
    return np.sum(np.exp(x) + np.log(x * x) + np.sqrt(np.abs(x)) + np.tanh(x) * np.arctan(x) + np.sinh(x) - np.cosh(x)
                  + np.expm1(x) + np.log1p(x * x) + x ** 2 + 2 ** x + np.square(x) + np.sign(x) * x)


@program(V)
def max_min_clip(x):
    return np.sum(np.maximum(x, 0.1) * np.minimum(x, 1.0) + np.clip(x, -0.2, 0.9) ** 2) + np.sum(abs(x))


@program(V, 2)
def polynomial(c, x):
    y = 0.0
    for a in c[::-1]:
        y = y * x + a
    return y


@program(M)
def rowwise(m):
    out = []
    for i in range(m.shape[0]):
        row = m[i]
        out.append(row / np.sum(row))
    return np.array(out)


@program(M)
def softmax_of_rows(m):
    e = np.exp(m - m.max(axis=1, keepdims=True))
    return np.log(np.sum(e / e.sum(axis=1, keepdims=True) * m))


@program(np.array([0.1, 0.2, 0.3]), 4)
def linear_recurrence(x, n):
    a = np.zeros((3, 3)) + np.eye(3) * 0.5
    for _ in range(n):
        x = a @ x + x[::-1]
    return x @ x


@program(np.float32(0.5), np.array([1.0, 2.0], dtype=np.float32), second=False)
def float32_kept(a, x):
    y = a * x + 1
    for _ in range(3):
        y = y * np.float32(0.5) + x
    return np.sum(y)


@program(V)
def complex_intermediate(x):
    z = np.exp(1j * x)
    return np.sum(np.real(z) * np.imag(z * z)) + np.sum(np.abs(z * x) ** 2)


@program(V)
def fft_power(x):
    return np.sum(np.abs(np.fft.fft(x)) ** 2 * np.arange(4))


@program(V)
def full_and_like(x):
    n = x.shape[0]
    f = np.full(n, x[0]) + np.full_like(x, 2.0) + np.zeros_like(x) + np.ones_like(x) + np.arange(n) + np.linspace(0, 1, n)
    return np.sum(f * x)


@program(0.3, 5)
def linspace_of_variable(x, n):
    t = np.linspace(0.0, x, n)
    return np.sum(np.sin(t) * t)


@program(V)
def comparison_as_number(x):
    return np.sum((x > 0) * x) + np.sum(x * (x < 0.5)) + float(x[0] > 0) * x[1]


@program(np.array([[0.4, 0.1], [0.2, 0.9]]), 3)
def power_iteration(a, n):
    v = np.ones(2)
    for _ in range(n):
        v = a @ v
        v = v / np.linalg.norm(v)
    return v @ a @ v


@program(np.array([2.0, 1.0]), np.array([[4.0, 1.0], [1.0, 3.0]]))
def conjugate_gradient(b, a):
    x = np.zeros(2)
    r = b - a @ x
    p = r
    rs = r @ r
    for _ in range(2):
        ap = a @ p
        alpha = rs / (p @ ap)
        x = x + alpha * p
        r = r - alpha * ap
        new = r @ r
        if np.sqrt(new) < 1e-10:
            break
        p = r + new / rs * p
        rs = new
    return np.sum(x)


@program(np.array([0.2, 0.7, 0.1]), np.array([[0.9, 0.1, 0.0], [0.2, 0.7, 0.1], [0.0, 0.3, 0.7]]), [0, 2, 1])
def hidden_markov(start, transition, observed):
    alpha = start
    loglik = 0.0
    for o in observed:
        alpha = (alpha @ transition) * transition[:, o]
        c = np.sum(alpha)
        loglik += np.log(c)
        alpha = alpha / c
    return loglik


@program(V)
def array_alias_read(x):
    y = x
    z = y[1:]
    return np.sum(z * z) * y[0]


@program(V)
def views_of_views(x):
    m = x.reshape(2, 2)
    t = m.T
    return t[0, 1] * m[0, 1] + np.sum(t.ravel()[1:])


@program(V, np.array([True, False, True, True]))
def mask_argument(x, mask):
    return np.sum(x[mask] ** 2) + np.sum(x[~mask])


@program(V, np.array([3, 0, 0]))
def index_argument(x, k):
    return np.sum(x[k] ** 2)


@program(V)
def unary_operators(x):
    return np.sum(-x * +x) + np.sum(~(x > 0) * x)


@program(V)
def matrix_of_differences(x):
    n = len(x)
    energy = 0.0
    for i in range(n):
        for j in range(i + 1, n):
            energy += 1.0 / (1 + (x[i] - x[j]) ** 2)
    return energy


@program(M)
def sizes_from_extents(m):
    n, k = m.shape
    a = np.eye(k) + np.tri(k, k) + np.identity(k) + np.diag(np.arange(k)) + np.zeros((k, k)) + np.full((k, k), m[0, 0])
    b = np.linspace(0.0, 1.0, n) + np.ones(n) + np.arange(1, n + 1)
    c = np.repeat(m[0], n).reshape(n, k) + np.tile(m[1], (n, 1)) + np.broadcast_to(m[2], (n, k))
    return np.sum((m @ a) ** 2) + np.sum(b @ m) + np.sum(c * m) + np.sum(m.reshape(n * k)[: n * k // 2])


@program(np.arange(6.0).reshape(2, 3) / 5)
def one_transpose_in_two_products(x):
    """The transposed of a cotangent is used twice: by a transposed product, and by itself."""
    y = np.sin(x) @ np.cos(x).T
    return np.sum((x @ x.T) @ y + y @ (x @ x.T).T)


@program(0.7, np.array([0.3, -1.2, 0.8]))
def number_times_vector(y, a):
    return y * a
