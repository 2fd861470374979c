"""Every program of the corpus: the same as Python, and its derivatives right, both modes, twice."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import io
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import srcad
from srcad.backends.emit import emit_program
from srcad.backends.load import load
from srcad.errors import Unsupported
from srcad.frontend.capture import capture
from srcad.frontend.lower import Lowered, NeedsValue, lower
from srcad.ir.check import check
from srcad.ir.interpret import interpret
from srcad.program.programs import Primal
from srcad.program.signature import Describe
from srcad.transforms.pipeline import optimised
from tests.corpus import (
    arrays,
    assignments,
    attempts,
    calls,
    classes,
    containers,
    containers_of_science,
    contexts,
    dicts,
    effects,
    everyday,
    exits,
    found_learning,
    found_models,
    found_numerics,
    found_physics,
    functions,
    generators,
    heaps,
    iterators,
    lists,
    loops,
    matching,
    memory_calls,
    memory_lists,
    memory_stores,
    memory_undecided,
    memory_views,
    mixture,
    objects,
    programs_of_science,
    scalars_of_science,
    scoping,
    subclasses,
    tables,
)
from tests.corpus.registry import PROGRAMS, Program

MODULES = (arrays, assignments, attempts, calls, classes, containers, containers_of_science, contexts, dicts, effects,
           everyday, exits, found_learning, found_models, found_numerics, found_physics, functions, generators, heaps,
           iterators, lists, loops, matching, memory_calls, memory_lists, memory_stores, memory_undecided,
           memory_views, mixture, objects, programs_of_science, scalars_of_science, scoping, subclasses, tables)
EVERY = pytest.mark.parametrize("case", PROGRAMS.values(), ids=PROGRAMS)


@dataclasses.dataclass
class Outcome:
    result: Any
    error: BaseException | None
    printed: str


def observe(f: Callable[..., Any], *args: Any) -> Outcome:
    printed, result, error = io.StringIO(), None, None
    with contextlib.redirect_stdout(printed), quiet():
        try:
            result = f(*copy.deepcopy(args))
        except Unsupported:
            raise
        except Exception as e:
            error = e
    return Outcome(result, error, printed.getvalue())


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def require_same(expected: Outcome, got: Outcome, text: str = "") -> None:
    assert type(expected.error) is type(got.error), f"{got.error!r} instead of {expected.error!r}\n{text}"
    # What Python itself raises has other words in other versions.
    if expected.error is not None and expected.error.args and not isinstance(
            expected.error, IndexError | NameError | ZeroDivisionError) and "unpack" not in str(expected.error):
        assert str(expected.error) == str(got.error), text
    assert expected.printed == got.printed, text
    assert_same(expected.result, got.result, text)


def assert_same(a: Any, b: Any, text: str = "") -> None:
    """The same structure, types, shapes, dtypes and values."""
    if a is None or isinstance(a, str):
        assert a == b, f"{b!r} instead of {a!r}\n{text}"
        return
    if isinstance(a, tuple | list | dict) or dataclasses.is_dataclass(a):
        assert type(a) is type(b), f"{b!r} instead of {a!r}\n{text}"
        for x, y in zip(parts(a), parts(b), strict=True):
            assert_same(x, y, text)
        return
    dtype = np.asarray(a).dtype
    assert np.shape(a) == np.shape(b) and dtype == np.asarray(b).dtype, f"{b!r} instead of {a!r}\n{text}"
    assert isinstance(a, np.ndarray) == isinstance(b, np.ndarray), f"{b!r} instead of {a!r}\n{text}"
    np.testing.assert_allclose(b, a, rtol=1e-6 if dtype == np.float32 else 1e-12, atol=1e-12, err_msg=text)


def parts(tree: Any) -> list[Any]:
    if isinstance(tree, dict):
        return list(tree.values())
    if isinstance(tree, tuple | list):
        return list(tree)
    return [getattr(tree, f.name) for f in dataclasses.fields(tree)]


def mapped(f: Callable[..., Any], tree: Any, *others: Any) -> Any:
    """`f` of each float leaf and the leaves of `others` at its place; a tree's other leaves stay as they are."""
    if isinstance(tree, dict):
        return {k: mapped(f, tree[k], *(o[k] for o in others)) for k in tree}
    if isinstance(tree, tuple | list) or dataclasses.is_dataclass(tree):
        made = [mapped(f, t, *rest) for t, *rest in zip(parts(tree), *map(parts, others), strict=True)]
        return type(tree)(made) if type(tree) in (tuple, list) else type(tree)(*made)
    return f(tree, *others) if is_float(tree) else tree


def is_float(leaf: Any) -> bool:
    return isinstance(leaf, float | np.ndarray | np.generic) and np.asarray(leaf).dtype.kind in "fc"


def dot(a: Any, b: Any) -> float:
    """The inner product of two trees, over their float leaves."""
    total = [0.0]

    def add(x: Any, y: Any) -> Any:
        assert np.shape(x) == np.shape(y), f"{y!r} for {x!r}"
        total[0] += float(np.sum(np.real(np.asarray(x, complex) * y)))
        return x

    mapped(add, a, b)
    return total[0]


def random_like(tree: Any, seed: int) -> Any:
    rng = np.random.default_rng(seed)

    def leaf(x: Any) -> Any:
        value = rng.uniform(-1, 1, np.shape(x))
        return float(value) if type(x) is float else np.asarray(value, np.asarray(x).dtype)[()]

    return mapped(leaf, tree)


