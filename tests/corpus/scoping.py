"""Names and scopes: closures, late binding, shadowing, aliases of containers, structure that is known while lowering."""

import itertools
import math

import numpy as np

from tests.corpus.registry import program


@program(0.4)
def late_binding(x):
    fs = [lambda t: t * k for k in (1.0, 2.0, 3.0)]
    return fs[0](x) + fs[1](x)


@program(0.4, 3)
def function_defined_in_loop(x, n):
    for i in range(n):
        def scaled(t):
            return t * (i + 1) + x

        x = scaled(x)
    return x


@program(0.4)
def loop_variable_seen_by_closure(x):
    fs = []
    for k in (1.0, 2.0):
        fs.append(lambda t: t * k)
    return fs[0](x) * fs[1](x)


@program(np.array([0.4, 0.2]))
def comprehension_scope(x):
    t = 3.0
    ys = [t * t for t in x]
    return t * sum(ys)


@program(np.array([0.4, 0.2]))
def comprehension_reads_outer(x):
    scale = 2.0
    ys = [t * scale + k for k, t in enumerate(x)]
    scale = 5.0
    return ys[0] * ys[1] * scale


@program(np.array([0.4, 0.2]))
def walrus_in_comprehension(x):
    ys = [(last := t * t) + 1 for t in x]
    return sum(ys) * last


@program(0.4)
def inner_recursion(x):
    def factorial(n):
        return 1.0 if n == 0 else n * x * factorial(n - 1)

    return factorial(4)


@program(0.4, 3)
def nonlocal_in_loop(x, n):
    total = 0.0

    def add(t):
        nonlocal total
        total += t * t

    for i in range(n):
        add(x * i)
    return total * x


@program(0.4)
def counter_of_closures(x):
    def make():
        count = x

        def bump(by):
            nonlocal count
            count = count * by
            return count

        return bump

    a, b = make(), make()
    return a(2.0) * a(3.0) + b(5.0)


@program({"w0": 0.3, "w1": 0.4, "w2": 0.5}, 0.7)
def keys_from_a_counter(params, x):
    for i in range(3):
        x = np.tanh(params[f"w{i}"] * x)
    return x


@program([np.ones((2, 2)), np.eye(2)], [np.ones(2), np.zeros(2)], np.array([0.3, 0.4]))
def parallel_lists_by_index(ws, bs, x):
    for i in range(len(ws)):
        x = ws[i] @ x + bs[i]
        if i < len(ws) - 1:
            x = np.tanh(x)
    return np.sum(x)


@program({"b": 2.0, "a": 0.5})
def sorted_keys(d):
    y = 1.0
    for name in sorted(d):
        y = y * 0.5 + d[name] ** 2
    for name, v in sorted(d.items()):
        y = y * v
    return y


@program([1.0, 2.0, 3.0])
def consecutive_pairs(xs):
    return sum(a * b for a, b in zip(xs[:-1], xs[1:]))


@program([(1.0, 2.0), (3.0, 4.0)])
def transposed_pairs(pairs):
    xs, ys = zip(*pairs)
    return xs[0] * ys[1] + xs[1] * sum(ys)


@program([0.5, 1.5])
def dict_from_zip(xs):
    d = dict(zip(["a", "b"], xs))
    e = {k: v * v for k, v in d.items()}
    return d["a"] * e["b"]


@program(0.4)
def list_of_zip(x):
    pairs = list(zip([1.0, 2.0], [x, x * x]))
    return pairs[0][1] * pairs[1][0] + pairs[1][1]


@program(0.4)
def products_of_ranges(x):
    y = 0.0
    for i, j in itertools.product(range(2), range(3)):
        y = y + x ** (i + j)
    return y


