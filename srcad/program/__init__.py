"""From derivatives as users ask for them to generated functions: programs, signatures, variants.

`pull` and `push` are the way in for `vjp` and `jvp`; the compiler is imported when one of them is first needed.
"""

from typing import Any


def __getattr__(name: str) -> Any:
    if name in ("not_float", "pull"):
        from srcad.program import pullback

        return getattr(pullback, name)
    if name in ("dtype_of", "numpy_of"):
        from srcad.program import arrays_of_jax

        return getattr(arrays_of_jax, name)
    if name in ("arrays", "of_tensors", "wrap_of"):
        from srcad.program import programs, tensors

        return getattr(programs if name == "of_tensors" else tensors, name)
    if name == "push":
        from srcad.program.along import push

        return push
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
