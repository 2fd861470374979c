"""The derivatives that users ask for.

Conventions are JAX's: `grad(f)` is a function with f's own signature; `jvp` and `vjp` are f's forward and reverse
derivative at a point; `jacobian`, `hessian` and `hvp` are compositions of these.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable, Sequence
from types import FunctionType, MethodType
from typing import Any, TypeVar

import numpy as np

from srcad import program as compiler
from srcad.errors import ArgumentError
from srcad.program import jacobians
from srcad.program.derivatives import Derivative, Wrt, compiled_primal, derivative_of, program_of
from srcad.program.programs import names_in
from srcad.runtime import trees
from srcad.runtime.outputs import stop_gradient

F = TypeVar("F", bound=Callable[..., Any])


def grad(f: Any = None, wrt: Any = 0, *, has_aux: bool = False, backend: str | None = None, checkpoint: Any = None,
         argnums: Any = None) -> Any:
    """The gradient of a function that returns one number.

    Parameters
    ----------
    f : a Python function over numbers and NumPy arrays. Without it, `grad(wrt=…)` is a decorator.
    wrt : the argument to differentiate with respect to: a position, a name, or a tuple of either. `argnums` is the
        same.
    has_aux : f returns `(value, aux)`; the gradient comes as `(gradient, aux)`.
    backend : "numpy" runs the generated source, "xla" compiles it through `jax.jit`, "auto" begins with NumPy and
        compiles in the background what is called often. Without it, what `srcad.backend` or `srcad.configure` say,
        else "numpy". Arrays of JAX always go to XLA.
    checkpoint : saves memory in long loops. Instead of keeping what each trip computed, some states are kept and trips
        are run again: "sqrt" keeps about as many states as it has to run trips at a time (about 2 √n in all, for one
        more run); a number keeps that many states, or an amount of memory such as "64MB" as many as it holds, and the
        trips are run again as seldom as that allows.

    Returns
    -------
    A function of the same arguments. Its result has the structure, shapes and dtypes of the argument (a tuple of
    these if `wrt` is a tuple); leaves that are not floats are None.  `.source` is the generated text, `.primal` is f,
    `.explain()` says what was made and why.

    Raises
    ------
    Unsupported : f has a construct that can't be differentiated; the message names the line and a way out.
    ArgumentError : the argument is not a float, or the result not one number.

    >>> import numpy as np
    >>> grad(lambda x: np.sum(x ** 2))(np.array([1.0, 2.0]))
    array([2., 4.])
    """
    return _decorated(f, wrt if argnums is None else argnums, value=False, has_aux=has_aux, backend=backend,
                      checkpoint=checkpoint)


def value_and_grad(f: Any = None, wrt: Any = 0, *, has_aux: bool = False, backend: str | None = None,
                   checkpoint: Any = None, argnums: Any = None) -> Any:
    """The value of a function and its gradient, in one sweep; the parameters are those of `grad`.

    >>> value_and_grad(lambda x: x * x)(3.0)
    (9.0, 6.0)
    """
    return _decorated(f, wrt if argnums is None else argnums, value=True, has_aux=has_aux, backend=backend,
                      checkpoint=checkpoint)


def jit(f: F, *, backend: str | None = None) -> F:
    """`f` itself, compiled by XLA as its derivatives are with `backend="xla"`; a decorator too.

    Loops are compiled as loops, and what `f` stores into its arguments is stored. Arrays of NumPy give arrays of NumPy,
    arrays of JAX give arrays of JAX. `backend` is as for `grad`, but "xla" if nothing else is said: "auto" compiles
    when that is worth it, and "numpy" is for looking at what goes wrong.

    >>> import numpy as np
    >>> jit(lambda x: np.sum(x ** 2))(np.array([1.0, 2.0]))
    np.float64(5.0)
    """
    compiled: F = compiled_primal(f, backend)  # type: ignore[assignment]
    return compiled


def export(f: Callable[..., Any], args: Sequence[Any], *, trips: int | None = None,
           platforms: Sequence[str] | None = None) -> Any:
    """`f`, or the derivative that `f` is, as an artefact of `jax.export`, which runs without srcad.

    Parameters
    ----------
    f : a function, or what `grad` and its kin give.
    args : arguments of the types and shapes that the artefact is for; arrays may be `jax.ShapeDtypeStruct`s. What
        shapes and structure depend on is bound before: `functools.partial(f, n=3)`.
    trips : room for that many trips of loops of unknown length; by default 64, or as many as these arguments need. The
        floats of a call that has more are NaN, and so are those of a call in which f would raise.
    platforms : "cpu", "cuda", "rocm" or "tpu", one or more; by default the one that is there.

    Returns
    -------
    A `jax.export.Exported`: `.call(*args)` runs it, `.serialize()` gives bytes (with the package flatbuffers) for
    `jax.export.deserialize`. It takes and gives tuples, lists and dicts (objects are the dicts of their fields) of
    arrays of JAX; where it takes 64 bits, call it under `jax.enable_x64(True)`. Such bytes are read by the JAX of about
    half a year; what `srcad emit --backend xla` writes lasts.

    >>> import numpy as np
    >>> export(lambda x: np.sum(x ** 2), (np.ones(3, np.float32),)).call(np.ones(3, np.float32)).item()
    3.0
    """
    from srcad.program.exports import exported  # the compiler is imported when it is first needed

    return exported(program_of(f), args, trips, platforms)


def _decorated(f: Any, wrt: Wrt, **how: Any) -> Any:
    if f is None:
        return lambda g: _decorated(g, wrt, **how)
    if isinstance(f, staticmethod | classmethod):
        return type(f)(_decorated(f.__func__, wrt, **how))
    return derivative_of(f, wrt, **how)


def jvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], *,
        backend: str | None = None) -> tuple[Any, Any]:
    """The value of `f(*primals)` and its directional derivative along `tangents` (forward mode).

    Parameters
    ----------
    primals : the arguments of f, a tuple or list.
    tangents : one for each primal, of its structure and shapes; anything (for instance None) stands for the tangent of
        a leaf that is not a float.

    Returns
    -------
    (y, dy), of the same structure.

    >>> jvp(lambda x, y: x * y, (3.0, 4.0), (1.0, 0.0))
    (12.0, 4.0)
    """
    for what, given in (("primals", primals), ("tangents", tangents)):
        if not isinstance(given, tuple | list):
            raise ArgumentError(f"the {what} must be a tuple, one for each argument: write (x,) for a single x, not a "
                                f"{type(given).__name__}")
    return compiler.push(program_of(f), tuple(primals), tuple(tangents), backend)


def vjp(f: Callable[..., Any], *primals: Any, backend: str | None = None, checkpoint: Any = None
        ) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """The value of `f(*primals)` and its pullback (reverse mode); `checkpoint` as for `grad`.

    Returns
    -------
    (y, pullback) : `pullback(dy)` takes a cotangent of y's structure and gives a tuple of cotangents, one for each
        primal. It can be called again, also after the arguments and its results were overwritten.

    >>> y, pullback = vjp(lambda x, y: x * y, 3.0, 4.0)
    >>> pullback(1.0)
    (4.0, 3.0)
    """
    return compiler.pull(program_of(f), primals, backend, checkpoint=checkpoint)


def jacobian(f: Callable[..., Any], wrt: int | str = 0, *, mode: str | None = None,
             backend: str | None = None) -> Callable[..., Any]:
    """The Jacobian of f: shape of the output, then shape of the input.

    With several arguments (`wrt=(0, 1)`), or trees, it has a block for each leaf of the output and of the input, in the
    structure of the output, and in that of the input within it, as in JAX.

    `mode` is "forward" or "reverse"; by default the one with fewer sweeps.

    >>> import numpy as np
    >>> jacobian(lambda x: x ** 2)(np.array([1.0, 3.0]))
    array([[2., 0.],
           [0., 6.]])
    """

    if mode not in (None, "forward", "reverse"):
        raise ArgumentError(f"mode must be 'forward' or 'reverse', not {mode!r}")

    @_like(f, "jacobian", wrt)
    def jacobian_of(*args: Any, **kwargs: Any) -> Any:
        if not _is_of_one_array(f, wrt, args, kwargs):
            return _of_trees(f, wrt, args, kwargs, mode, backend)
        program, k, values, wrap = _one_argument(f, wrt, args, kwargs)
        x = values[k]
        y, pullback = compiler.pull(program, values, backend, _names(program, k))
        if not _is_array(y):
            return _of_trees(f, wrt, args, kwargs, mode, backend)
        m, n = np.size(y), np.size(x)
        forward = n <= m if mode is None else mode == "forward"
        if forward and pullback.once:
            if mode is not None:
                raise ArgumentError(f"{program.primal.name} draws random numbers, prints or the like, which forward "
                                    "mode would do for each column; use mode='reverse'")
            forward = False
        xp, dtype = compiler.numpy_of([x, y]), np.result_type(compiler.dtype_of(x), compiler.dtype_of(y))
        if forward:
            along = [None] * len(values)
            columns = [xp.ravel(compiler.push(program, values, (*along[:k], e, *along[k + 1:]), backend)[1])
                       for e in jacobians.basis(x)]
            matrix = xp.array(columns, dtype=dtype).reshape(n, m).T
        else:
            matrix = xp.array([xp.ravel(pullback(e)[k]) for e in jacobians.basis(y)], dtype=dtype).reshape(m, n)
        matrix = matrix.reshape(np.shape(y) + np.shape(x))[()]
        return matrix if wrap is None else wrap(matrix)

    return jacobian_of


def _is_of_one_array(f: Any, wrt: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Is this a derivative by one argument that is an array or a number?"""
    primal = program_of(f).primal
    names, single = names_in(primal, wrt)
    found = primal.arguments(args, kwargs).get(names[0]) if isinstance(names[0], str) else None
    return single and not isinstance(found, tuple | list | dict) and not dataclasses.is_dataclass(found)