@program(0.4)
def integer_arithmetic(x):
    n = 7
    q, r = divmod(n, 3)
    m = (n << 1) ^ 3 | 1
    return x * (n // 2) + x ** r * q + x * (-n % 4) + m * x + round(2.6) * x + int(3.7) * x + abs(-2) * x + pow(x, 2)


@program(0.4, 7)
def dynamic_integer_arithmetic(x, n):
    q, r = divmod(n, 3)
    return x * (n // 2) + x ** r * q + x * (-n % 4) + float(n) * x + int(n / 2) * x + min(n, 3) * x + max(x, n)


@program(0.43, 2)
def math_functions(x, n):
    return (math.sin(x) + math.exp(x) + math.sqrt(x) + math.pow(x, n) + math.log(x) + math.tanh(x) + math.atan2(x, 2.0)
            + math.hypot(x, 1.0) + math.floor(x * 5) * x + math.pi + abs(-x) + round(x * 10) * x + math.fabs(x))


@program(0.4)
def aliased_dict(x):
    d = {"a": x}
    e = d
    e["a"] = d["a"] * 2
    d["b"] = x
    return e["a"] * e["b"]


def doubled(d, key):
    d[key] = d[key] * 2
    return d


@program(0.4, 3)
def dict_changed_by_helper(x, n):
    d = {"a": x, "b": 1.0}
    for _ in range(n):
        doubled(d, "a")["b"] += x
    return d["a"] * d["b"]


@program(0.4)
def list_chosen_by_branch(x):
    a, b = [x, 1.0], [2.0, x * x]
    c = a if x > 0 else b
    return c[0] * c[1] + a[0] * b[1]


@program(0.4)
def list_made_in_branches(x):
    if x > 0:
        ys = [x, x * x]
    else:
        ys = [1.0, x]
    ys[0] = ys[0] * 3
    return ys[0] * ys[1]


@program(0.4)
@program(-0.4)
def list_of_different_lengths(x):
    ys = [x]
    if x > 0:
        ys.append(x * x)
    return sum(ys) * len(ys)


@program(0.4)
def tuple_accumulated(x):
    t = ()
    for k in (1, 2, 3):
        t = t + (x ** k,)
    return sum(t) * len(t)


@program(0.4)
@program(-0.4)
def helper_returns_none_or_value(x):
    def root(t):
        if t < 0:
            return None
        return np.sqrt(t)

    r = root(x)
    if r is None:
        return x * x
    return r * x


@program(0.4)
@program(-0.4)
def helper_returns_status(x):
    def attempt(t):
        if t < 0:
            return False, 0.0
        return True, np.sqrt(t)

    ok, r = attempt(x)
    return r * x if ok else x * x


@program(np.array([3.1, -1.0, 2.0]))
def early_return_in_helper_in_loop(xs):
    def step(y, x):
        if x < 0:
            return y * 0.5
        for k in range(3):
            y = y + x * k
            if y > 10:
                return y - 1
        return y

    y = 1.0
    for x in xs:
        y = step(y, x)
    return y


@program(0.4)
def string_building(x):
    name = "a" + "b"
    label = f"{name}-{1 + 1}".upper()
    scale = {"AB-2": 3.0}.get(label, 1.0)
    return x * scale * len(label) * ("x" in "xyz")


@program(0.4)
def static_while(x):
    names = ["a", "b", "c"]
    values = {"a": 1.0, "b": x, "c": x * x}
    total = 0.0
    while names:
        total += values[names.pop()] * len(names)
    return total


@program(0.4)
def conditional_expression_of_constants(x):
    k = 2 if x > 0.3 else 3
    mode = "a" if k == 2 else "b"
    return x ** k if mode == "a" else -x


@program(1.0)
def shared_subexpression(x):
    a = np.sin(x)
    b = a
    a = a * 2
    c = b
    b = a
    return a + b * c


@program(0.3, 4)
def swapped_in_loop(x, n):
    a, b = x, 1.0
    for i in range(n):
        if i % 2:
            a, b = b, a
        a = a * x + b
    return a - b


@program(0.3, 4)
def three_names_rotating(x, n):
    a, b, c = x, x * x, 1.0
    for _ in range(n):
        a, b, c = b, c, a + b * c
    return a + 2 * b + 3 * c


@program(np.array([0.1, 0.2]), 3)
def loop_invariant_names(x, n):
    y = np.sum(x)
    for i in range(n):
        scale = 2.0
        y = y * scale + x[0]
    return y * scale


@program(0.3, 3)
def zero_one_many(x, n):
    out = 0.0
    for m in range(n):
        for k in range(m):
            t = x * k
            out += t
        else:
            out *= 1.1
    return out


@program(0.3)
def deep_nesting(x):
    y = x
    for i in range(2):
        for j in range(2):
            k = 0
            while k < 2:
                if y > 5:
                    break
                if (i + j + k) % 2:
                    k += 1
                    continue
                y = y * 1.5 + k
                k += 1
    return y


@program(np.array([[0.5, 0.1], [0.3, 0.4]]))
def max_of_generator(m):
    return max(np.sum(row) for row in m) * min([row[0] for row in m])


@program([0.5, 1.5, 2.5], 1)
def slices_of_known_list(xs, k):
    a, b = xs[:k], xs[k:]
    return sum(a) * sum(b) + xs[-1] * xs[::2][1]


@program(0.3)
def reversed_and_sorted_constants(x):
    y = x
    for k in reversed([1, 2, 3]):
        y = y * k + x
    for k in sorted([3, 1, 2]):
        y = y / k + x
    return y


@program(0.5)
def unused_results(x):
    y = np.sin(x)
    z = np.log(-x * x)
    w = [y, z]
    return y * x
