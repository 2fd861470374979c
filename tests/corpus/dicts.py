"""Containers as users use them: dicts and lists that change, sets, deques, sorting, recursion over trees."""

import math
import operator
from collections import Counter, OrderedDict, defaultdict, deque

import numpy as np

from tests.corpus.registry import program

V = np.array([0.4, -0.9, 0.25])
W = np.array([[0.3, -0.2, 0.1], [0.5, 0.4, -0.3], [-0.6, 0.2, 0.7]])
T = np.array([0.3, -0.5, 0.9, 0.2, -0.8, 0.6])


@program(V)
def sorted_by_value(x):
    items = sorted(x, reverse=True)
    return items[0] * 2 + items[1] ** 2


@program(V)
def sorted_key(x):
    pts = [(i, v) for i, v in enumerate(x)]
    pts.sort(key=lambda p: p[1])
    return sum(k * p[1] ** 2 for k, p in enumerate(pts))


@program(1.3, 0.4, 2.2)
def sort_numbers(a, b, c):
    lo, mid, hi = sorted([a, b, c])
    return lo + 2 * mid**2 + 3 * hi


@program(1.3, 0.4, 2.2)
def max_key(a, b, c):
    best = max([a, b, c], key=lambda v: -abs(v - 1.0))
    worst = min((a, b, c), key=lambda v: v * v)
    return best**2 + worst


@program(V)
def max_default(x):
    pos = [v for v in x if v > 100]
    return max(pos, default=0.0) + np.sum(x**2)


@program({"w": W, "b": V}, V)
def dict_update(p, x):
    q = dict(p)
    q.update(b=p["b"] * 2, c=1.0)
    q |= {"d": 3.0}
    q.update({"e": q["b"][0]})
    return np.sum(q["w"] @ x + q["b"]) * q["d"] * q["e"] + q.get("zz", 1.0)


@program({"w": W, "b": V}, V)
def dict_in_del(p, x):
    q = {k: v**2 for k, v in p.items() if k != "c"}
    if "b" in q and "zz" not in q:
        b = q.pop("b")
    q.setdefault("k", 2.0)
    q.setdefault("lst", []).append(b)
    del q["k"]
    total = 0.0
    for k in sorted(q):
        if k == "lst":
            total += np.sum(q[k][0])
        else:
            total += np.sum(q[k] @ x)
    return total


@program(V)
def defaultdict_groups(x):
    groups = defaultdict(list)
    for i, v in enumerate(x):
        groups["even" if i % 2 == 0 else "odd"].append(v)
    return sum(sum(v) ** 2 for v in groups.values())


@program(0.7)
def defaultdict_float(x):
    acc = defaultdict(float)
    for k in ("a", "b", "a"):
        acc[k] += x * x
    return acc["a"] * acc["b"] + acc["c"]


@program(V)
def counter_static(x):
    c = Counter(["H", "O", "H"])
    return sum(n * x[i] ** 2 for i, (el, n) in enumerate(c.items()))


@program(V)
def ordered(x):
    d = OrderedDict()
    d["a"] = x**2
    d["b"] = np.sin(x)
    d.move_to_end("a")
    return sum(np.sum(v) * k for k, v in enumerate(d.values(), 1))


@program(V)
def deque_window(x):
    w = deque(maxlen=2)
    out = 0.0
    for v in x:
        w.append(v)
        out += sum(w) / len(w)
    return out**2


@program(V)
def deque_queue(x):
    q = deque([x[0], x[1]])
    q.appendleft(x[2])
    a = q.popleft()
    q.rotate(1)
    b = q.pop()
    return a * b + q[0] ** 2


@program(V)
def set_static(x):
    skip = {1, 5}
    names = set(["a", "b"]) | {"c"}
    return sum(v**2 for i, v in enumerate(x) if i not in skip) * len(names)


@program(T)
def set_comp(x):
    kinds = {i % 2 for i in range(5)}
    return sum(np.sum(x[k::2] ** 2) for k in kinds)


@program(0.6)
def math_(x):
    return (
        math.fsum([x, x**2])
        + math.hypot(x, 2.0)
        + math.prod([x, 3.0, x])
        + math.dist([x, 0.0], [1.0, x])
        + math.atan2(x, 2)
        + math.erf(x)
        + math.lgamma(x + 1)
    )