def _of_trees(f: Any, wrt: Any, args: tuple[Any, ...], kwargs: dict[str, Any], mode: str | None,
              backend: str | None) -> Any:
    """The Jacobian by several arguments, or of trees, in blocks."""
    program = program_of(f)
    primal = program.primal
    names, single = names_in(primal, wrt)
    order, bound = primal.names[len(primal.bound):], primal.arguments(args, kwargs)
    named = [n for n in names if isinstance(n, str) and n in order]
    if len(named) < len(names):
        raise ArgumentError("wrt must be arguments with names here")
    values, places = tuple(bound[n] for n in order), [order.index(n) for n in named]
    inputs = [jacobians.side_of(values[k], name, primal.name) for k, name in zip(places, named, strict=True)]
    y, pullback = compiler.pull(program, values, backend, tuple(named))
    out = jacobians.side_of(y, "the result", primal.name)
    few = sum(s.size for s in inputs) <= out.size and not pullback.once
    if mode == "forward" or mode is None and few:
        def push(k: int, unit: Any) -> Any:
            along = [unit if place == places[k] else zero for place, zero in enumerate(still)]
            return compiler.push(program, values, tuple(along), backend)[1]

        still = [None if k not in places else trees.map(lambda x: np.zeros(np.shape(x))[()], v)
                 for k, v in enumerate(values)]
        made = jacobians.by_columns(out, inputs, push)
    else:
        made = jacobians.by_rows(out, inputs, lambda unit: [pullback(unit)[k] for k in places])
    return out.tree([parts[0] if single else parts for parts in made])