def difference(f: Callable[..., Any], args: tuple[Any, ...], direction: Any, cotangent: Any, h: float) -> float:
    """The derivative of <f, cotangent> along a direction, by central differences extrapolated twice."""
    def at(t: float) -> float:
        def moved(a: Any, d: Any) -> Any:
            return np.asarray(a + t * d, a.dtype) if isinstance(a, np.ndarray) else type(a)(a + t * d)

        return dot(f(*mapped(moved, args, direction)), cotangent)

    def slope(t: float) -> float:
        return (at(t) - at(-t)) / (2 * t)

    once = [(4 * slope(t / 2) - slope(t)) / 3 for t in (h, h / 2)]
    return (16 * once[1] - once[0]) / 15


def lowered(case: Program) -> tuple[Lowered, tuple[Any, ...]]:
    """The core program of a case, and all its inputs."""
    source, static = capture(case.function), frozenset()
    bound = Primal(case.function).arguments(case.args, {})
    while True:
        describe = Describe(static)
        try:
            result = lower(source, {n: describe.argument(n, v) for n, v in bound.items()})
        except NeedsValue as need:
            assert need.path not in static
            static |= {need.path}
            continue
        return result, (*bound.values(), *(c.read(()) for c in result.captures))


def tolerance(case: Program) -> float:
    single: list[bool] = []
    mapped(lambda x: single.append(np.asarray(x).dtype == np.float32), case.args)
    return 2e-3 if any(single) else 1e-6


def require_close(got: float, expected: float, tol: float, what: str) -> None:
    assert abs(got - expected) <= tol * max(1.0, abs(expected), abs(got)), f"{what}: {got} instead of {expected}"


@EVERY
def test_interpreted(case: Program) -> None:
    program, inputs = lowered(case)
    expected = observe(case.function, *case.args)
    for func in (program.func, optimised(program.func)):
        check(func)
        require_same(expected, observe(lambda *a, f=func: interpret(f, *a), *inputs))


@EVERY
def test_printed(case: Program) -> None:
    program, inputs = lowered(case)
    module = emit_program(optimised(program.func), program.companions)
    f = load(module.text, module.objects, module.name, module.spans)
    require_same(observe(case.function, *case.args), observe(f, *inputs), module.text)


@EVERY
def test_reverse(case: Program) -> None:
    expected = observe(case.function, *case.args)
    got = observe(lambda *args: srcad.vjp(case.function, *args), *case.args)
    value = Outcome(got.result and got.result[0], got.error, got.printed)
    require_same(expected, value)
    if expected.error is not None or expected.result is None:
        return
    direction, cotangent = random_like(case.args, 1), random_like(expected.result, 2)
    with quiet(), contextlib.redirect_stdout(io.StringIO()):
        slope = difference(case.function, case.args, direction, cotangent, 1e-2 if tolerance(case) > 1e-4 else 1e-3)
        gradient = got.result[1](cotangent)
    assert_like(case.args, gradient)
    require_close(dot(direction, gradient), slope, tolerance(case), f"vjp {gradient}")


def assert_like(args: Any, gradient: Any) -> None:
    def leaf(x: Any, g: Any) -> Any:
        assert np.shape(x) == np.shape(g) and np.asarray(x).dtype == np.asarray(g).dtype, f"{g!r} for {x!r}"
        return x

    mapped(leaf, args, gradient)


@EVERY
def test_forward(case: Program) -> None:
    direction = random_like(case.args, 1)
    expected = observe(case.function, *case.args)
    got = observe(lambda *args: srcad.jvp(case.function, args, direction), *case.args)
    require_same(expected, Outcome(got.result and got.result[0], got.error, got.printed))
    if expected.error is not None or expected.result is None:
        return
    cotangent = random_like(expected.result, 2)
    with quiet(), contextlib.redirect_stdout(io.StringIO()):
        _, pullback = srcad.vjp(case.function, *case.args)
        gradient = pullback(cotangent)
    tol = 1e-4 if tolerance(case) > 1e-4 else 1e-10
    require_close(dot(cotangent, got.result[1]), dot(direction, gradient), tol, "jvp")


@EVERY
def test_second_order(case: Program) -> None:
    expected = observe(case.function, *case.args)
    if not (case.second and expected.error is None and is_float(expected.result) and np.shape(expected.result) == ()):
        pytest.skip("not a smooth program with one output")
    wrt = tuple(k for k, a in enumerate(case.args) if has_floats(a))
    chosen = tuple(case.args[k] for k in wrt)
    direction, weights = random_like(case.args, 1), random_like(chosen, 3)
    gradient = srcad.grad(case.function, wrt=wrt)
    with quiet(), contextlib.redirect_stdout(io.StringIO()):
        slope = difference(gradient, case.args, direction, weights, 1e-3)
        forward = dot(weights, srcad.jvp(gradient, case.args, direction)[1])
        backward = dot(direction, srcad.vjp(gradient, *case.args)[1](weights))
    tol = max(1e-5, tolerance(case) * 10)
    require_close(forward, slope, tol, "forward over reverse")
    require_close(backward, forward, tol, "reverse over reverse")


def has_floats(tree: Any) -> bool:
    found: list[bool] = []
    mapped(lambda x: found.append(True) or x, tree)
    return bool(found)
