"""The names that variables ask for."""

from __future__ import annotations

import keyword
from functools import lru_cache

from srcad.ir.core import Var

# What the frontend calls values that have no name in the source.
_NO_NAMES = frozenset({"bool"})


def hint_of(v: Var) -> str:
    """The hint as an identifier, or nothing; names of the frontend's own start with `$`."""
    return _identifier(v.hint)


@lru_cache(4096)
def _identifier(hint: str) -> str:
    plain = hint.lstrip("$")
    if plain in _NO_NAMES or not plain.isidentifier() or keyword.iskeyword(plain):
        return ""
    return plain


def is_anonymous(v: Var) -> bool:
    return not hint_of(v)
