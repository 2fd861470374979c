"""Repetition, padding and cutting."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.ir.ops import STRUCTURE
from srcad.ir.types import Dim, Type, fresh
from srcad.rules import results
from srcad.rules.ops import constant, custom, linear, refused
from srcad.rules.structure import back_to
from srcad.rules.symbols import beside, known_rank, recorded, type_in, value_in
from srcad.runtime import arrays

_index_add = recorded(arrays.index_add)
_unpadded = recorded(arrays.unpadded)
_unrepeated = recorded(arrays.unrepeated)
_untiled = recorded(arrays.untiled)


# --- copies side by side

def _tile_vjp(g: Any, y: Any, x: Any, reps: Any) -> Any:
    return _untiled(g, x, reps)


def _repeat_vjp(g: Any, y: Any, x: Any, repeats: Any, axis: Any = None) -> Any:
    return _unrepeated(g, x, repeats, axis=axis)


linear(np.tile, _tile_vjp)
linear(np.repeat, _repeat_vjp)
linear(arrays.untiled, lambda h, y, g, x, reps: np.tile(h, reps), name="untiled",
       infer=lambda g, x, reps: Type("array" if type_in(x).shape else "unknown", type_in(g).dtype, type_in(x).shape))
linear(arrays.unrepeated, lambda h, y, g, x, repeats, axis=None: np.repeat(h, repeats, axis=axis), name="unrepeated",
       infer=lambda g, x, repeats, axis=None: Type("array" if type_in(x).shape else "unknown", type_in(g).dtype,
                                                   type_in(x).shape))


# --- padding: all modes but those that compute with values are copies of elements

def _pad_vjp(g: Any, y: Any, x: Any, pad_width: Any, mode: str = "constant", **kwargs: Any) -> Any:
    if mode == "constant":
        return _unpadded(g, x, pad_width)
    if mode not in ("edge", "wrap", "reflect", "symmetric"):
        raise NotImplementedError(f"np.pad with mode {mode!r}")
    places = recorded(arrays.padded_places)(x, pad_width, mode=mode)
    flat = _index_add(beside(x, np.zeros)(np.size(x)), np.ravel(g), np.ravel(places))
    return back_to(flat, x)


def _pad_jvp(t: Any, y: Any, x: Any, pad_width: Any, mode: str = "constant", **kwargs: Any) -> Any:
    return np.pad(t, pad_width, mode=mode)  # type: ignore[call-overload]


custom(np.pad, jvps=(_pad_jvp,), vjps=(_pad_vjp,))
linear(arrays.unpadded, lambda h, y, g, x, pad_width: np.pad(h, pad_width), name="unpadded",
       infer=lambda g, x, pad_width: Type("array", type_in(g).dtype, type_in(x).shape))
constant(arrays.padded_places, infer=lambda x, pad_width, mode: Type("array", np.dtype(int)))


# --- cutting: a list of pieces, whose cotangent is a list

def _pieces_type(x: Any, sections: Any, axis: int = 0) -> Type:
    t = type_in(x)
    if t.shape is None:
        return Type("sequence", item=Type("array", t.dtype))
    place = axis % len(t.shape)
    return Type("sequence", item=Type("array", t.dtype, tuple(
        fresh() if i == place else d for i, d in enumerate(t.shape))))


def _split_vjp(g: Any, y: Any, x: Any, sections: Any, axis: int = 0) -> Any:
    if _is_partition(sections):
        return recorded(np.concatenate)(g, axis=axis)
    return _unsplit(g, x, sections, axis=axis)


def _is_partition(sections: Any) -> bool:
    """Are the pieces known to be the array, cut?  (Those between indices that are not in order overlap.)"""
    if isinstance(sections, tuple | list | np.ndarray):
        places = list(sections)
        whole = all(isinstance(p, int | np.integer) for p in places)
        return whole and places == sorted(places) and (not places or (places[0] < 0) == (places[-1] < 0))
    return type_in(sections).rank == 0


_unsplit = recorded(arrays.unsplit)
linear(arrays.unsplit, lambda h, y, g, x, sections, axis=0: recorded(np.split)(h, sections, axis=axis), name="unsplit",
       infer=lambda g, x, sections, axis=0: type_in(x))


def _hsplit_vjp(g: Any, y: Any, x: Any, sections: Any) -> Any:
    return _split_vjp(g, y, x, sections, 0 if known_rank(x) == 1 else 1)


for _function in (np.split, np.array_split):
    linear(_function, _split_vjp, infer=_pieces_type, memory="view")
linear(np.vsplit, _split_vjp, infer=_pieces_type, memory="view")
linear(np.hsplit, _hsplit_vjp, infer=lambda x, s: _pieces_type(x, s, 0 if type_in(x).rank == 1 else 1),
       memory="view")
linear(np.dsplit, lambda g, y, x, s: _split_vjp(g, y, x, s, 2), infer=lambda x, s: _pieces_type(x, s, 2),
       memory="view")


# --- differences

def _diff_jvp(t: Any, y: Any, x: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    given = {k: v for k, v in (("prepend", prepend), ("append", append)) if v is not None}
    ends = {k: 0.0 * v if known_rank(v) else 0.0 for k, v in given.items()}
    return np.diff(t, n=n, axis=axis, **ends)


def _diff_vjp(g: Any, y: Any, x: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    for _ in range(n):
        g = -np.diff(g, axis=axis, prepend=0.0, append=0.0)
    if prepend is None and append is None:
        return g
    start = None if prepend is None else _thickness(prepend, axis)
    stop = None if append is None else -_thickness(append, axis)
    return g[(slice(None),) * (axis % known_rank(g)) + (slice(start, stop),)]


def _thickness(end: Any, axis: int) -> Any:
    return 1 if known_rank(end) == 0 else np.shape(end)[axis]


def _diff_type(x: Any, n: Any = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Type:
    t = type_in(x)
    n = value_in(n)
    if t.shape is None or not isinstance(n, int):
        return Type("array", t.dtype)
    place = axis % len(t.shape)
    longer = t.shape[place]
    for end in (prepend, append):
        if value_in(end) is not None:
            own = type_in(end).shape
            if own is None:
                return Type("array", None)
            longer = results.total([longer, own[place] if own else Dim(None, 1)])
    return Type("array", t.dtype, tuple(longer + -n if i == place else d for i, d in enumerate(t.shape)))


_ends = refused("np.diff by prepend or append: concatenate them before")
custom(np.diff, jvps=(_diff_jvp, None, None, _ends, _ends), vjps=(_diff_vjp, None, None, _ends, _ends),
       infer=_diff_type, structure=STRUCTURE | {"n"})
linear(np.ediff1d, lambda g, y, x: back_to(-np.diff(g, prepend=0.0, append=0.0), x))
