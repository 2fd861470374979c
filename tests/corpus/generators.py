"""Generators that are consumed in the same call."""

import itertools

import numpy as np

from tests.corpus.registry import program

X = np.array([0.2, 0.9, 0.4, 0.35, 0.8, 0.6])


def differences(a):
    for i in range(1, len(a)):
        yield a[i] - a[i - 1]


@program(X)
def roughness(a):
    s = 0.0
    for d in differences(a):
        s += d**2
    return s


@program(X)
def summed_and_listed(a):
    ds = list(differences(a))
    return sum(np.sin(d) for d in differences(a)) + sum(d * d for d in ds) * ds[0]


def newton(x, f, df):
    while True:
        x = x - f(x) / df(x)
        yield x


@program(2.3)
def root_by_an_endless_generator(a):
    for k, x in enumerate(newton(1.0, lambda x: x * x - a, lambda x: 2 * x)):
        if abs(x * x - a) < 1e-12 or k > 30:
            break
    return x * k


@program(2.3)
def returned_from_an_endless_generator(a):
    for x in newton(1.0, lambda x: x**3 - a, lambda x: 3 * x * x):
        if abs(x**3 - a) < 1e-12:
            return x * a


def powers(x):
    yield x
    yield x * x
    y = x**3
    yield y


@program(0.7)
@program(1.7)
def yields_in_a_row(x):
    t = 1.0
    for v in powers(x):
        if v > 2.5:
            break
        t = t * (v + 1)
    else:
        t = t * 10
    a, b, c = powers(x)
    return t + a * b * c


def chained(a):
    yield from differences(a)
    yield from a
    yield from powers(a[0])


@program(X)
def yield_from(a):
    s = 0.0
    for i, v in enumerate(chained(a)):
        if i == 4:
            continue
        s = s + v * v * i
    return s


def batches(x, n):
    k = 0
    while k < len(x):
        yield x[k : k + n]
        k += n


@program(X)
def minibatches(x):
    s = sum(np.sum(b) ** 2 for b in batches(x, 2))
    for b in batches(x, 2):
        s += np.sum(b) ** 3
        if s > 2.5:
            break
    return s


@program(X)
def piped_generators(a):
    def squares(values):
        for v in values:
            yield v * v

    def positive(values):
        for v in values:
            if v > 0:
                yield v

    s = 0.0
    for v in squares(positive(differences(a))):
        s += np.exp(v)
    return s


def leaves(tree):
    if isinstance(tree, list | tuple):
        for branch in tree:
            yield from leaves(branch)
    else:
        yield tree


@program(1.3, X)
def recursive_generator(x, a):
    return sum(np.sum(v**2) for v in leaves([x, [a, (x * 2, [a])]]))


class Simulation:
    def __init__(self, x):
        self.x = x

    def steps(self, n):
        for _ in range(n):
            self.x = self.x + 0.1 * np.sin(self.x)
            yield self.x


@program(X)
def generator_of_an_object(x):
    simulation, total = Simulation(x), 0.0
    for v in simulation.steps(4):
        total += np.sum(v * v)
    return total * np.sum(simulation.x)


def diffused(u, n):
    for _ in range(n):
        u[1:-1] += 0.1 * (u[2:] - 2 * u[1:-1] + u[:-2])
        yield u


@program(X)
def generator_that_stores(u0):
    u, s = u0.copy(), 0.0
    for v in diffused(u, 3):
        s += np.sum(v**3)
    return s


@program(X)
def closed_when_left(a):
    def values():
        try:
            yield from a
        finally:
            print("closed")

    s = 0.0
    for v in values():
        if v > 0.8:
            break
        s += v * v
    return s


@program(X)
def value_of_yield_from(a):
    def inner():
        t = 0.0
        for v in a:
            t += v
            yield v * 2
        return t

    def outer():
        t = yield from inner()
        yield t * t

    return sum(outer())


@program(X)
def next_of_iterators(x):
    def squares():
        for v in x:
            yield v * v

    values, raw = squares(), iter(x)
    previous = next(raw)
    s = next(values) * next(values) + sum(values)
    for v in raw:
        s += (v - previous) ** 2
        previous = v
    return s


@program(X)
@program(X + 5)
def first_that_fits(x):
    first = next(v for v in x if v > 0.5)
    return first * next((v * v for v in x if v > 5), x[0])


@program(0.4, np.arange(1.0, 6.0))
def average_that_is_sent_to(x, a):
    def averages():
        total, n, mean = 0.0, 0, None
        while True:
            v = yield mean
            total += v
            n += 1
            mean = total / n

    average, means = averages(), []
    next(average)
    for v in a:
        means.append(average.send(v * x))
    return sum(m * m for m in means)


@program(0.4)
def controller_that_is_sent_to(x):
    def controller(kp, ki):
        integral, u = 0.0, 0.0
        while True:
            error = yield u
            integral += error * 0.1
            u = kp * error + ki * integral

    c, y = controller(x, 0.3), 0.0
    c.send(None)
    for _ in range(6):
        y = y + 0.1 * (c.send(1.0 - y) - y)
    return y


def powers_of(x):
    p = 1.0
    while True:
        yield p
        p *= x


@program(0.4)
def endless_generators(x):
    first = powers_of(x)
    total = next(first) + 2 * next(first) + 3 * next(first)
    total += sum(p * k for k, p in zip(range(6), powers_of(x)))
    return total + sum(itertools.islice(powers_of(x), 5)) + next(first)


@program(0.4)
def stages_one_by_one(x):
    def stages():
        yield x
        yield from (x * x, 2 * x)
        for k in range(3):
            yield x * k

    g = stages()
    a, b, c = next(g), next(g), next(g)
    return a + 2 * b + 3 * c + sum(g) + next(g, 5.0) + len(list(g))


@program(0.4, np.arange(1.0, 6.0))
def generators_of_arrays(x, a):
    def scaled():
        for v in a:
            yield v * x

    def large():
        for v in a:
            if v > 2.5:
                yield v * x * x

    once = scaled()
    total = sum(once) + 7 * sum(once) + max(large()) + min(scaled()) + np.sum(np.array(list(large())))
    for k, v in enumerate(scaled()):
        total += k * v
    return total
