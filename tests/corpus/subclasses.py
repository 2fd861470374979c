"""Classes that are lists or dicts."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np

from tests.corpus.registry import program

A = np.arange(1.0, 6.0)


class History(list):
    def __init__(self, name, items=()):
        super().__init__(items)
        self.name, self.total = name, 0.0

    def append(self, value):
        super().append(value)
        self.total += value

    def __getitem__(self, k):
        return 2 * super().__getitem__(k)

    @property
    def mean(self):
        return self.total / len(self)


@program(0.4)
def history_of_constants(x):
    history = History("loss", [1.0])
    for k in range(4):
        history.append(x * k)
    return history.mean * history[2] + len(history) + sum(history) + len(history.name)


@program(0.4, A)
def history_of_an_array(x, a):
    history = History("loss")
    for v in a:
        history.append(x * v)
    return history.mean * history[2] + len(history)


class Doubled(dict):
    def __missing__(self, key):
        return 1.5

    def __setitem__(self, key, value):
        super().__setitem__(key, value * 2)

    def norm(self):
        return sum(v * v for v in self.values())


@program(0.4)
def dict_with_own_items(x):
    d = Doubled(a=x)
    d["b"] = x
    d.update(c=3.0)
    return d.norm() + d["nobody"] * x + (x if "a" in d else 0.0) + d.get("e", x) + len(d)


class Params(dict):
    def __add__(self, other):
        return Params({k: self[k] + other[k] for k in self})

    def __mul__(self, factor):
        return Params((k, v * factor) for k, v in self.items())

    __rmul__ = __mul__

    def map(self, f):
        return type(self)({k: f(v) for k, v in self.items()})


@program(0.4, A)
def arithmetic_of_parameters(x, a):
    p = Params(w=a, b=x)
    for _ in range(3):
        p = p + (-0.1) * p.map(np.sin)
    return np.sum(p["w"] * p["b"])


class Bunch(dict):
    def __getattr__(self, key):
        try:
            return self[key]
        except KeyError:
            raise AttributeError(key)

    def __setattr__(self, key, value):
        self[key] = value

    def __delattr__(self, key):
        del self[key]


@program(0.4)
def keys_as_attributes(x):
    b = Bunch(a=x, c=2.0)
    b.d = b.a * b.c
    del b.c
    return b.d * len(b) + (1.0 if hasattr(b, "z") else x) + getattr(b, "y", x)


class Namespace(dict):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.__dict__ = self


@program(0.4, A)
def dict_that_is_its_namespace(x, a):
    n = Namespace(w=x, b=a)
    n.w = n.w * 2
    return np.sum(n["w"] * n.b)


class Polynomial(list):
    def __call__(self, x):
        y = 0.0
        for c in reversed(self):
            y = y * x + c
        return y

    def derivative(self):
        return Polynomial([k * c for k, c in enumerate(self)][1:])

    def __mul__(self, other):
        made = Polynomial([0.0] * (len(self) + len(other) - 1))
        for i, a in enumerate(self):
            for j, b in enumerate(other):
                made[i + j] += a * b
        return made


@program(0.4)
def polynomials(x):
    p = Polynomial([1.0, x, x * x])
    q = p * p.derivative()
    return q(x) + p(2.0) + len(q) + (1.0 if isinstance(p, list) else 0.0)


class Stack(list):
    def push(self, x):
        self.append(x)
        return self

    def peek(self):
        return self[-1]

    @property
    def empty(self):
        return not self


@program(np.array([3.0, 4.0, 5.0, 2.0]))
def reverse_polish_notation(a):
    stack = Stack()
    for token in [a[0], a[1], "+", a[2], "*", a[3], "-"]:
        if isinstance(token, str):
            y, x = stack.pop(), stack.pop()
            stack.push({"+": x + y, "*": x * y, "-": x - y}[token])
        else:
            stack.push(token)
    return stack.pop() * (2 if stack.empty else 1)


@program(0.4, A)
def stack_by_branches(x, a):
    stack = Stack()
    for v in a:
        if v > 2.5:
            stack.push(v * x)
        elif len(stack) > 0:
            stack.pop()
        else:
            stack.push(x)
    return sum(stack) + stack.peek()


class Table(OrderedDict):
    def first(self):
        return next(iter(self.values()))


@program(0.4)
def ordered_table(x):
    table = Table()
    table["z"] = x
    table["a"] = x * x
    return table.first() * 3 + sum(table.values())


class Matrix(list):
    def __init__(self, rows):
        super().__init__([list(row) for row in rows])

    def __matmul__(self, other):
        return Matrix([[sum(a * b for a, b in zip(row, column)) for column in zip(*other)] for row in self])

    def trace(self):
        return sum(self[i][i] for i in range(len(self)))


@program(0.4)
def matrices_of_lists(x):
    m = Matrix([[x, 1.0], [2.0, x * x]])
    for _ in range(3):
        m = m @ m
    return m.trace()


class Labelled(dict):
    pass


@program(A, np.array([0, 1, 0, 2, 1]))
def labelled_sums(a, labels):
    sums = Labelled()
    sums.name = "s"
    for v, label in zip(a, labels):
        sums[label] = sums.get(label, 0.0) + v
    return sum(s * s for s in sums.values()) + len(sums.name)
