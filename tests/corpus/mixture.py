"""Programs that mix what the other files have one by one."""

import functools
import itertools
import math
import operator

import numpy as np

from tests.corpus.registry import program


@program(0.31, 3)
def while_true_nested_break(x, n):
    while True:
        for i in range(n):
            x = x + 0.1 * i
            if x > 1:
                break
        else:
            continue
        break
    return x


@program(0.3)
def try_finally_free(x):
    y = x
    for i in range(3):
        y *= 1.1
        if i == 1:
            continue
        y += x
    return y


@program(np.array([0.3, 0.4]))
def return_tuple_unpack(x):

    def f(a):
        if a > 0.35:
            return (a, a * a)
        return (a * 2, 1.0)

    p, q = f(x[0])
    r, s = f(x[1])
    return p * q + r * s


@program(np.array([0.3, 0.4]), True)
@program(np.array([0.3, 0.4]), False)
def flag_changes_structure(x, both):
    out = [x[0]]
    if both:
        out.append(x[1])
    return sum(out) * len(out)


@program(np.arange(1.0, 7.0).reshape(2, 3))
def enumerate_rows(m):
    y = 0.0
    for i, row in enumerate(m):
        for j, v in enumerate(row):
            y += v * i * np.cos(v * j)
    return y


@program(np.arange(1.0, 7.0).reshape(2, 3))
def zip_rows_cols(m):
    y = 0.0
    for row, col in zip(m, m.T):
        y += row[:2] @ col + row[0]
    return y


@program(0.5, 3)
def generator_next(x, n):
    return max([x * k for k in range(n)]) + min(x, 1.0, 2.0)


@program(0.5)
def complex_arith(x):
    z = complex(x, 1.0)
    w = z * z + 1j
    return abs(w) ** 2 + w.real * w.imag


@program(0.5)
def int_division_kept(x):
    n = 5
    half = n // 2
    return x**half + x * (n % half) + half / n


@program(0.5, 3)
def int_carry_float_step(x, n):
    k = 0
    s = 0
    for i in range(n):
        k += i
        s += k * x
    return s * k


@program(np.array([0.3, 0.1, 0.9]))
def bubble_by_where(x):
    lo = np.minimum(x[:-1], x[1:])
    hi = np.maximum(x[:-1], x[1:])
    return np.sum(lo * hi) + np.sum(np.where(x > 0.2, x, 0.0) ** 2)


@program(np.array([0.3, 0.1, 0.9]))
def scalar_type_checks(x):
    a = x[0]
    if isinstance(a, np.floating):
        a = a * 2
    if isinstance(a, float):
        a = a * 3
    if np.isscalar(a):
        a = a * 5
    return a


@program(0.3)
def numpy_bool(x):
    flag = np.any(np.array([x, -x]) > 0.2)
    if flag and (not np.all(np.array([x, 1.0]) < 0)):
        return x * 2
    return x


@program(0.3, [1.0, 2.0, 3.0])
def sum_generator_condition(x, ws):
    return sum((w * x**i for i, w in enumerate(ws) if i != 1))


@program(0.7)
def ternary_chain_call(x):
    f = (lambda t: t * t) if x > 0.5 else lambda t: t
    g = f
    return g(f(x))


@program(np.array([0.3, 0.1, 0.9]))
def nonzero_counts(x):
    n = int(np.sum(x > 0.2))
    return np.sum(x[:n]) * n


@program(0.4)
def exponent_types(x):
    return x**2 + x**0.5 + 2**x + x**x + (x**3) ** (1 / 3) + np.power(x, 2.5) + pow(x, 3) + x ** (-1)


@program(0.4)
def global_fn_table(x):
    return functools.reduce(operator.mul, [x, x, 3.0]) + operator.add(x, 1.0)


@program(np.array([1.0, 2.0, 3.0, 4.0]), 2)
def chunked(x, k):
    out = 0.0
    for i in range(0, len(x), k):
        out += np.prod(x[i : i + k])
    return out


@program(np.array([1.0, 2.0, 3.0, 4.0]))
def pairs(x):
    s = 0.0
    for a, b in itertools.combinations(range(4), 2):
        s += x[a] * x[b] ** 2
    return s


@program(0.2, 4)
def break_value_after(x, n):
    for i in range(n):
        y = x * i
        if y > 0.3:
            break
    return y + i


@program(np.array([0.1, 0.2, 0.3]))
def array_or_none(x):
    prev = None
    total = 0.0
    for v in x:
        if prev is not None:
            total += v * prev
        prev = v
    return total


@program(np.array([[0.1, 0.2], [0.3, 0.5]]))
def array_none_rows(x):
    prev = None
    total = 0.0
    for v in x:
        if prev is not None:
            total += v @ prev
        prev = v
    return total


@program(0.3, 0.1)
def adaptive(x, tol):
    t, h, steps = (0.0, 0.1, 0)
    while t < 1.0:
        h = min(h, 1.0 - t)
        e = abs(h * x)
        if e > tol:
            h *= 0.5
            continue
        x = x + h * np.sin(x)
        t += h
        steps += 1
        if steps >= 100:
            raise RuntimeError("too many steps")
    return x


@program(3.0, 2)
def collatz_recursive_sum(x, n):

    def rec(t, k):
        if k == 0:
            return t
        if t > 2:
            return rec(t * 0.5, k - 1) + t
        return rec(3 * t + 1, k - 1)

    return rec(x, n)


@program(0.7, 3)
def kind_of_string(x, n):
    mode = "a"
    for i in range(n):
        if mode == "a":
            x = x * 2
        else:
            x = np.sin(x)
        mode = "b"
    return x


@program(0.7, 3)
def flag_in_loop(x, n):
    first = True
    y = 0.0
    for i in range(n):
        if first:
            y = x
            first = False
        else:
            y = y * x + 1
    return y


@program(0.5)
def shadow_function_name(x):

    def shadow_function_name(t):
        return t * 2

    return shadow_function_name(x)


@program(0.5)
def comp_in_loop_shadow(x):
    i = 10.0
    ys = [x * i for i in range(3)]
    return i * ys[2]


@program(np.array([0.5, 0.2, 0.1]), 2)
def argmax_branch(x, n):
    k = int(np.argmax(x))
    if k == n:
        return x[0]
    return x[k] * n


@program(0.5, 2)
def exception_type(x, n):
    if n > 1:
        raise KeyError("missing")
    return x


@program(np.array([1.0, 2.0, 3.0]), 7)
def out_of_range(x, i):
    return x[i]


@program([1.0, 2.0, 3.0], 7)
def list_out_of_range(x, i):
    return x[i]


@program(np.ones(3), np.ones(4))
def shape_mismatch(x, y):
    return np.sum(x + y)


@program(-0.5)
def math_domain(x):
    return math.sqrt(x)


@program(0.5, 0)
def mod_zero(x, n):
    return x % n


@program(np.arange(4.0))
def over_arange(x):
    y = 0.0
    for k in np.arange(4):
        y = y + x[k] ** 2
    return y


@program(0.5)
def over_linspace(x):
    y = 0.0
    for t in np.linspace(0.0, 1.0, 5):
        y = y + np.sin(x * t)
    return y


@program(np.array([[0.1, 0.2], [0.3, 0.5]]))
def unpacked_elements(pairs):
    y = 1.0
    for a, b in pairs:
        y = y * a + b
    return y


@program([(0.1, 0.2), (0.3, 0.5)])
def list_of_pairs(pairs):
    y = 1.0
    for a, b in pairs:
        y = y * a + b
    return y
