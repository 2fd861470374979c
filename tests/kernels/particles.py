"""Scatter and gather: histograms, particles in cells, bodies, stacks, lists of arrays."""

from __future__ import annotations

import numpy as np

from tests.kernels.registry import kernel

RNG = np.random.default_rng(5)
POS = RNG.uniform(0.3, 4.7, 6)
Q = RNG.uniform(0.5, 1.0, 6)
XY = RNG.uniform(0.0, 2.0, (4, 2))
V = RNG.uniform(-0.2, 0.2, (4, 2))


@kernel(POS, Q, second=True)
def deposit_by_loop(x, q):
    rho = np.zeros(6)
    for p in range(len(x)):
        i = int(x[p])
        w = x[p] - i
        rho[i] += q[p] * (1 - w)
        rho[i + 1] += q[p] * w
    return np.sum(rho ** 2)


@kernel(POS, Q)
def deposit_by_add_at(x, q):
    rho = np.zeros(6)
    i = np.floor(x).astype(int)
    w = x - i
    np.add.at(rho, i, q * (1 - w))
    np.add.at(rho, i + 1, q * w)
    return np.sum(rho ** 2)


def deposit(grid, x, q):
    for a, c in zip(x, q):
        i = int(np.floor(a))
        grid[i] += c * (i + 1 - a)
        grid[i + 1] += c * (a - i)


@kernel(POS, Q, 2)
def particle_in_cell(x, q, steps):
    v = np.zeros_like(x)
    for _ in range(steps):
        rho = np.zeros(7)
        deposit(rho, x, q)
        field = np.zeros(7)
        for i in range(1, 7):
            field[i] = field[i - 1] + 0.1 * rho[i]
        i = x.astype(int)
        v -= 0.01 * (field[i] * (1 - (x - i)) + field[i + 1] * (x - i))
        x += v
    return np.sum(x ** 2 + v)


@kernel(POS, Q)
def soft_histogram(x, w):
    h = np.zeros(5)
    for k in range(5):
        h[k] = np.sum(w * np.exp(-(x - k) ** 2))
    h /= h.sum()
    return -np.sum(h * np.log(h))


@kernel(Q)
def histogram_by_repeated_indices(w):
    bins = np.array([0, 2, 1, 0, 2, 2])
    h = np.zeros(3)
    np.add.at(h, bins, w ** 2)
    last = np.zeros(3)
    last[bins] = w
    once = np.ones(3)
    once[bins] += w
    return np.sum(h * last * once)


@kernel(Q)
def extremes_at_indices(w):
    bins = np.array([0, 2, 1, 0, 2, 2])
    low, high, product = np.full(3, 9.0), np.zeros(3), np.ones(3)
    np.minimum.at(low, bins, w)
    np.maximum.at(high, bins, w)
    np.multiply.at(product, bins, w)
    return np.sum(low * high * product)


@kernel(XY, V, 2, second=True)
def n_body_by_pairs(x, v, steps):
    x, v = x.copy(), v.copy()
    n = len(x)
    for _ in range(steps):
        a = np.zeros((n, 2))
        for i in range(n):
            for j in range(i + 1, n):
                d = x[j] - x[i]
                f = d / (d @ d + 0.1) ** 1.5
                a[i] += f
                a[j] -= f
        v += 0.01 * a
        x += 0.01 * v
    return np.sum(x ** 2) + np.sum(v ** 2)


def kick(v, x, dt):
    for i in range(len(x)):
        for j in range(len(x)):
            if i != j:
                d = x[j] - x[i]
                v[i] += dt * d / (np.sum(d ** 2) + 0.1) ** 1.5


def drift(x, v, dt):
    x += dt * v


@kernel(XY, V, 2)
def n_body_leapfrog_in_the_arguments(x, v, steps):
    for _ in range(steps):
        kick(v, x, 0.005)
        drift(x, v, 0.01)
        kick(v, x, 0.005)
    return np.sum(x * v)


@kernel(XY, V)
def collisions_with_walls(x, v):
    for _ in range(3):
        x += v
        for i in range(len(x)):
            for k in range(2):
                if x[i, k] < 0.0 or x[i, k] > 2.0:
                    v[i, k] = -v[i, k]
                    x[i, k] = np.clip(x[i, k], 0.1, 1.9) + 0.1 * v[i, k]
    return np.sum(x ** 2 + v)


@kernel(XY, V)
def collisions_by_mask(x, v):
    for _ in range(3):
        x += v
        out = (x < 0.0) | (x > 2.0)
        v[out] *= -0.5
        x[out] += v[out]
    return np.sum(x ** 2 + v)


