"""Objects of users' classes, and what generated code does to those of its caller.

    record(Model, w=dw)              an object with these attributes, made without `__init__`
    put(model, (("attr", "n"),), 3)  `model.n = 3`, as generated code writes it
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

Steps = tuple[tuple[str, Any], ...]  # ("attr", name) and ("item", key)


def record(cls: Any, /, **attributes: Any) -> Any:
    written = cls.__flags__ & 1 << 9  # by a `class` statement
    made = (object if written else cls).__new__(cls)
    for name, value in attributes.items():
        object.__setattr__(made, name, value)
    return made


def made_dict(keys: Sequence[Any], values: Sequence[Any]) -> dict[Any, Any]:
    return dict(zip(keys, values, strict=True))


def made_record(cls: type, names: Sequence[str], values: Sequence[Any]) -> Any:
    return record(cls, **dict(zip(names, values, strict=True)))


def at(root: Any, steps: Steps) -> Any:
    """What is found from `root` on the way of `steps`."""
    for kind, key in steps:
        root = getattr(root, key) if kind == "attr" else root[key]
    return root


def put(root: Any, steps: Steps, value: Any) -> None:
    *way, (kind, key) = steps
    owner = at(root, tuple(way))
    if kind == "attr":
        object.__setattr__(owner, key, value)
    else:
        owner[key] = value


def grow(root: Any, steps: Steps, values: Sequence[Any]) -> None:
    at(root, steps).extend(values)


def drop(root: Any, steps: Steps) -> None:
    *way, (kind, key) = steps
    owner = at(root, tuple(way))
    if kind == "attr":
        object.__delattr__(owner, key)
    else:
        del owner[key]


def is_made_of(cls: type, names: Iterable[str]) -> bool:
    """Does a call of `cls` with these keywords make an object that has these attributes, and do nothing else?"""
    if issubclass(cls, tuple):
        return True
    return dataclasses.is_dataclass(cls) and not hasattr(cls, "__post_init__") and set(names) == {
        f.name for f in dataclasses.fields(cls) if f.init} and cls.__dataclass_params__.init  # type: ignore[attr-defined]


def made(cls: type, fields: dict[str, Any]) -> Any:
    """An object with these attributes: by its class where that takes them, else without `__init__`."""
    return cls(**fields) if is_made_of(cls, fields) else record(cls, **fields)
