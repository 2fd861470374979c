"""What the table says of memory: an operation that is said to be fresh never gives back memory of an argument.

Overwriting in place rests on it: a wrong fact here is a wrong gradient there, or a store into the user's array.
"""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import srcad.rules  # noqa: F401 - fills the table
from srcad.ir.core import leaves
from srcad.ir.ops import op_of
from srcad.rules.ops import RULES
from srcad.runtime import arrays
from tests.rulecases import CASES, identifier

A, B = np.arange(6.0).reshape(2, 3) + 0.5, np.arange(3.0)
# The run-time functions as derivatives call them, where nothing is left to do but to give back the argument.
OWN = [
    (arrays.unbroadcast, (A, A), {}), (arrays.unbroadcast, (A, B), {}), (arrays.project, (A, A), {}),
    (arrays.sum_transpose, (B, A), {"axis": 0}), (arrays.index_add, (A, 1.0, 0), {}), (arrays.set_at, (A, 0, 1.0), {}),
    (arrays.astype, (A, float), {}), (arrays.shifted, (A, 0.0), {}), (arrays.zeros_for, (A,), {}),
    (arrays.linear_recurrence, (A, A), {}), (arrays.other_products, (B,), {}),
    (arrays.read_last, (A, np.array([0, 0])), {}),
]


@pytest.mark.parametrize("call", [*CASES, *OWN], ids=identifier)
def test_fresh_results_share_no_memory(call):
    function, args, kwargs = call
    op = op_of(function)
    if op is None or op.memory != "fresh":
        return
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        result = function(*args, **kwargs)
    given = [a for a in leaves([list(args), kwargs]) if isinstance(a, np.ndarray)]
    for part in leaves(result if isinstance(result, tuple | list) else [result]):
        if isinstance(part, np.ndarray):
            assert not any(np.shares_memory(part, a) for a in given), f"{op} gives back memory of an argument"


def test_the_run_time_functions_are_in_the_table():
    assert all(op_of(f) in RULES for f, _, _ in OWN if f is not arrays.set_at)