@program(V)
def list_ops(x):
    xs = [x[0], x[1]]
    xs.extend([x[2], 1.0])
    xs.insert(1, x[0] * 2)
    xs[1:3] = [x[1] ** 2]
    xs.reverse()
    a, *rest = xs
    rest.remove(rest[0])
    return a * len(rest) + sum(rest) + xs.index(a) + [1, 2, 2].count(2)


@program(V)
def list_grow_index(x):
    xs = [0.0] * 4
    for i in range(3):
        xs[i + 1] = xs[i] + x[i] ** 2
    return xs[-1] + sum(xs[1:])


@program(V)
def nested_list(x):
    n = 3
    table = [[0.0] * n for _ in range(n)]
    for i in range(n):
        for j in range(n):
            table[i][j] = x[i] * x[j] + (table[i - 1][j] if i else 0.0)
    return table[2][2] + sum(map(sum, table))


@program(V)
def tuple_ops(x):
    t = tuple(v**2 for v in x)
    u = t + (1.0,)
    a, (b, *c) = u[0], u[1:]
    return a * b + sum(c) + (3.0 in u) + len(t[::2])


@program(V)
def enum_rev(x):
    s = 0.0
    for i, v in reversed(list(enumerate(x))):
        s = s * 0.5 + i * v**2
    return s


@program(V)
def str_keys(x):
    params = {f"w{i}": v for i, v in enumerate(x)}
    names = list(params.keys())
    total = sum(params[f"w{i}"] ** 2 for i in range(len(names)))
    print(f"total={total:.3f}", "names=%s" % names[0], "x".join(names), "{:.2f}".format(1.5))
    return total


@program(V)
def dict_of_tuples(x):
    bonds = {(0, 1): 1.5, (1, 2): 2.0}
    return sum(k * (x[i] - x[j]) ** 2 for (i, j), k in bonds.items())


@program(V)
def any_all(x):
    if any(v > 100 for v in x) or not all(np.isfinite(v) for v in x):
        return np.sum(x)
    return np.sum(x**3)


@program(V)
def sum_lists(x):
    return sum([[x[0]], [x[1]]], [])[1] + sum((np.sum(x), 2.0)) + sum(v for v in (x**2)) + sum(x * 2)


@program(V)
def itemgetter_(x):
    recs = [{"e": v, "k": i} for i, v in enumerate(x)]
    g = operator.itemgetter("e")
    return sum(g(r) ** 2 for r in sorted(recs, key=operator.itemgetter("k"), reverse=True))


@program(0.8)
def chained_compare(x):
    lo, hi = 0.0, 1.0
    y = x if lo <= x < hi else hi
    return y**2 if x is not None else 0.0


@program(V)
def walrus_list(x):
    return sum(y for v in x if (y := v * v) > 0.05)


@program({"layers": [{"w": W, "b": V}, {"w": W.T.copy(), "b": V * 2}]}, V)
def nested_params(p, x):
    h = x
    for i, layer in enumerate(p["layers"]):
        h = h @ layer["w"] + layer["b"]
        if i < len(p["layers"]) - 1:
            h = np.tanh(h)
    return np.sum(h**2)


@program({"layers": [{"w": W, "b": V}, {"w": W.T.copy(), "b": V * 2}]}, V)
def tree_l2(p, x):
    def walk(t):
        if isinstance(t, dict):
            return sum(walk(v) for v in t.values())
        if isinstance(t, (list, tuple)):
            return sum(walk(v) for v in t)
        return np.sum(t**2)

    return walk(p) * np.sum(x)


def l2(t):
    return sum([l2(v) for v in t]) if isinstance(t, (list, tuple)) else np.sum(t**2)


@program((1.5, (V, [2.0])))
def tree_l2_global(t):
    return l2(t)


def tmap(f, t):
    if isinstance(t, dict):
        return {k: tmap(f, v) for k, v in t.items()}
    if isinstance(t, list):
        return [tmap(f, v) for v in t]
    return f(t)


@program({"a": [V, 2.0], "b": {"c": W}})
def tree_map_(p):
    q = tmap(lambda v: v * 2, p)
    r = tmap(np.sum, q)
    return r["a"][0] * r["b"]["c"] + r["a"][1] ** 2
