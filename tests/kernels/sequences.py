"""Sequences in place: prefix sums, filters, sorts, transforms, polynomials."""

from __future__ import annotations

import numpy as np

from tests.kernels.registry import kernel

RNG = np.random.default_rng(3)
X = RNG.uniform(0.2, 1.0, 8)
C = RNG.uniform(-1.0, 1.0, 8)
SPREAD = np.array([0.9, -0.3, 0.5, 1.4, -1.1, 0.2, 0.7, -0.6])


# Prefix sums.


@kernel(X, second=True)
def prefix_sum_by_index(x):
    s = np.zeros(len(x))
    s[0] = x[0]
    for i in range(1, len(x)):
        s[i] = s[i - 1] + x[i]
    return np.sum(s ** 2)


@kernel(X)
def prefix_sum_in_the_argument(x):
    for i in range(1, len(x)):
        x[i] += x[i - 1]
    return np.sum(x ** 2)


@kernel(X)
def prefix_sum_by_doubling(x):
    y = x.copy()
    step = 1
    while step < len(y):
        y[step:] = y[step:] + y[:-step]
        step *= 2
    return np.sum(y ** 2)


@kernel(X)
def prefix_sum_of_blelloch(x):
    a = x.copy()
    n = len(a)
    d = 1
    while d < n:
        for i in range(2 * d - 1, n, 2 * d):
            a[i] += a[i - d]
        d *= 2
    a[n - 1] = 0.0
    while d > 1:
        d //= 2
        for i in range(2 * d - 1, n, 2 * d):
            t = a[i - d]
            a[i - d] = a[i]
            a[i] += t
    return np.sum(a ** 2)


@kernel(np.stack([X, C]))
def integral_image(A):
    S = A.copy()
    for i in range(S.shape[0]):
        for j in range(S.shape[1]):
            if i > 0:
                S[i, j] += S[i - 1, j]
            if j > 0:
                S[i, j] += S[i, j - 1]
            if i > 0 and j > 0:
                S[i, j] -= S[i - 1, j - 1]
    return np.sum(S ** 2)


# Filters.


@kernel(X, C[:3])
def convolution_by_index(x, w):
    y = np.zeros(len(x))
    for i in range(len(x)):
        for j in range(len(w)):
            if i - j >= 0:
                y[i] += w[j] * x[i - j]
    return np.sum(y ** 2)


@kernel(X, np.array([1.0, 0.4, -0.2]))
def deconvolution_in_place(y, w):
    x = y.copy()
    for i in range(len(x)):
        for j in range(1, min(i + 1, len(w))):
            x[i] -= w[j] * x[i - j]
        x[i] /= w[0]
    return np.sum(x ** 2)


@kernel(X, 0.3, 0.1)
def recursive_filter(x, a, b):
    x[1] += a * x[0]
    for n in range(2, len(x)):
        x[n] += a * x[n - 1] + b * x[n - 2]
    return np.sum(x ** 2)


@kernel(X, 3)
def moving_average_with_running_sum(x, w):
    out = np.zeros(len(x) - w + 1)
    s = 0.0
    for i in range(len(x)):
        s += x[i]
        if i >= w:
            s -= x[i - w]
        if i >= w - 1:
            out[i - w + 1] = s / w
    return np.sum(out ** 2)


@kernel(X, 3)
def moving_window_by_slice(x, w):
    out = np.empty(len(x) - w + 1)
    for i in range(out.size):
        out[i] = np.mean(x[i:i + w]) * np.max(x[i:i + w])
    return np.sum(out ** 2)


@kernel(X, 3)
def ring_buffer_by_remainder(x, w):
    ring = np.zeros(w)
    y = np.zeros_like(x)
    for i, v in enumerate(x):
        ring[i % w] = v
        y[i] = np.sum(ring ** 2)
    return np.sum(y * x)


@kernel(X, 3)
def ring_buffer_with_a_head(x, w):
    ring, head, total = np.zeros(w), 0, 0.0
    for v in x:
        total += v * ring[head]
        ring[head] = v
        head += 1
        if head == w:
            head = 0
    return total


class Ring:
    def __init__(self, n):
        self.data = np.zeros(n)
        self.head = 0

    def push(self, v):
        old = self.data[self.head]
        self.data[self.head] = v
        self.head = (self.head + 1) % len(self.data)
        return old


@kernel(X)
def ring_buffer_of_a_class(x):
    ring = Ring(3)
    total = 0.0
    for v in x:
        total += v * ring.push(v)
    return total + np.sum(ring.data ** 2)


@kernel(X)
def delay_line_by_shift(x):
    line = np.zeros(4)
    out = 0.0
    for v in x:
        line[1:] = line[:-1].copy()
        line[0] = v
        out += line[-1] * v
    return out


@kernel(X)
def run_length_averages(x):
    ids = np.array([0, 0, 1, 1, 1, 2, 3, 3])
    sums, counts = np.zeros(4), np.zeros(4)
    for k, v in zip(ids, x):
        sums[k] += v
        counts[k] += 1
    sums /= counts
    return np.sum(sums ** 2)


@kernel(X)
def run_length_averages_in_place(x):
    starts = [0, 2, 5, 6, 8]
    for a, b in zip(starts[:-1], starts[1:]):
        x[a:b] = x[a:b].mean() * x[a]
    return np.sum(x ** 2)