def hessian(f: Callable[..., Any], wrt: int | str = 0, *, backend: str | None = None) -> Callable[..., Any]:
    """The matrix of second derivatives of a function that returns one number: shape of the argument, twice.

    >>> float(hessian(lambda x: x ** 3)(2.0))
    12.0
    """
    return jacobian(grad(f, wrt, backend=backend), wrt, backend=backend)


def hvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], *, backend: str | None = None) -> Any:
    """The product of the Hessian (with respect to the first argument) and a vector, forward over reverse.

    `primals` and `tangents` are those of `jvp`; further primals are parameters.

    >>> import numpy as np
    >>> hvp(lambda x: np.sum(x ** 3), (np.array([1.0, 2.0]),), (np.array([1.0, 0.0]),))
    array([6., 0.])
    """
    return jvp(grad(f, backend=backend), primals, tangents, backend=backend)[1]


def elementwise_grad(f: Callable[..., Any], wrt: Any = 0, *, backend: str | None = None) -> Callable[..., Any]:
    """The derivative of each element of f's output with respect to the same element of its input, for functions that
    act elementwise (more precisely: the gradient of the sum of the output).

    >>> import numpy as np
    >>> elementwise_grad(np.tanh)(np.zeros(2))
    array([1., 1.])
    """

    @_like(f, "elementwise", wrt)
    def derivative(*args: Any, **kwargs: Any) -> Any:
        program, k, values, wrap = _one_argument(f, wrt, args, kwargs)
        y, pullback = compiler.pull(program, values, backend, _names(program, k))
        slopes = pullback(np.ones(np.shape(y), compiler.dtype_of(y))[()])[k]
        return slopes if wrap is None else wrap(slopes)

    return derivative


