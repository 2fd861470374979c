"""What a later call of a derivative costs beyond the function that was generated for it.

Each case is a way to call: numbers, arrays, defaults and keywords, values that the program is made for, containers,
methods, things from outside, arguments that are changed.  The goal is 2 us for up to 4 leaves, and 0.2 us for each
further one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import numpy as np

import srcad
from benchmarks.timing import Effort, interleaved

SCALE = 2.0


@dataclass(frozen=True)
class Call:
    """A function, a call of its gradient, the number of leaves in the arguments, and what else it reads."""

    name: str
    function: Callable[..., Any]
    leaves: int
    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def goal(self) -> float:
        """Seconds."""
        return 2e-6 + 0.2e-6 * max(0, self.leaves - 4)


def number(x):
    return x * x


def product(a, b, c, d):
    return np.sum(a * b * c * d)


def with_defaults(x, y=2.0, z=3.0):
    return x * y * z


def switched(x, n, flag, kind):
    y = np.sum(x.reshape(n, -1)[0])
    return y * 2 if flag and kind == "double" else y


def in_a_dict(p):
    return np.sum(p["a"] * p["b"] * p["c"] * p["d"])


def in_a_dataclass(layer):
    return np.sum(layer.weights * layer.offset) * layer.gain * layer.slope


def of_squares(xs):
    total = 0.0
    for x in xs:
        total += np.sum(x * x)
    return total


def of_stars(*xs, **named):
    return np.sum(xs[0] * xs[1]) * named["scale"]


def with_aux(x):
    return np.sum(x * x), x + 1.0


def with_a_global(x):
    return x * SCALE * number(x)


def changing(x, y):
    x[0] = y[1] * 2.0
    return np.sum(x * x * y)


def closure():
    scale, offset, power = 2.0, np.ones(3), 2

    def inner(x):
        return np.sum((x * scale + offset) ** power)

    return inner


@dataclass
class Layer:
    weights: np.ndarray
    offset: np.ndarray
    gain: float
    slope: float


class Model:
    def __init__(self) -> None:
        self.weights, self.scale = np.ones(3), 2.0

    def loss(self, x):
        return np.sum(self.weights * x) * self.scale


def cases() -> list[Call]:
    arrays = [np.ones(3) + i for i in range(32)]
    two = {"scale": 2.0}
    return [
        Call("a number", number, 1, (1.5,)),
        Call("4 arrays", product, 4, tuple(arrays[:4])),
        Call("4 arrays, all gradients", product, 4, tuple(arrays[:4]), options={"wrt": (0, 1, 2, 3)}),
        Call("defaults", with_defaults, 3, (1.5,)),
        Call("keywords", with_defaults, 3, (1.5,), {"z": 1.0, "y": 4.0}),
        Call("star arguments", of_stars, 3, tuple(arrays[:2]), two),
        Call("an int, a flag, a string", switched, 4, (np.ones(6), 3, True, "double")),
        Call("a dict of 4", in_a_dict, 4, (dict(zip("abcd", arrays, strict=False)),)),
        Call("a dataclass of 4", in_a_dataclass, 4, (Layer(arrays[0], arrays[1], 2.0, 0.5),)),
        Call("a list of 8", of_squares, 8, (arrays[:8],)),
        Call("a list of 32", of_squares, 32, (arrays,)),
        Call("has_aux", with_aux, 1, (arrays[0],), options={"has_aux": True}),
        Call("globals", with_a_global, 1, (1.5,)),
        Call("a closure over 3", closure(), 1, (arrays[0],)),
        Call("a method", Model().loss, 1, (arrays[0],)),
        Call("an argument that is changed", changing, 2, (np.ones(3), np.ones(3))),
    ]


def measure(call: Call, effort: Effort) -> dict[str, Any]:
    """Seconds that a call of the derivative and one of the generated function take, and the difference."""
    gradient = srcad.grad(call.function, **call.options)
    for _ in range(3):
        gradient(*call.args, **call.kwargs)
    values = gradient.values(call.args, call.kwargs)
    variant = gradient.runner.variants.find(values)
    given = variant.inputs(values)
    times = interleaved({"derivative": lambda: gradient(*call.args, **call.kwargs),
                         "generated": lambda: variant.run(*given)}, effort)
    extra = median(a - b for a, b in zip(times["derivative"], times["generated"], strict=False))
    return {"name": call.name, "leaves": call.leaves, "derivative": median(times["derivative"]),
            "generated": median(times["generated"]), "extra": extra, "goal": call.goal}


def calls(effort: Effort, chosen: list[Call] | None = None) -> list[dict[str, Any]]:
    return [measure(call, effort) for call in (cases() if chosen is None else chosen)]