@kernel(X, 0.4)
def lms_adaptive_filter(x, mu):
    w = np.zeros(3)
    total = 0.0
    for n in range(3, len(x)):
        e = x[n] - w @ x[n - 3:n][::-1]
        w += mu * e * x[n - 3:n][::-1]
        total += e ** 2
    return total


# Transforms.


def butterflies(re, im):
    n = len(re)
    if n == 1:
        return
    h = n // 2
    er, ei = re[::2].copy(), im[::2].copy()
    dr, di = re[1::2].copy(), im[1::2].copy()
    butterflies(er, ei)
    butterflies(dr, di)
    for k in range(h):
        c, s = np.cos(2 * np.pi * k / n), -np.sin(2 * np.pi * k / n)
        tr, ti = c * dr[k] - s * di[k], s * dr[k] + c * di[k]
        re[k], im[k] = er[k] + tr, ei[k] + ti
        re[k + h], im[k + h] = er[k] - tr, ei[k] - ti


@kernel(X, C)
def fft_by_recursion_on_halves(re, im):
    butterflies(re, im)
    return np.sum((re ** 2 + im ** 2) * np.arange(8.0))


@kernel(X, C, second=True)
def fft_iterative(x, y):
    n = len(x)
    re, im = x.copy(), y.copy()
    j = 0
    for i in range(1, n):
        bit = n >> 1
        while j & bit:
            j ^= bit
            bit >>= 1
        j |= bit
        if i < j:
            re[i], re[j] = re[j], re[i]
            im[i], im[j] = im[j], im[i]
    size = 2
    while size <= n:
        half = size // 2
        for start in range(0, n, size):
            for k in range(half):
                c, s = np.cos(2 * np.pi * k / size), -np.sin(2 * np.pi * k / size)
                a, b = start + k, start + k + half
                tr, ti = c * re[b] - s * im[b], s * re[b] + c * im[b]
                re[b], im[b] = re[a] - tr, im[a] - ti
                re[a] += tr
                im[a] += ti
        size *= 2
    return np.sum((re ** 2 + im ** 2) * np.arange(8.0))


@kernel(X)
def haar_wavelet(x):
    a = x.copy()
    n = len(a)
    while n > 1:
        even, odd = a[:n:2].copy(), a[1:n:2].copy()
        n //= 2
        a[:n] = (even + odd) / 2
        a[n:2 * n] = (even - odd) / 2
    return np.sum(a ** 2 * np.arange(8.0))


@kernel(X)
def walsh_hadamard(a):
    h = 1
    while h < len(a):
        for i in range(0, len(a), h * 2):
            for j in range(i, i + h):
                x, y = a[j], a[j + h]
                a[j], a[j + h] = x + y, x - y
        h *= 2
    return np.sum(a ** 3)


# Polynomials.


@kernel(C, 0.7, second=True)
def horner_with_derivative(c, x):
    p = np.zeros(2)
    for k in range(len(c) - 1, -1, -1):
        p[1] = p[1] * x + p[0]
        p[0] = p[0] * x + c[k]
    return p[0] * p[1]


@kernel(C, X)
def horner_of_arrays(c, x):
    p = np.zeros_like(x)
    for a in c[::-1]:
        p *= x
        p += a
    return np.sum(p ** 2)


@kernel(C, 0.7)
def synthetic_division(c, r):
    q = c.copy()
    for k in range(len(q) - 2, -1, -1):
        q[k] += r * q[k + 1]
    return q[0] * q[1]


@kernel(C, 0.7)
def clenshaw_with_array(c, x):
    b = np.zeros(len(c) + 2)
    for k in range(len(c) - 1, 0, -1):
        b[k] = 2 * x * b[k + 1] - b[k + 2] + c[k]
    return c[0] + x * b[1] - b[2]


@kernel(C, 0.7)
def clenshaw_with_two_numbers(c, x):
    b1 = b2 = 0.0
    for a in c[:0:-1]:
        b1, b2 = 2 * x * b1 - b2 + a, b1
    return c[0] + x * b1 - b2


@kernel(X, C)
def divided_differences(x, y):
    y = y.copy()
    n = len(x)
    for k in range(1, n):
        y[k:] = (y[k:] - y[k - 1:-1]) / (x[k:] - x[:n - k])
    return np.sum(y[:4] ** 2)


@kernel(np.linspace(0.1, 1.0, 5), C[:5], 0.42)
def neville_in_place(x, y, at):
    y = y.copy()
    for k in range(1, len(x)):
        for i in range(len(x) - k):
            y[i] = ((at - x[i + k]) * y[i] + (x[i] - at) * y[i + 1]) / (x[i] - x[i + k])
    return y[0]


@kernel(X, 0.4)
def de_casteljau(points, t):
    p = points.copy()
    while len(p) > 1:
        p = (1 - t) * p[:-1] + t * p[1:]
    return p[0]


@kernel(X, 0.4)
def de_casteljau_in_place(p, t):
    for k in range(1, len(p)):
        p[:len(p) - k] = (1 - t) * p[:len(p) - k] + t * p[1:len(p) - k + 1]
    return p[0] * p[1]
