"""`while`, `break`, `continue`, early `return`, loop `else`, names bound on some paths, `assert`, `raise`, `print`."""

import numpy as np

from tests.corpus.registry import program


@program(0.3)
def doubling(x):
    n = 0
    while x < 10:
        x = x * 2.5
        n += 1
    return x * n


@program(2.0)
def newton_square_root(a):
    x = a
    while abs(x * x - a) > 1e-12:
        x = 0.5 * (x + a / x)
    return x


@program(np.array([0.3, 0.4]))
def while_on_norm(a):
    b = a * 2
    while np.linalg.norm(b) < 1000:
        b = b * 2
    if np.sum(b) > 0:
        c = b
    else:
        c = 100 * b
    return c


@program(0.3)
@program(30.0)
def while_true(x):
    while True:
        x = x * 1.5
        if x > 10:
            break
    return x * x


@program(0.3, 10)
def while_with_counter(x, n):
    i = 0
    y = 1.0
    while i < n and y < 100:
        y = y + x * i
        i += 1
    return y


@program(1.0, 0.5)
def while_with_two_exits(x, tol):
    for k in range(50):
        step = np.cos(x) - x
        if abs(step) < tol * 1e-6:
            break
        x = x + 0.5 * step
        if x > 3:
            return x * x
    return x


@program(np.array([0.2, -0.4, 0.6, 0.9]))
def continued(xs):
    y = 1.0
    for x in xs:
        if x < 0:
            continue
        y = y * x + 1
        if y > 1.5:
            continue
        y = y * y
    return y


@program(np.array([0.2, 0.4, 0.6, 0.9]), 0.5)
@program(np.array([0.2, 0.4, 0.6, 0.9]), 5.0)
def returned_from_loop(xs, limit):
    y = 0.0
    for i in range(len(xs)):
        y = y + xs[i] ** 2
        if y > limit:
            return y * i
    return -y


@program(np.arange(6.0).reshape(2, 3), 3.5)
@program(np.arange(6.0).reshape(2, 3), 35.0)
def returned_from_nested_loop(m, limit):
    y = 0.0
    for row in m:
        for x in row:
            y += x * x
            if y > limit:
                return y * x
    return y


@program(np.arange(6.0).reshape(2, 3), 3.5)
def break_of_inner_loop(m, limit):
    y = 0.0
    for row in m:
        s = 0.0
        for x in row:
            s += x * x
            if s > limit:
                break
        else:
            s = s * 2
        y = y * 0.5 + s
    return y


@program(np.array([0.2, 0.4, 0.6]), 0.5)
@program(np.array([0.2, 0.4, 0.6]), 1.0)
def loop_else(xs, limit):
    for x in xs:
        if x > limit:
            y = x * x
            break
    else:
        y = xs[0] * 3
    return y * 2


@program(0.3, 3.0)
@program(0.3, 1e9)
def while_else(x, limit):
    n = 0
    while n < 5:
        x = x * 2
        n += 1
        if x > limit:
            break
    else:
        x = x * x
    return x


@program(0.3)
@program(-0.3)
def early_return(x):
    if x < 0:
        return x * x
    y = np.sin(x)
    if y > 10:
        return y
    return x * y


@program(0.3)
@program(1.3)
def early_return_in_else(x):
    if x > 1:
        y = x * 3
    else:
        return np.exp(x)
    return y * x


@program(0.3)
@program(-0.3)
def bound_in_branches(x):
    if x > 0:
        y = x * x
        z = 1.0
    else:
        y = -x
        z = x
    return y * z + x


@program(0.3)
def bound_in_one_branch(x):
    if x > 0:
        y = x * x
    if x > 0:
        return y * 2
    return x


@program(0.3)
@program(-0.3)
def branch_of_different_kinds(x):
    y = 1
    if x > 0:
        y = x
    return y * x


