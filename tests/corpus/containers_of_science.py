"""Containers and functions together, in the style of scientific programs."""

import heapq
import itertools
import math
import operator
import statistics
from collections import deque, namedtuple
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from tests.corpus.registry import program

X = np.random.default_rng(1).normal(size=(5, 3))
V = np.array([0.4, -0.9, 0.25])
T = np.array([0.3, -0.5, 0.9, 0.2, -0.8, 0.6])


@dataclass(slots=True, kw_only=True)
class Opts:
    tol: float = 1e-6
    maxiter: int = 3
    extra: dict = field(default_factory=dict)


@program(0.7)
def opts(x):
    o = Opts(maxiter=4)
    o.extra["k"] = x
    for _ in range(o.maxiter):
        x = np.sin(x) + o.extra["k"]
    return x + o.tol


@program(T)
def heap_(x):
    return (
        sum(heapq.nsmallest(2, x)) ** 2
        + heapq.nlargest(1, list(x))[0]
        + statistics.mean(list(x))
        + statistics.pstdev(x)
    )


@program(T)
def topk(x):
    order = sorted(range(len(x)), key=lambda i: x[i], reverse=True)
    return sum(x[i] ** 2 * (k + 1) for k, i in enumerate(order[:3]))


@program(T)
def argmax_py(x):
    i = max(range(len(x)), key=x.__getitem__)
    j = min(range(len(x)), key=lambda k: x[k])
    return x[i] ** 2 * i + x[j]


@program(V)
def index_of_best(x):
    losses = [(v - 1) ** 2 for v in x]
    k = losses.index(min(losses))
    return x[k] ** 3


@program(T)
def batching(x):
    batches = [x[i : i + 2] for i in range(0, len(x), 2)]
    return sum(np.prod(b) * (k + 1) for k, b in enumerate(batches)) + len(batches)


@program(V, X)
def zip_dict(w, x):
    cols = dict(zip(("a", "b", "c"), x.T))
    wts = dict(zip("abc", w))
    return sum(wts[k] * np.sum(cols[k]) for k in cols.keys() & wts.keys())


@program({"a": 1.0, "b": 2.0}, {"b": 0.5, "c": 3.0})
def merge_dicts(p, q):
    m = {**p, **q}
    n = p | q
    return sum(v * w for v, w in zip(m.values(), n.values())) + sum(m[k] for k in sorted(m))


@program([1.0, 2.0, 3.0])
def list_params(p):
    p = list(map(lambda v: v * 2, p))
    first, *mid, last = p
    p[-1] = first
    q = p.copy()
    q.append(last)
    del q[0]
    return sum(q) * len(mid) + mid[0] + (p + [1.0] * 2)[-3]


@program(T)
def running_stats(x):
    stats = {"n": 0, "mean": 0.0, "m2": 0.0}
    for v in x:
        stats["n"] += 1
        d = v - stats["mean"]
        stats["mean"] += d / stats["n"]
        stats["m2"] += d * (v - stats["mean"])
    return stats["m2"] / (stats["n"] - 1)


@program(T)
def memo_dict(x):
    memo = {}

    def fib(n):
        if n in memo:
            return memo[n]
        r = x[0] if n == 0 else x[1] if n == 1 else fib(n - 1) * 0.5 + fib(n - 2)
        memo[n] = r
        return r

    return fib(6)


@program(0.5)
def dp_table(p):
    n = 5
    dp = [[0.0] * (n + 1) for _ in range(n + 1)]
    dp[0][0] = 1.0
    for i in range(1, n + 1):
        for j in range(i + 1):
            dp[i][j] = dp[i - 1][j] * (1 - p) + (dp[i - 1][j - 1] * p if j > 0 else 0.0)
    return sum(j * dp[n][j] ** 2 for j in range(n + 1))


@program(T)
def edges(x):
    graph = {0: [1, 2], 1: [3], 2: [3], 3: []}
    dist = {k: math.inf for k in graph}
    dist[0] = x[0] * 0
    queue, seen = deque([0]), set()
    order = []
    while queue:
        u = queue.popleft()
        if u in seen:
            continue
        seen.add(u)
        order.append(u)
        for v in graph[u]:
            queue.append(v)
    return sum(x[u] ** 2 * (i + 1) for i, u in enumerate(order))


