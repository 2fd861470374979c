"""Stores through views, as stores into the array itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from srcad.ir.core import Func, Var
from srcad.ir.types import INT, array, fresh
from srcad.runtime import arrays
from srcad.transforms.live import live
from srcad.transforms.through import through_views
from tests.making import GETITEM, Make, check

MATRIX = array(float, fresh("m"), fresh("n"))


def cleaned(func: Func) -> Func:
    func = through_views(func)
    return replace(func, body=live(func.body, func.outputs))


def stored(place: object, where: object, value: object) -> Func:
    m = Make()
    x, i = Var("x", MATRIX), Var("i", INT)
    a = m.op("*", x, 2.0, hint="a")
    place = i if place == "i" else place
    row = m.op(arrays.set_at, m.op(GETITEM, a, place), where, value, hint="row")
    return m.function([x, i], m.op(arrays.set_at, a, place, row, hint="a"))


def test_element_of_a_row():
    check(cleaned(stored("i", 1, 5.0)), """
        def f(x, i):
            a = x * 2.0
            a[i, 1] = 5.0
            return a
        """, np.ones((2, 3)), 1)


def test_part_of_a_row():
    check(cleaned(stored(0, slice(1, None), 5.0)), """
        def f(x, i):
            a = x * 2.0
            a[0, 1:] = 5.0
            return a
        """, np.ones((2, 3)), 1)


def test_whole_row():
    check(cleaned(stored("i", slice(None), 5.0)), """
        def f(x, i):
            a = x * 2.0
            a[i] = 5.0
            return a
        """, np.ones((2, 3)), 1)


def test_part_of_a_part_stays():
    func = stored(slice(1, None), 0, 5.0)
    assert through_views(func).body == func.body


def test_row_of_another_version_stays():
    m = Make()
    x = Var("x", MATRIX)
    a = m.op("*", x, 2.0, hint="a")
    b = m.op(arrays.set_at, a, (0, 0), 1.0, hint="a")
    row = m.op(arrays.set_at, m.op(GETITEM, a, 0), 1, 5.0, hint="row")
    func = m.function([x], m.op(arrays.set_at, b, 0, row, hint="a"))
    assert through_views(func).body == func.body
