"""The Python class of a value that is being lowered."""

from __future__ import annotations

from types import FunctionType
from typing import Any

import numpy as np

from srcad.frontend.machine import Frame
from srcad.frontend.values import Closure, Const, Entries, Fields, Num, Ref, Table, Tup


def class_of(frame: Frame, value: Any) -> type | None:
    """None where it depends on more than what is known while lowering."""
    match value:
        case Const(value=v):
            return type(v)
        case Tup(cls=cls):
            return cls or tuple
        case Num(atom=atom):
            t = atom.type
            if t.kind == "array":
                return np.ndarray
            if t.dtype is None or t.optional or t.kind not in ("number", "scalar"):
                return None
            return type(np.zeros((), t.dtype).item()) if t.kind == "number" else t.dtype.type
        case Ref():
            content = frame.machine.content(value)
            if value.cell.cls is not None:
                return value.cell.cls
            if isinstance(content, Fields):
                return content.cls
            return dict if isinstance(content, Entries | Table) else list
        case Closure():
            return FunctionType
        case _:
            return None
