"""What a program goes through before it is differentiated: the shorter it is, the shorter its derivative."""

from __future__ import annotations

from srcad.ir import Func
from srcad.transforms.simplify import simplify
from srcad.transforms.tapes import with_tapes


def prepared(func: Func) -> Func:
    return with_tapes(simplify(func))
