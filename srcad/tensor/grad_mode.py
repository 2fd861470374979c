"""Contexts that switch the record off and on; each is a decorator too."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from srcad.runtime.tensors.record import MODE


class set_grad_enabled:
    """Record operations, or not, from now on; as a context, within it."""

    def __init__(self, mode: bool) -> None:
        self.mode, self.before = mode, MODE.enabled
        MODE.enabled = mode

    def __enter__(self) -> None:
        MODE.enabled = self.mode

    def __exit__(self, *_: object) -> None:
        MODE.enabled = self.before


class _Context:
    """Within it, and within a function that it decorates, operations are recorded or not."""

    mode = True

    def __init__(self) -> None:
        self.before: list[bool] = []

    def __new__(cls, function: Any = None) -> Any:
        return object.__new__(cls) if function is None else cls()(function)

    def __enter__(self) -> None:
        self.before.append(MODE.enabled)
        MODE.enabled = self.mode

    def __exit__(self, *_: object) -> None:
        MODE.enabled = self.before.pop()

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def called(*args: Any, **kwargs: Any) -> Any:
            with type(self)():
                return function(*args, **kwargs)

        return called


class no_grad(_Context):
    """Operations are not recorded."""

    mode = False


class enable_grad(_Context):
    """Operations are recorded, also within `no_grad`."""


class inference_mode(_Context):
    """As `no_grad`."""

    mode = False


def is_grad_enabled() -> bool:
    return MODE.enabled
