"""`for` over everything that the language can iterate over."""

import numpy as np

from tests.corpus.registry import program


@program(0.7, np.arange(3.0), 3)
def overwritten_carry(w, xs, n):
    h = 0.0
    for t in range(n):
        h = np.tanh(w * h + xs[t])
    return h * h


@program(0.7, 5)
@program(0.7, 1)
@program(0.7, 0)
def repeated_sine(x, n):
    y = x
    for _ in range(n):
        y = np.sin(y) * x
    return y


@program(0.7, 6)
def index_used(x, n):
    y = 0.0
    for i in range(n):
        y = y + x ** i * i
    return y


@program(0.7, 2, 7)
@program(0.7, 7, 2)
def range_with_start(x, a, b):
    y = 1.0
    for i in range(a, b):
        y = y * x + i
    return y


@program(0.7, 9)
def descending_range(x, n):
    y = 1.0
    for i in range(n, 0, -2):
        y = y * x + np.sin(i * y)
    return y


@program(0.7, 9, 3)
@program(0.7, -9, -3)
def dynamic_step(x, n, s):
    y = 1.0
    for i in range(0, n, s):
        y = y * x + np.cos(i * y)
    return y


@program(np.array([0.5, 1.5, 2.5]))
def over_array(xs):
    y = 1.0
    for x in xs:
        y = np.sin(y * x)
    return y


@program(np.arange(6.0).reshape(3, 2), np.array([0.5, 0.2]))
def over_rows(m, w):
    y = 0.0
    for row in m:
        y = y + np.tanh(row @ w + y)
    return y


@program([0.5, 1.5, 2.5])
def over_list(xs):
    y = 1.0
    for x in xs:
        y = y * x + np.sin(y)
    return y


@program((0.5, np.array([1.0, 2.0])))
def over_unlike_tuple(xs):
    y = 1.0
    for x in xs:
        y = y * np.sum(x * x)
    return y


@program(np.array([0.5, 1.5]), np.array([2.5, 0.1]))
def over_zip(a, b):
    y = 1.0
    for x, z in zip(a, b):
        y = y * x + z
    return y


@program(np.array([0.5, 1.5, 3.0]), np.array([2.5, 0.1]))
def zip_of_unequal_lengths(a, b):
    y = 1.0
    for x, z in zip(a, b):
        y = y * x + z
    return y


@program(np.array([0.5, 1.5, 2.0]), [1.0, 2.0, 3.0])
def zip_of_array_and_list(a, b):
    y = 1.0
    for x, z in zip(a, b):
        y = y * x + z
    return y


@program([0.5, 1.5, 2.0], [1.0, 2.0, 3.0])
def zip_of_lists(a, b):
    return sum(x * y for x, y in zip(a, b))


@program(np.array([0.5, 1.5, 2.0]), 3)
def zip_with_range(a, n):
    y = 1.0
    for i, x in zip(range(n), a):
        y = y * x + i
    return y


@program(np.array([0.5, 1.5]))
def over_enumerate(a):
    y = 1.0
    for i, x in enumerate(a):
        y = y * x + i * x
    return y


@program(np.array([0.5, 1.5]))
def enumerate_from_one(a):
    y = 1.0
    for k, x in enumerate(a, start=1):
        y = y * x + x ** k
    return y


@program(np.array([0.5, 1.5]), np.array([0.3, 0.4]))
def enumerate_of_zip(a, b):
    y = 1.0
    for i, (x, z) in enumerate(zip(a, b), 2):
        y = y * x + i * z
    return y


@program([0.5, 1.5])
def enumerate_of_list(a):
    y = 1.0
    for i, x in enumerate(a):
        y = y * x + i * x
    return y


@program(0.7, 5)
def reversed_range(x, n):
    y = 1.0
    for i in reversed(range(n)):
        y = y * x + np.sin(i + y)
    return y


@program(0.7, 2, 6)
def reversed_range_with_start(x, a, n):
    y = 1.0
    for i in reversed(range(a, n)):
        y = y * x + np.sin(i + y)
    return y


@program(np.array([0.5, 1.5, 2.5]))
def reversed_array(a):
    y = 1.0
    for x in reversed(a):
        y = np.sin(y) * x
    return y


@program([0.5, 1.5, 2.5])
def reversed_list(a):
    y = 1.0
    for x in reversed(a):
        y = np.sin(y) * x
    return y


@program({"a": 0.5, "b": 1.5})
def over_items(d):
    y = 1.0
    for name, x in d.items():
        y = y * x if name == "a" else y + x
    return y


@program({"a": 0.5, "b": 1.5})
def over_keys_and_values(d):
    y = 1.0
    for name in d:
        y = y * d[name]
    for x in d.values():
        y = y + x * x
    for name in d.keys():
        y = y + d[name]
    return y


@program(np.arange(6.0).reshape(2, 3))
def nested_loops(m):
    n, k = m.shape
    y = 0.0
    for i in range(n):
        for j in range(k):
            y = y * 0.5 + m[i, j] * np.sin(y + j)
    return y


@program(np.array([0.5, 1.5, 0.2]))
def triangular_loops(x):
    y = 0.0
    for i in range(len(x)):
        for j in range(i):
            y = y + x[i] * x[j] * np.cos(y)
    return y


