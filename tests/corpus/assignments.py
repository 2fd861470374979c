"""Assignment, unpacking, augmented assignment, ternaries, Boolean operators, chained comparison."""

import numpy as np

from tests.corpus.registry import program


@program(1.5, 0.5)
def unpacked_pair(a, b):
    x, y = a * b, a + b
    return x * y


@program(1.5, 0.5)
def swapped(a, b):
    a, b = b * b, a
    return a - b * a


@program(1.5, 0.5, 2.0)
def rotated(a, b, c):
    a, b, c = b, c, a
    a, b, c = b, c, a
    return a * a + 2 * b + c * b


@program(1.5, 0.5, 2.0)
def nested_unpacking(a, b, c):
    (x, (y, z)), w = (a, (b, c)), a * c
    return x * y + z * w


@program((1.0, 2.0, 3.0, 4.0))
def starred_middle(xs):
    first, *rest, last = xs
    return first * rest[0] + rest[1] * last


@program([1.0, 2.0, 3.0])
def starred_tail(xs):
    head, *tail = xs
    return head * tail[0] ** 2 + sum(tail)


@program((2.0, 3.0))
def starred_empty(xs):
    a, b, *c = xs
    return a * b + len(c)


@program(np.array([1.0, 2.0, 3.0]))
def unpacked_array(x):
    a, b, c = x
    return a * b + np.sin(c) * a


@program(np.arange(6.0).reshape(3, 2))
def unpacked_rows(m):
    a, b, c = m
    return np.dot(a, b) + np.sum(c * c)


@program(0.3)
def chained_assignment(x):
    a = b = np.sin(x)
    a = a * 2
    return a * b


@program(0.3)
def augmented(x):
    y = x
    y += 1
    y *= x
    y -= 0.5
    y /= 2 + x
    y **= 2
    return y


@program(7.3, second=False)
def augmented_floor_and_mod(x):
    y = x * 3
    y %= 4
    z = x
    z //= 2
    return y * x + z * x


@program(np.array([[1.0, 0.5], [0.2, 2.0]]))
def matrix_product_rebound(m):
    a = m
    a = a @ m
    a = a @ m
    return np.trace(a)


@program(0.7)
@program(-0.7)
def ternary(x):
    y = x * x if x > 0 else -x
    return y * 3


@program(0.7, 2)
@program(0.7, 3)
def nested_ternary(x, n):
    return x if n == 1 else x * x if n == 2 else x ** 3


@program(0.7)
def ternary_of_tuples(x):
    a, b = (x, x * x) if x > 0.5 else (1.0, x)
    return a * b


@program(0.7, 0.2)
@program(0.2, 0.7)
@program(-0.2, 0.7)
def boolean_operators(x, y):
    if x > y and x > 0:
        return x * y
    if x > 0 or y < 0:
        return x + y * y
    if not (x > 0):
        return x * x
    return y


@program(0.5)
@program(1.5)
@program(2.5)
def chained_comparison(x):
    if 0 < x < 1:
        return x
    if 1 <= x <= 2 != 3:
        return x * x
    return x ** 3


@program(0, 2.0)
@program(0.5, 2.0)
def value_of_or(x, y):
    z = x or y
    return z * z * y


@program(0, 2.0)
@program(0.5, 2.0)
def value_of_and(x, y):
    z = x and y * x
    return z * y


@program(2.0, 0)
@program(2.0, 4.0)
def guarded_division(x, y):
    if y != 0 and x / y < 1:
        return x / y
    return x * x + y


@program(0.4)
def walrus(x):
    if (y := np.sin(x)) > 0.1:
        return y * x
    return y


@program(0.4)
def annotated(x: float) -> float:
    y: float = x * 2
    z: float
    z = y * y
    return z


@program(0.4)
def deleted(x):
    y = x * x
    z = y + x
    del y
    y = z * 2
    return y * x


@program(0.4)
def shadowed_builtin(x):
    sum = x * 2
    max = sum * x
    return max + sum


@program(0.4, 1.7)
def unused_input(x, y):
    return x * x


@program(0.4)
def constant_output(x):
    return 3.0


@program(0.4)
def identity(x):
    return x


@program(np.array([0.1, 0.2]))
def identity_of_array(x):
    return x


@program(0.4, 0.9)
def tuple_output(x, y):
    return x * y, np.sin(x), (y, x + y)


@program(0.4, 0.9)
def dict_output(x, y):
    return {"product": x * y, "list": [x, y * y]}


@program(np.float64(0.4))
def numpy_scalar(x):
    return np.exp(x) * x


@program(np.array(0.4))
def zero_dimensional(x):
    return np.exp(x) * x


@program(np.zeros((0, 3)))
def empty_array(x):
    return np.sum(np.sin(x)) + 1.0


@program(np.array([0.5, 1.5], dtype=np.float32))
def single_precision(x):
    return np.sum(x * np.sin(x) * 2.0)


@program(2, 1.5)
def integer_input(n, x):
    return x ** n + n * x


@program(np.array([1, 2, 3]), np.array([0.1, 0.2, 0.3]))
def integer_array(k, x):
    return np.sum(x ** k)


@program(True, 1.5)
@program(False, 1.5)
def flag(negate, x):
    return -x * x if negate else x * x


@program("sum", np.array([1.0, 2.0]))
@program("mean", np.array([1.0, 2.0]))
@program("other", np.array([1.0, 2.0]))
def string_flag(mode, x):
    if mode == "sum":
        y = np.sum(x * x)
    elif mode in ("mean", "average"):
        y = np.mean(x * x)
    else:
        y = x[0]
    return y * 2


@program(None, 1.5)
@program(2.0, 1.5)
def optional_argument(scale, x):
    if scale is None:
        scale = 3.0
    return scale * x * x


@program(0.5)
def pass_and_docstring(x):
    """A document."""
    if x > 0:
        pass
    else:
        x = -x
    return x * x


@program(np.array([1.0, 2.0, 3.0]), 2)
def unpacked_slice(x, n):
    a, b = x[:n]
    c, d = [t * a for t in x[1:]]
    return a * b + c * d


@program(np.array([1.0, 2.0, 3.0]))
def too_many_to_unpack(x):
    a, b = [t * 2 for t in x]
    return a * b


@program(np.array([1.0, 2.0, 3.0]))
def array_as_star_arguments(x):
    def f(a, b, *rest):
        return a * b + rest[0] * len(rest)

    first, *others = x
    return f(*x) * first + others[1]