@kernel(XY, 1.0)
def bonds_with_an_index_list(x, k):
    force = np.zeros_like(x)
    for i, j in [(0, 1), (1, 2), (2, 3), (3, 0)]:
        d = x[i] - x[j]
        f = -k * (np.linalg.norm(d) - 1.0) * d
        force[i] += f
        force[j] -= f
    x += 0.1 * force
    return np.sum(x ** 3)


@kernel(XY)
def pair_distances_at_indices(x):
    i, j = np.triu_indices(4, 1)
    d = np.sqrt(np.sum((x[i] - x[j]) ** 2, axis=1))
    D = np.zeros((4, 4))
    D[i, j] = d
    D[j, i] = d
    D[np.arange(4), np.arange(4)] = 1.0
    return np.sum(1 / D)


@kernel(Q, np.array([1, 0, 2, 1, 3]))
def ray_accumulation(density, cells):
    image, transmitted = np.zeros(5), 1.0
    for k, c in enumerate(cells):
        absorbed = transmitted * (1 - np.exp(-density[c]))
        image[k] = absorbed
        transmitted *= np.exp(-density[c])
        if transmitted < 0.05:
            break
    return np.sum(image ** 2) + transmitted


@kernel(Q)
def stack_in_a_preallocated_array(x):
    stack, top = np.zeros(10), 0
    for op in "xx+xx*+xx-*":
        if op == "x":
            stack[top] = x[top]
            top += 1
        else:
            top -= 1
            a, b = stack[top - 1], stack[top]
            stack[top - 1] = a + b if op == "+" else a * b if op == "*" else a - b
    return stack[0]


@kernel(Q, np.array([0, 0, 1, 0, 0, 2]))
def stack_of_a_machine(x, code):
    stack = np.zeros(8)
    top = 0
    for k, op in enumerate(code):
        if op == 0:
            stack[top] = x[k]
            top += 1
            continue
        top -= 1
        if op == 1:
            stack[top - 1] += stack[top]
        else:
            stack[top - 1] *= stack[top]
    return stack[0] * top


@kernel(Q)
def stack_by_list(x):
    stack = []
    for k, v in enumerate(x):
        stack.append(v)
        if k % 2 == 1:
            b, a = stack.pop(), stack.pop()
            stack.append(a * b + 1)
    total = 0.0
    while stack:
        total += stack.pop() ** 2
    return total


@kernel(Q, 3)
def history_of_rows_filled_later(x, n):
    history = []
    for k in range(n):
        history.append(np.zeros(3))
        for i in range(3):
            history[-1][i] = x[i] * (k + 1) + x[k]
    return sum(np.sum(h ** 2) for h in history)


@kernel(Q, 4)
def list_of_rows_by_index(x, n):
    rows = [np.zeros(3) for _ in range(n)]
    for k in range(n):
        for i in range(3):
            rows[k][i] = x[i] * k + (rows[k - 1][i] if k > 0 else 0.0)
    return sum(np.sum(r ** 2) for r in rows)


@kernel(Q, 6)
def buffers_chosen_by_remainder(x, n):
    bufs = [x.copy(), np.zeros_like(x), np.zeros_like(x)]
    for k in range(n):
        bufs[(k + 1) % 3][1:] = bufs[k % 3][:-1] * 1.1
        bufs[(k + 1) % 3][0] = x[k]
    return np.sum(bufs[0] * bufs[1] + bufs[2])


@kernel(Q, 3)
def state_in_a_dict(x, n):
    state = {"u": x.copy(), "flux": np.zeros(len(x) + 1)}
    for _ in range(n):
        state["flux"][1:-1] = state["u"][1:] - state["u"][:-1]
        state["u"] += 0.1 * (state["flux"][1:] - state["flux"][:-1])
    return np.sum(state["u"] ** 2)


@kernel(Q)
def union_of_groups(w):
    parent = np.arange(6)
    weight = w.copy()
    for a, b in [(0, 1), (2, 3), (1, 3), (4, 5)]:
        while parent[a] != a:
            a = parent[a]
        while parent[b] != b:
            b = parent[b]
        if a != b:
            parent[b] = a
            weight[a] += weight[b]
            weight[b] = 0.0
    return np.sum(weight ** 2)


@kernel(Q)
def accumulator_that_becomes_an_array(x):
    total = 0.0
    for k in range(3):
        total += x * x[k]
    return np.sum(np.sin(total))
