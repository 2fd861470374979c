"""A part of the corpus under XLA: values and cotangents are NumPy's, and few programs are refused."""

from __future__ import annotations

import contextlib
import copy
import io
from itertools import islice
from typing import Any

import numpy as np

import srcad
from srcad.errors import Unsupported
from tests.test_corpus import PROGRAMS, assert_same, mapped, observe, quiet, random_like

EVERY = 24


def leaves(tree: Any) -> list[Any]:
    found: list[Any] = []
    mapped(lambda x: found.append(np.asarray(x)), tree)
    return found


def pulled(case: Any, backend: str) -> tuple[Any, Any]:
    with quiet(), contextlib.redirect_stdout(io.StringIO()):
        result, pull = srcad.vjp(case.function, *copy.deepcopy(case.args), backend=backend)
        return result, pull(random_like(result, 3))


def test_part_of_the_corpus():
    refused = []
    for name, case in islice(PROGRAMS.items(), 0, None, EVERY):
        if observe(case.function, *case.args).error is not None or not leaves(list(case.args)):
            continue
        result, cotangents = pulled(case, "numpy")
        try:
            compiled, compiled_cotangents = pulled(case, "xla")
        except Unsupported:
            refused.append(name)
            continue
        assert_same(result, compiled, name)
        for a, b in zip(leaves(list(cotangents)), leaves(list(compiled_cotangents)), strict=True):
            np.testing.assert_allclose(b, a, rtol=1e-5 if a.dtype == np.float32 else 1e-9, atol=1e-11, err_msg=name)
    assert len(refused) <= 4, refused
