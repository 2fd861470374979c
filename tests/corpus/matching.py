"""`match`: values, sequences, mappings, classes, captures, guards, alternatives."""

from dataclasses import dataclass

import numpy as np

from tests.corpus.registry import program


@dataclass
class Circle:
    r: float


@dataclass
class Box:
    w: float
    h: float
    kind: str = "box"


@program(np.array([0.3, -0.2]), "relu")
@program(np.array([0.3, -0.2]), "th")
@program(np.array([0.3, -0.2]), None)
def activation(x, kind):
    match kind:
        case "relu":
            return np.sum(np.maximum(x, 0) ** 2)
        case "tanh" | "th":
            return np.sum(np.tanh(x))
        case None:
            return np.sum(x * x)
        case _:
            raise ValueError(kind)


def area(shape):
    match shape:
        case Circle(r=r):
            a = np.pi * r**2
        case Box(w, h) if w > h:
            a = w * h
        case Box(w=w, h=h, kind=name):
            a = w * h * len(name)
        case _:
            a = 0.0
    return a


@program(1.5)
def total_area(x):
    total = 0.0
    for shape in (Circle(x), Box(x, 1.0), Box(1.0, x), None):
        total += area(shape)
    return total


@program(1.3, 0)
@program(1.3, 2)
@program(1.3, 7)
@program(1.3, 4)
def match_on_a_number(x, n):
    match n:
        case 0:
            y = x
        case 1 | 2:
            y = x * x
        case k if k > 5:
            y = k * x
        case _:
            y = x**3
    return y * y


def evaluated(term, x):
    match term:
        case ("add", a, b):
            return evaluated_once(a, x) + evaluated_once(b, x)
        case ["mul", first, *rest]:
            product = evaluated_once(first, x)
            for r in rest:
                product = product * evaluated_once(r, x)
            return product
        case {"op": "neg", "of": inner, **options}:
            return -evaluated_once(inner, x) * len(options)
        case _:
            return evaluated_once(term, x)


def evaluated_once(term, x):
    match term:
        case "x":
            return x
        case int() | float():
            return term
        case [a, b] | (a, b, _):
            return a - b
        case _:
            return x * 0.5


@program(0.7)
def expression_tree(x):
    return (
        evaluated(("add", "x", 2.0), x)
        + evaluated(["mul", "x", "x", 3.0], x)
        + evaluated({"op": "neg", "of": "x", "style": 1}, x)
        + evaluated((x, 2.0), x)
        + evaluated(None, x)
    )


@program(0.7, np.array([1, 2, 0, 2, 1, 9, 3]))
@program(0.7, np.array([1, 2, 5, 2]))
def match_in_a_loop(x, codes):
    s = 0.0
    for c in codes:
        match c:
            case 0:
                continue
            case 9:
                break
            case 1:
                s = s + x
            case 2:
                s = s * x
            case _:
                return s * s
    return s


@program(0.7, 0)
@program(0.7, 1)
@program(0.7, 3)
def captures_only_where_it_matches(x, n):
    v = 1.0
    match (n, x):
        case (0, v):
            pass
        case (1, w) as both:
            v = w * len(both)
        case (k, w):
            v = w * k
    return v * v
