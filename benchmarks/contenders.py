"""The contenders: ways to run a program, and to have its gradient, all without arguments and ready to be timed."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

import srcad
from benchmarks.case import Case

Contender = Callable[[], Any]
TOLERANCE = 1e-8  # relative, of norms


class Disagreement(AssertionError):
    """Two contenders have different gradients."""


def contenders(case: Case, args: tuple[Any, ...]) -> dict[str, Contender]:
    """By name; the first is the program itself, the second the yardstick."""
    module = importlib.import_module(case.module)
    gradient = srcad.grad(module.primal, wrt=case.wrt)
    through_xla = srcad.grad(module.primal, wrt=case.wrt, backend="xla")
    return {
        "primal": lambda: module.primal(*args),
        "hand": lambda: module.hand(*args),
        "srcad": lambda: gradient(*args),
        "srcad xla": lambda: through_xla(*args),
        **({"autograd": by_autograd(case, args)} if case.autograd else {}),
        "jax": by_jax(case, module, args),
    }


def by_autograd(case: Case, args: tuple[Any, ...]) -> Contender:
    import autograd

    module = redirected(case.module)
    gradient = autograd.grad(getattr(module, "redirected", module.primal), case.wrt)
    return lambda: gradient(*args)


def redirected(name: str) -> ModuleType:
    """A second copy of a module, whose functions use autograd's NumPy."""
    import autograd.numpy

    spec = importlib.util.find_spec(name)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.np = autograd.numpy  # type: ignore[attr-defined]
    return module


def by_jax(case: Case, module: ModuleType, args: tuple[Any, ...]) -> Contender:
    """`jit(grad)` of the port, on arrays that are already JAX's; to be called where 64 bits are enabled."""
    import jax

    varying = [i for i in range(len(args)) if i not in case.static]
    static = {i: args[i] for i in case.static}

    def port(*given: Any) -> Any:
        values = {**static, **dict(zip(varying, given, strict=True))}
        return module.port(jax, *(values[i] for i in range(len(args))))

    compiled = jax.jit(jax.grad(port, argnums=tuple(varying.index(i) for i in case.wrt)))
    arrays = [jax.numpy.asarray(args[i]) for i in varying]
    return lambda: jax.block_until_ready(compiled(*arrays))


def check(case: Case, gradients: dict[str, Any]) -> None:
    """Raise `Disagreement` where a gradient is not the hand-written one."""
    for name, gradient in gradients.items():
        for position, found, wanted in zip(case.wrt, gradient, gradients["hand"], strict=True):
            found, wanted = np.asarray(found), np.asarray(wanted)
            apart = np.linalg.norm(found - wanted) if found.shape == wanted.shape else np.inf
            if not apart <= TOLERANCE * (1e-3 + np.linalg.norm(wanted)):
                raise Disagreement(f"{case.name}: gradient of argument {position} by {name} is {apart:.2g} away from "
                                   f"the one by hand, whose norm is {np.linalg.norm(wanted):.2g}")
