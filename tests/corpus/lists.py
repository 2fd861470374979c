"""Lists and dicts that are changed, shared, nested, taken apart."""

import numpy as np

from tests.corpus.registry import program


@program(0.4)
def mutable_default(x):

    def f(t, acc=[]):
        acc.append(t)
        return sum(acc)

    return f(x) + f(x * 2)


@program(np.array([1.0, 2.0, 3.0]))
def list_mutated_while_reading(xs):
    ys = list(xs)
    for i in range(len(ys)):
        ys[i] = ys[i] * ys[i - 1]
    return ys[0] * ys[1] + ys[2]


@program(np.array([1.0, 2.0, 3.0]))
def star_expr_in_list(xs):
    ys = [*xs, 4.0, *[x * 2 for x in xs]]
    return ys[0] * ys[3] * ys[-1]


@program(0.3)
def multiple_targets_swap_index(x):
    d = {"i": 0.0}
    a = [x, 2.0]
    a[0], a[1] = (a[1], a[0])
    d["i"], y = a
    return d["i"] * y + a[0]


@program(0.5, 3)
def dict_of_lists(x, n):
    log = {"x": [], "v": []}
    v = 1.0
    for i in range(n):
        x, v = (x + 0.1 * v, v - 0.1 * x)
        log["x"].append(x)
        log["v"].append(v)
    return sum(log["x"]) * log["v"][-1]


@program(0.5, 3)
def list_of_dicts_static(x, n):
    particles = [{"x": x, "v": 1.0}, {"x": 2 * x, "v": -1.0}]
    for _ in range(n):
        for p in particles:
            p["x"] = p["x"] + 0.1 * p["v"]
            p["v"] = p["v"] - 0.1 * np.sin(p["x"])
    return sum((p["x"] for p in particles)) * particles[0]["v"]


@program([[1.0, 2.0], [3.0, 4.0]])
def nested_list_argument(m):
    t = 0.0
    for i in range(2):
        for j in range(2):
            t += m[i][j] * m[j][i]
    return t


@program([[1.0, 2.0], [3.0, 4.0]], 2)
def nested_list_dynamic(m, n):
    t = 0.0
    for i in range(n):
        for j in range(n):
            t += m[i][j] * m[j][i]
    return t


@program(0.2, 3)
def list_extended_in_loop(x, n):
    ys = []
    for i in range(n):
        ys.extend([x * i, x + i])
        ys += [1.0]
    return sum(ys)


@program(0.7, 3)
def closure_of_list(x, n):
    ys = []

    def push(t):
        ys.append(t * x)

    for i in range(n):
        push(i)
    return sum(ys) * len(ys)


@program(0.7, 3)
def nested_list_alias(x, n):
    row = [x, 1.0]
    m = [row, row]
    m[0][0] = 5.0 * x
    return m[1][0] * row[1]


@program(0.7, 3)
def list_times(x, n):
    row = [0.0] * n
    for i in range(n):
        row[i] = row[i - 1] + x * i
    m = [[x, 1.0]] * 2
    m[0][1] = x
    return row[n - 1] * m[1][1]


@program(0.7, 3)
def args_alias(x, n):

    def f(a, b):
        a.append(x)
        return len(b) * b[-1]

    ys = [1.0]
    return f(ys, ys)


@program([1.0, 2.0], [3.0])
def copy_of_argument_changed(xs, ys):
    xs = list(xs)
    xs.append(ys[0])
    d = {"total": sum(xs)}.copy()
    d["total"] *= xs[0]
    return d["total"]


@program([1.0, 2.0], 3)
def argument_rebound_in_loop(xs, n):
    for i in range(n):
        xs = [x * xs[0] + i for x in xs]
    return sum(xs)


@program(0.7)
def conditional_del(x):
    d = {"a": x, "b": 2.0}
    del d["b"]
    return d["a"] * len(d)


