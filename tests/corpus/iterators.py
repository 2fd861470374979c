"""Iterators: itertools, functools and the builtins that take iterables."""

import cmath
import itertools
import operator
from functools import reduce

import numpy as np

from tests.corpus.registry import program

X = np.random.default_rng(1).normal(size=(5, 3))
V = np.array([0.4, -0.9, 0.25])


@program(V)
def zip_longest_(x):
    return sum(a * b for a, b in itertools.zip_longest(x, x[:2], fillvalue=1.0))


@program(V)
def accumulate_(x):
    return sum(v * v for v in itertools.accumulate(x))


@program(V)
def accumulate_mul(x):
    return list(itertools.accumulate(x, operator.mul))[-1] + sum(
        itertools.accumulate([1.0, 2.0], lambda a, b: a * b * x[0])
    )


@program(V)
def product_(x):
    return sum(x[i] * x[j] for i, j in itertools.product(range(3), repeat=2) if i != j)


@program(X)
def combos(x):
    e = 0.0
    for i, j in itertools.combinations(range(len(x)), 2):
        e += 1.0 / (0.1 + np.linalg.norm(x[i] - x[j]))
    return e


@program(X)
def combos_rows(x):
    e = 0.0
    for a, b in itertools.combinations(x, 2):
        e += 1.0 / (0.1 + np.linalg.norm(a - b))
    return e


@program(2.0)
def count_break(x):
    y = x
    for k in itertools.count(1):
        y = 0.5 * (y + x / y)
        if abs(y * y - x) < 1e-12 or k > 50:
            break
    return y


@program(V)
def islice_(x):
    return sum(v**2 for v in itertools.islice(x, 1, None)) + sum(itertools.islice(itertools.cycle([x[0], x[1]]), 5))


@program(V)
def pairwise_(x):
    return sum((b - a) ** 2 for a, b in itertools.pairwise(x)) + sum(itertools.repeat(x[0], 3))


@program(V)
def chain_from(x):
    return sum(v * v for v in itertools.chain.from_iterable([[x[0], x[1]], [x[2]]])) + sum(itertools.chain(x, x**2))


@program(V)
def takewhile_(x):
    return sum(itertools.takewhile(lambda v: v < 100, x)) + sum(v**2 for v in itertools.dropwhile(lambda v: v > 100, x))


@program(V)
def starmap_(x):
    return sum(itertools.starmap(lambda a, b: a * b**2, zip(x, x[::-1])))


@program(V)
def map_filter(x):
    sq = list(map(lambda v: v * v, x))
    pos = list(filter(lambda v: v > 0.1, sq))
    both = map(operator.mul, sq, x)
    return sum(pos) + sum(both)


@program(V)
def reduce_arr(x):
    return reduce(lambda a, b: a * b + 1, x, 1.0) + reduce(operator.mul, x) + reduce(np.add, [x, x**2]).sum()


@program(7.3)
def numbers_(x):
    q, r = divmod(x, 2.0)
    return q + r**2 + round(x, 1) * 0 + pow(x, 3) + float(x) * int(3.7) * bool(x)


@program(0.6)
def cmath_(x):
    z = cmath.exp(1j * x) * cmath.sqrt(x + 2j)
    return abs(z) ** 2 + z.real * cmath.phase(z) + cmath.log(z).imag


@program(0.4, np.arange(1.0, 6.0))
def pairs_are_given_once(x, a):
    pairs, total = zip(a, a * x), 0.0
    for u, v in pairs:
        total += u * v
    for u, _ in pairs:
        total += 100 * u
    squares = map(lambda v: v * v * x, a)
    return total + sum(squares) + 100 * sum(squares)


@program(0.4, np.arange(1.0, 6.0))
def two_loops_over_one_iterator(x, a):
    scaled, total = (x * v for v in a), 0.0
    for v in scaled:
        total += v
        if total > 1:
            break
    for v in scaled:
        total += v * v
    return total


@program(0.4, np.arange(1.0, 6.0))
def numbered_until_left(x, a):
    numbered, total = enumerate(a), 0.0
    for k, v in numbered:
        total += k * v * x
        if k == 2:
            break
    for k, v in numbered:
        total += v * v * k * x
    return total


@program(0.4, 3)
def numbers_without_end(x, n):
    ids, total = itertools.count(10), 0.0
    for k in range(n):
        i = next(ids)
        if k % 2:
            total += next(ids) * x
        total += i * x * x
    turns = itertools.cycle([x, 2 * x, 3.0])
    return total + next(ids) * x + sum(next(turns) * k for k in range(5))


class Fibonacci:
    def __init__(self, a, b, limit):
        self.a, self.b, self.limit = a, b, limit

    def __iter__(self):
        return self

    def __next__(self):
        if self.a > self.limit:
            raise StopIteration
        found = self.a
        self.a, self.b = self.b, self.a + self.b
        return found


@program(0.4, 20.0)
def object_that_counts(x, limit):
    total = 0.0
    for v in Fibonacci(x, 1.0, limit):
        if v < 1:
            continue
        total += np.sin(v)
        if total > 1.5:
            break
    else:
        total += 100
    return total + sum(Fibonacci(x, 1.0, limit)) + len(list(Fibonacci(x, 1.0, limit)))


class Logistic:
    def __init__(self, seed):
        self.seed = seed

    def __iter__(self):
        return self

    def __next__(self):
        self.seed = 3.9 * self.seed * (1 - self.seed)
        return self.seed


@program(0.4)
def object_without_end(x):
    stream = Logistic(x)
    total = next(stream)
    for k, v in zip(range(4), stream):
        total += v * k
    return total


@program(0.4)
def asked_until_it_stops(x):
    items, total = iter([x, x * x]), 0.0
    while True:
        try:
            v = next(items)
        except StopIteration:
            break
        total += v * 3
    first, second = itertools.tee([x, 2 * x, x * x])
    next(second)
    return total + sum(p * q for p, q in zip(first, second))


class Steps:
    def __init__(self, n, x):
        self.n, self.x = n, x

    def __iter__(self):
        for k in range(self.n):
            yield k * self.x


@program(0.4)
def object_that_can_be_walked(x):
    steps = Steps(4, x)
    return sum(steps) + sum(v * v for v in steps) + max(steps)