@program(V)
def nested_comp(x):
    m = [[a * b for b in x] for a in x]
    flat = [v for row in m for v in row if v > -100]
    tr = sum(m[i][i] for i in range(len(m)))
    return tr + sum(flat) + sum(zip(*m).__next__()) if False else tr + sum(flat) + sum(sum(c) for c in zip(*m))


@program(V)
def starred(x):
    def f(a, b, *rest, scale=1.0, **opts):
        return (a + b * 2 + sum(rest)) * scale + opts.get("shift", 0.0)

    args, kw = (x[0], x[1]), dict(scale=x[2])
    return f(*args, **kw) + f(*x, shift=1.0) + f(*[1.0, 2.0], *args, **{"scale": 0.5, "shift": x[0]})


@program(0.7)
def ternary_chain(x):
    kinds = {"relu": lambda v: max(v, 0.0), "elu": lambda v: v if v > 0 else math.exp(v) - 1, "id": lambda v: v}
    out = 1.0
    for name in ["relu", "elu", "id", "missing"]:
        f = kinds.get(name)
        out *= f(x) if f else 2.0
    return out


@program(T)
def while_pop(x):
    stack = list(x)
    total = 0.0
    while stack:
        v = stack.pop()
        total = total * 0.3 + v**2
        if len(stack) > 2:
            stack.pop(0)
    return total


@program(V)
def iter_next(x):
    it = iter(x)
    first = next(it)
    rest = [v for v in it]
    found = next((v for v in rest if v > -100), 0.0)
    none = next(iter([]), 5.0)
    return first * sum(rest) + found**2 + none


@program(T)
def iter_chunks(x):
    it = iter(list(x))
    return sum(a * b for a, b in zip(it, it))


@program(V)
def enumerate_start(x):
    return (
        sum(k * v for k, v in enumerate(x, start=1))
        + sum(i * v for i, v in zip(itertools.count(2), x))
        + sum(i * j for i, j in enumerate(range(5, 8)))
    )


@program(V)
def cycle_zip(x):
    signs = itertools.cycle([1, -1])
    return sum(s * v**2 for s, v in zip(signs, x)) + sum(s * v for v, s in zip(x, itertools.repeat(2.0)))


@program(0.7, 3)
def pascal(x, n):
    row = [1.0]
    for _ in range(n):
        row = [1.0] + [a + b * x for a, b in zip(row, row[1:])] + [x]
    return sum(row)


@program(V)
def namedtuple_loop(x):
    Obs = namedtuple("Obs", ["t", "y"])
    obs = [Obs(k, v) for k, v in enumerate(x)]
    obs = sorted(obs, key=lambda o: o.y)
    return sum(o.t * o.y**2 for o in obs)


@program(0.7)
def global_counter_closure(x):
    calls = {"n": 0}

    def f(v):
        calls["n"] += 1
        return v**2

    y = f(x) + f(2 * x)
    return y * calls["n"]


@program(T)
def filter_none(x):
    vals = [v if v > 0 else None for v in x]
    good = [v for v in vals if v is not None]
    return sum(good) + len(good)


@program(T)
def sliding(x):
    return max(sum(x[i : i + 3]) for i in range(len(x) - 2)) + min(map(abs, x))


@program(V)
def tuple_compare(x):
    best = max((v**2, k) for k, v in enumerate(x))
    return best[0] * best[1]


@program(0.3)
def deep_closures(x):
    def outer(a):
        def mid(b):
            def inner(c):
                return a * b + c * x

            return inner

        return mid

    return outer(x)(2.0)(x**2)


@program(0.3)
def method_refs(x):
    ops = [np.sin, math.exp, operator.neg, abs, float, lambda v: v * 2]
    for op in ops:
        x = op(x)
    f = [1.0, x].__len__
    return x * f()


@program(0.7)
def kwonly_partial(x):
    def g(a, *, b, c=1.0):
        return a * b + c

    h = partial(g, b=x)
    k = partial(partial(g, 2.0), b=x, c=x)
    return h(3.0) + k() + h(1.0, c=2.0)


@program(0.7, 1.1)
def generic_solver(a, x0):
    def fixed_point(f, x, *args, tol=1e-12, maxiter=50, callback=None):
        for k in range(maxiter):
            new = f(x, *args)
            if callback is not None:
                callback(k, new)
            if abs(new - x) < tol:
                return new, k
            x = new
        return x, maxiter

    seen = []
    y, k = fixed_point(lambda x, a: math.cos(a * x), x0, a, callback=lambda k, v: seen.append(v))
    return y + len(seen) * 0