@program(0.5, 3)
def accumulate_product_of_list(x, n):
    fs = [np.sin, np.cos, np.tanh]
    y = x
    for i in range(n):
        y = fs[i % 3](y)
    return y


@program(np.arange(6.0).reshape(2, 3) - 0.5, 2)
def list_of_lists(m, k):
    rows = []
    for row in m:
        kept = []
        for x in row:
            if x > 0:
                kept.append(x * x)
        rows.append(kept)
    total = 0.0
    for row in rows:
        for x in row:
            total = total * 0.5 + x
    return total + rows[1][0] * rows[0][-1] + len(rows[0]) * rows[-1][k]


@program(0.4, 3)
def pascal(x, n):
    rows = [[x]]
    for i in range(n):
        last = rows[-1]
        rows.append([x] + [last[j] + last[j + 1] * x for j in range(i)] + [last[-1]])
    return sum(rows[-1])


@program(0.4, 4)
def table_of_lists(x, n):
    best = [[0.0 for _ in range(n)] for _ in range(n)]
    for i in range(n):
        best[i] = [x * (i + j) for j in range(n)]
    return np.sum(np.array(best) ** 2)


@program(0.5, 4)
def list_of_tuples(x, n):
    path = []
    v = 1.0
    for i in range(n):
        path.append((x, v * i))
        x, v = x + 0.1 * v, v - 0.1 * x
    a, b = path[-1]
    return a * b + path[1][0] + len(path)


@program(0.5, 4)
@program(0.5, 0)
def list_of_tuples_walked(x, n):
    path = [(x, 1.0)]
    for i in range(n):
        last, v = path[-1]
        path.append((last * v, v - 0.1 * x))
    total = 0.0
    for a, b in path:
        total += a * b
    for i, (a, b) in enumerate(reversed(path)):
        total += a * i - b
    return total


@program(np.array([0.5, -0.2, 0.7]))
def list_of_tuples_with_condition(xs):
    kept = [(x * x, k) for k, x in enumerate(xs) if x > 0]
    return sum(a * k for a, k in kept) + kept[0][0]


@program(np.array([0.5, 0.2]), 3)
def list_of_tuples_with_arrays(u, n):
    path = []
    t = 0.0
    for i in range(n):
        path.append((t, u))
        u = u + 0.1 * np.array([u[1], -u[0]])
        t = t + 0.1
    ts, us = zip(*path)
    return np.sum(np.array(us)) * ts[-1] + path[-1][1][0]


@program(0.5, 4)
def array_of_tuples(x, n):
    path = []
    for i in range(n):
        path.append((x * i, x ** i))
    a = np.array(path)
    return np.sum(a[:, 0] * a[:, 1]) + a[1, 1]


@program(0.5, 3)
def named_tuples_in_list(x, n):
    points = [(x, (i, x * i)) for i in range(n)]
    points += [(1.0, (5, x))]
    return sum(a * b * k for a, (k, b) in points[1:])


@program(0.7, 3)
@program(0.7, 0)
def lists_swapped(x, n):
    a, b = [x, 1.0], [2.0, x * x]
    y = 0.0
    for i in range(n):
        y += a[0] * (i + 1)
        a, b = b, a
        a[1] = a[1] * x
    return y + a[1] * b[0]


@program(0.7, 3)
def list_buffers(x, n):
    old = [x, 1.0, x * x]
    for i in range(n):
        new = []
        for k in range(3):
            new.append(old[k] + old[k - 1] * x)
        old = new
    return old[0] * old[2]


@program(np.array([0.7, -0.4, 1.3]))
def stack_emptied(x):
    stack = []
    for e in x:
        stack.append(e * e)
    y = 0.0
    while stack:
        y = y * 0.5 + stack.pop()
    return y


@program(np.array([0.7, -0.4, 1.3]))
def copy_of_a_list_that_grows(x):
    last = [1.0]
    values = [x[2]]
    for e in x:
        values.append(x[0] * e)
        last = list(values)
    return last[0] * last[-1] + values[0] * values[-1]