@program(np.array([0.3, 0.5]))
def branch_gives_array_or_number(x):
    y = 1.0
    if x[0] > 0:
        y = x
    return np.sum(y * x)


@program(0.3)
def asserted(x):
    assert x > 0, "x must be positive"
    assert x < 10
    return np.log(x)


@program(-0.3)
def failing_assertion(x):
    assert x > 0, f"x is {x}"
    return np.log(x)


@program(0.3)
@program(-0.3)
def raised_in_branch(x):
    if x < 0:
        raise ValueError("negative")
    return np.sqrt(x)


@program(0.3, 5)
@program(0.3, 50)
def raised_in_loop(x, n):
    for i in range(n):
        x = x * 1.5
        if x > 100:
            raise OverflowError(f"too large at {i}")
    return x


@program(0.3)
def unbound_name(x):
    if x > 1:
        y = x
    return y * x


@program(0.3, 0)
@program(0.3, 2)
def unbound_after_zero_trips(x, n):
    for i in range(n):
        y = x * i
    return y * x


@program(0.3, 3)
def printed_in_order(x, n):
    print("start", x)
    for i in range(n):
        print("trip", i)
        x = x * 2
    print(f"end {x:.3f}", n, sep="; ")
    return x * x


@program(0.3)
@program(-0.3)
def printed_in_branch(x):
    if x > 0:
        print("positive")
        return x * x
    print("negative", x)
    return x


@program(np.array([1.0, 2.0]), 5)
def index_out_of_range(x, n):
    y = 0.0
    for i in range(n):
        y = y + x[i]
    return y


@program(1.0, 0)
def division_by_zero(x, n):
    return x / n


@program(np.array([3.0, 1.0, 2.0]), 2.5)
def search(xs, target):
    i = 0
    while i < len(xs) and xs[i] > target:
        i += 1
    return xs[i] * i


@program(np.array([0.1, 0.5, 2.0, 7.0]), 1.0)
def bisection(xs, t):
    lo, hi = 0, len(xs) - 1
    while hi - lo > 1:
        mid = (lo + hi) // 2
        if xs[mid] <= t:
            lo = mid
        else:
            hi = mid
    w = (t - xs[lo]) / (xs[hi] - xs[lo])
    return (1 - w) * lo + w * hi


@program(0.2, 3)
def break_with_array_state(x, n):
    u = np.array([x, 1.0])
    for i in range(100):
        u = np.array([u[1], u[0] + u[1]])
        if u[0] > n:
            break
    return u[0] * u[1] + i


@program(3.0, 27)
def collatz(x, n):
    while n != 1:
        if n % 2 == 0:
            n = n // 2
            x = x * 0.9
        else:
            n = 3 * n + 1
            x = x + 0.01
    return x


@program(0.5)
def loop_never_entered(x):
    while x > 1:
        x = x * 0.5
    for i in range(0):
        x = x * i
    return x * x


@program(0.5, 4)
def return_in_while_true(x, n):
    i = 0
    while True:
        x = np.sin(x) + 1
        i += 1
        if i == n:
            return x * i


@program(np.array([0.3, 1.5, -2.0]))
def elif_chain(xs):
    y = 0.0
    for x in xs:
        if x > 1:
            y += x
        elif x > 0:
            y += x * x
        elif x < -1:
            y -= x ** 3
        else:
            y += 1
    return y


@program(1.2)
def nothing_returned_on_a_path(x):
    if x > 1:
        return x * x


@program(0.5)
def continue_in_while(x):
    n = 0
    while n < 8:
        n += 1
        if n % 3 == 0:
            continue
        x = x * 1.1 + 0.01 * n
    return x


@program(np.eye(3) * 2.0)
def nested_break_and_continue(m):
    y = 0.0
    for i in range(3):
        if i == 1:
            continue
        for j in range(3):
            if j > i:
                break
            y = y * 0.9 + m[i, j] * (i + 1)
        if y > 100:
            break
    return y
