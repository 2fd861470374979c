"""`try`: fallbacks, validation, retries, clean-up."""

import contextlib
import math

import numpy as np

from tests.corpus.registry import program

GOOD = np.array([[2.0, 0.3, 0.1], [0.3, 2.0, 0.2], [0.1, 0.2, 2.0]])
BAD = np.diag([1.0, -1.0, 2.0]) + 0.1
B = np.array([1.0, 2.0, 3.0])


def symmetric(A):
    return (A + A.T) / 2


@program(GOOD)
@program(BAD)
def log_determinant_with_jitter(A):
    S = symmetric(A)
    try:
        L = np.linalg.cholesky(S)
    except np.linalg.LinAlgError:
        L = np.linalg.cholesky(S + 10 * np.eye(3))
    return np.sum(np.log(np.diag(L)))


@program(GOOD)
@program(BAD)
def jitter_until_it_works(A):
    jitter = 0.0
    while True:
        try:
            L = np.linalg.cholesky(symmetric(A) + jitter * np.eye(A.shape[0]))
            break
        except np.linalg.LinAlgError:
            jitter = max(1.0, jitter * 2)
    return np.sum(L**2 * np.arange(9.0).reshape(3, 3))


@program(GOOD, B)
def solved_or_zero(A, b):
    try:
        return np.sum(np.linalg.solve(A, b))
    except np.linalg.LinAlgError:
        return np.sum(b * b)


@program(GOOD, B)
@program(BAD, B)
def quadratic_if_positive_definite(A, x):
    try:
        np.linalg.cholesky(symmetric(A))
        definite = True
    except np.linalg.LinAlgError:
        definite = False
    return x @ A @ x if definite else np.sum(x**2)


@program(2.0)
@program(-2.0)
def with_else_and_finally(x):
    try:
        y = math.sqrt(x)
    except ValueError:
        y = -x * 2
    else:
        y = y + 1
    finally:
        z = x * 2
    return y * z


def checked_root(x):
    if x < 0:
        raise ValueError(f"negative: {x}")
    return math.sqrt(x)


@program(2.0)
@program(-2.0)
def error_of_a_callee(x):
    try:
        y = checked_root(x)
    except (ValueError, TypeError):
        y = 0.5 * x
    return y * x


@program(2.0)
@program(-2.0)
def error_passed_on(x):
    return checked_root(x) * 2


@program(2.0, 3.0)
@program(-2.0, 3.0)
def one_handler_of_two(x, y):
    try:
        a = x / (y * 1)
        b = math.log(x)
    except ZeroDivisionError:
        a, b = x, 1.0
    except ValueError as error:
        print(error)
        a, b = x * x, 2.0
    return a * b


@program(2.0)
@program(-2.0)
def raised_again(x):
    try:
        y = math.sqrt(x)
    except ValueError:
        print("not a number")
        raise
    return y * 2


@program(2.0)
@program(-2.0)
def raised_as_another(x):
    try:
        y = math.sqrt(x)
    except ValueError as error:
        raise RuntimeError("x is negative") from error
    finally:
        print("done")
    return y


@program(2.0, np.array([1.0, -1.0, 2.0, 3.0]))
@program(2.0, [1.0, -1.0, 2.0, 3.0])
def skipped_in_a_loop(x, ys):
    s = 0.0
    for y in ys:
        try:
            s += math.log(y * x)
        except ValueError:
            continue
        s *= 1.5
    return s


@program(2.0, 3.0)
@program(-2.0, 3.0)
def nested_attempts(x, y):
    try:
        try:
            r = math.sqrt(x) * y
        except ZeroDivisionError:
            r = 0.0
        r = r * 2
    except ValueError:
        r = x * x
    return r * y


@program(0.2, 3)
@program(0.2, 30)
def raise_as_a_way_out(x, n):
    s = x
    try:
        for _ in range(n):
            s = s * 1.5
            if s > 5:
                raise OverflowError("big")
    except OverflowError:
        return x * 7
    return s * s


@program(2.0, {"a": 3.0})
@program(2.0, {"b": 3.0})
def key_that_may_lack(x, d):
    try:
        s = d["a"]
    except KeyError:
        s = 0.5
    return s * x


@program(B)
@program(2.0)
def length_or_one(x):
    try:
        n = len(x)
    except TypeError:
        n = 1
    return np.sum(x) * n


@program(2.0)
def module_that_may_lack(x):
    try:
        import a_module_that_nobody_has as fast
    except ImportError:
        fast = None
    return x * x if fast is None else fast.square(x)


@program(2.0)
@program(-2.0)
def suppressed(x):
    y = x
    with contextlib.suppress(ValueError):
        y = math.sqrt(x)
    return y * y * x


@program(2.0, 7)
@program(2.0, 2)
def found_or_default(x, k):
    values = [x, x * x, x**3]
    try:
        v = values[k]
    except IndexError:
        v = x * 10
    return v * v


@program(0.5)
def raised_after_an_assignment(x):
    y = 0.0
    try:
        if x is not None:
            y = x * 2
            raise ValueError("not that")
    except ValueError:
        y = y * x
    return y


@program(0.5)
def raised_in_a_trip(x):
    y = 0.0
    try:
        for k in (1, 2, 3):
            y = y + x * k
            if k == 2:
                raise StopIteration
    except StopIteration:
        y = y * x
    return y


def note_and_look_up(notes, x):
    notes.append(x * 3)
    return {}["missing"]


@program(0.5)
def changed_by_a_call_that_raises(x):
    notes, y = [], x
    try:
        y = note_and_look_up(notes, x)
    except KeyError:
        y = y * notes[0]
    return y * len(notes)