def _like(f: Any, what: str, wrt: Any) -> Callable[[F], F]:
    """Give the wrapper the name, document and signature of f, and a form of itself that can be differentiated."""
    inner = f.primal if isinstance(f, Derivative) else f

    @functools.cache
    def lowerable() -> Callable[..., Any]:
        from srcad.program import composed

        if not isinstance(wrt, int | str):
            raise ArgumentError("wrt must be one argument of a derivative that is differentiated itself")
        parameters = program_of(f).primal.parameters
        k = parameters.index(wrt) if isinstance(wrt, str) else wrt
        return composed.lowerable(getattr(composed, f"{what}_at"), f, k)

    def decorate(wrapper: F) -> F:
        if isinstance(inner, FunctionType | MethodType):
            functools.update_wrapper(wrapper, inner)
        wrapper.__name__ = f"{what}_of_{getattr(inner, '__name__', 'function')}"
        wrapper.__signature__ = inspect.signature(inner)  # type: ignore[attr-defined]
        wrapper.__srcad_lowerable__ = lowerable  # type: ignore[attr-defined]
        wrapper.__srcad_inside__ = (  # type: ignore[attr-defined]
            lambda frame, args, kwargs: _inside("call")(frame, [lowerable(), *args], kwargs))
        return wrapper

    return decorate


def _one_argument(f: Any, wrt: int | str, args: tuple[Any, ...],
                  kwargs: dict[str, Any]) -> tuple[Any, int, tuple[Any, ...], Any]:
    """(program, position of the argument `wrt`, all arguments in order, `self` of a method not among them, what makes
    tensors of arrays if there are tensors among them)."""
    program, wrap = program_of(f), compiler.wrap_of((*args, *kwargs.values()))
    if wrap is not None:
        program, args, kwargs = compiler.of_tensors(program), compiler.arrays(args), compiler.arrays(kwargs)
    primal = program.primal
    bound = primal.arguments(args, kwargs)
    (name, *_), single = names_in(primal, wrt)
    if not single:
        raise ArgumentError("wrt must be one argument here; use vjp or jvp for several")
    names = primal.names[len(primal.bound):]
    if not isinstance(name, str):  # one of `*args`
        if kwargs:
            raise ArgumentError(f"{primal.name} takes `*{name[0]}` here: pass all arguments by position")
        return program, primal.code.__code__.co_argcount - len(primal.bound) + name[1], args, wrap
    x = bound[name]
    if not isinstance(x, np.ndarray | np.generic | float | int) and not hasattr(x, "__array__"):
        raise ArgumentError(f"`{name}` must be one array or number here; use vjp or jvp for trees")
    if compiler.dtype_of(x).kind not in "fc":
        raise ArgumentError(compiler.not_float(primal.name, name, x))
    if primal.named:
        # Of a `partial` what it gives by name is not passed again, if it comes last.
        own = tuple(n for n in names if n not in primal.named)
        if names[:len(own)] != own or not kwargs.keys().isdisjoint(primal.named):
            raise ArgumentError(f"{primal.name} is a `partial` that gives `{next(iter(primal.named))}` by name, before "
                                "others or again: write a function of what is left (a lambda)")
        names = own
    return program, names.index(name), tuple(bound[n] for n in names), wrap


def _names(program: Any, k: int) -> tuple[str, ...] | None:
    """The argument at position k as `pull` wants it; all of them where they have no names."""
    primal = program.primal
    return (primal.names[len(primal.bound) + k],) if primal.positional else None


def _is_array(y: Any) -> bool:
    return isinstance(y, np.ndarray | np.generic | float) or hasattr(y, "__array__")


def _inside(name: str) -> Callable[..., Any]:
    def call(frame: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        from srcad.program import composed  # the compiler is imported when it is first needed

        return getattr(composed, name)(frame, args, kwargs)

    return call


# Within a function that is lowered, `grad(f)` of a function of a module is evaluated while lowering, and `grad(f)(x)`
# is part of the program; `jit(f)` is f; all else is lowered by the functions of `composed`.
grad.__srcad_static__ = value_and_grad.__srcad_static__ = True  # type: ignore[attr-defined]
jit.__srcad_inside__ = lambda frame, args, kwargs: args[0]  # type: ignore[attr-defined]
for _f in (grad, value_and_grad, jvp, vjp, jacobian, hessian, hvp, elementwise_grad):
    _f.__srcad_inside__ = _inside(_f.__name__)  # type: ignore[attr-defined, union-attr]


__all__ = ["elementwise_grad", "export", "grad", "hessian", "hvp", "jacobian", "jit", "jvp", "stop_gradient",
           "value_and_grad", "vjp"]