@program(np.arange(6.0).reshape(2, 3) / 5)
def loop_over_rows_and_elements(m):
    y = 1.0
    for row in m:
        for x in row:
            y = y * np.cos(x) + x
    return y


@program(0.3, 4)
def index_after_loop(x, n):
    for i in range(n):
        x = x * 2
    return x * i


@program(0.3, 4)
def first_bound_in_loop(x, n):
    for i in range(n):
        y = x * i
        z = y + 1
    return y * z


@program(0.3, 3)
def loop_that_binds_and_reads_later(x, n):
    for i in range(n):
        if i > 0:
            x = x * last
        last = x + i
    return last


@program(np.array([0.5, 0.2]), 3)
def carried_pair(u, n):
    a, b = u[0], u[1]
    for _ in range(n):
        a, b = b, a * b + 0.1
    return a + 2 * b


@program(np.array([0.5, 0.2]), 3)
def carried_tuple(u, n):
    state = (u[0], u[1])
    for _ in range(n):
        x, v = state
        state = (x + 0.1 * v, v - 0.1 * np.sin(x))
    return state[0] * state[1]


@program(0.4, 4)
def carried_dict(x, n):
    state = {"x": x, "v": 1.0}
    for _ in range(n):
        state = {"x": state["x"] + 0.1 * state["v"], "v": state["v"] - 0.1 * np.sin(state["x"])}
    return state["x"] * state["v"]


@program(0.4, 4)
def dict_updated_in_loop(x, n):
    state = {"x": x, "v": 1.0}
    for _ in range(n):
        state["x"] = state["x"] + 0.1 * state["v"]
        state["v"] -= 0.1 * np.sin(state["x"])
    return state["x"] * state["v"]


@program(0.4)
def loop_over_constants(x):
    y = x
    for c in (1.0, 2, -0.5):
        y = y * c + x
    for c in [3, 4]:
        y = y + c * x
    return y


@program(0.4)
def loop_over_functions(x):
    for f in (np.sin, np.exp, lambda t: t * t):
        x = f(x)
    return x


@program(np.array([0.5, 1.0]), 4)
def array_carry(x, n):
    y = np.zeros(2)
    for t in range(n):
        y = 0.5 * y + np.sin(x * t)
    return np.sum(y * y)


@program(np.array([0.5, 1.0]), 4)
def number_becomes_array(x, n):
    total = 0
    for t in range(n):
        total = total + x * t
    return np.sum(total * total) if n else 0.0


@program(np.array([0.5, 1.0]), 3)
def builtin_sum_of_arrays(x, n):
    return np.sum(sum(x * t for t in range(n)) ** 2)


@program(0.4, 3)
def int_becomes_float(x, n):
    count = 1
    for _ in range(n):
        count = count * x
    return count


@program(0.4, 6)
def carried_by_branch(x, n):
    y, z = x, 0.0
    for i in range(n):
        if i % 2 == 0:
            y = np.sin(y)
        else:
            z = z + y * x
    return y * z


@program(np.array([0.3, -0.2, 0.8, -0.1]))
def data_dependent_branch(xs):
    pos, neg = 0.0, 0.0
    for x in xs:
        if x > 0:
            pos += x * x
        elif x < -0.15:
            neg -= x * pos
        else:
            pos, neg = neg, pos
    return pos * 2 + neg


@program(np.array([1.0, 2.0, 3.0]))
def index_arithmetic(x):
    y = 0.0
    for i in range(len(x) - 1):
        y += x[i] * x[i + 1] - x[-i - 1]
    return y


@program(np.array([0.3, 0.7]), 3)
def euler_steps(u, n):
    dt = 1.0 / n
    for _ in range(n):
        k1 = np.array([u[1], -np.sin(u[0])])
        u = u + dt * k1
    return np.sum(u)


@program(np.array([0.3, 0.7, 0.2]))
def running_maximum(xs):
    best = xs[0]
    for x in xs[1:]:
        best = max(best, x)
    return best * best


@program(np.array([0.3, 0.7, 0.2]))
def best_from_none(xs):
    best = None
    for x in xs:
        if best is None or x > best:
            best = x
    return best * best


@program(np.array([0.3, 0.7, 0.2]), 0.5)
@program(np.array([0.3, 0.7, 0.2]), 5.0)
def found_or_none(xs, limit):
    found = None
    for x in xs:
        if x > limit:
            found = x * x
            break
    if found is None:
        return xs[0]
    return found * 2


@program(0.5)
def loop_over_string(x):
    for c in "aab":
        x = x * 2 if c == "a" else np.sin(x)
    return x


@program(0.7, 2, 9)
@program(0.7, 9, 2)
@program(0.7, 2, 3)
@program(0.7, 1, 8)
def reversed_ranges_with_steps(x, a, n):
    y = 1.0
    for i in reversed(range(a, n, 3)):
        y = y * x + i
    for i in reversed(range(n, a, -2)):
        y = y * x - i * 0.5
    for i in reversed(range(0, n, 2)):
        y = np.sin(y) + i
    return y
