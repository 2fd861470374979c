"""A part of the corpus under XLA: values and cotangents are NumPy's, and few programs are refused.

`python -m tests.test_lax_corpus [EVERY] [FIRST]` goes through it all, or every so many from one on, with the kernels,
and counts what falls back to NumPy and why.
"""

from __future__ import annotations

import contextlib
import copy
import io
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any
from zlib import crc32

import numpy as np

import srcad
from srcad.checks.check import reason_of
from srcad.errors import SrcadError
from tests.not_compiled import NOT_COMPILED
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


def require_same_compiled(name: str, case: Any) -> None:
    result, cotangents = pulled(case, "numpy")
    compiled, compiled_cotangents = pulled(case, "xla")
    assert_same(result, compiled, name)
    for a, b in zip(leaves(list(cotangents)), leaves(list(compiled_cotangents)), strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-5 if a.dtype == np.float32 else 1e-9, atol=1e-11, err_msg=name)


def differentiable(programs: Any) -> Iterator[tuple[str, Any]]:
    for name, case in programs:
        if observe(case.function, *case.args).error is None and leaves(list(case.args)):
            yield name, case


def test_part_of_the_corpus():
    """Chosen by name, so that it stays the same when others are added."""
    chosen = [(name, case) for name, case in PROGRAMS.items() if crc32(name.encode()) % EVERY == 0]
    listed = {name for names in NOT_COMPILED.values() for name in names.split()}
    assert listed <= set(PROGRAMS)
    refused, works = [], []
    for name, case in differentiable(chosen):
        try:
            require_same_compiled(name, case)
        except SrcadError as refusal:
            refused += [] if name in listed else [f"{name}: {reason_of(refusal)}"]
        else:
            works += [name] if name in listed else []
    assert len(refused) <= 0.1 * len(chosen), refused
    assert not works, "to be taken from the list"


def main(every: int, first: int) -> None:
    from tests.test_kernels import KERNELS

    reasons: Counter[str] = Counter()
    names: dict[str, list[str]] = {}
    chosen = list(differentiable(islice({**PROGRAMS, **KERNELS}.items(), first, None, every)))
    for name, case in chosen:
        try:
            require_same_compiled(name, case)
        except SrcadError as refusal:
            why = reason_of(refusal).partition(": ")[2]
        except Exception as wrong:
            why = f"WRONG: {type(wrong).__name__} {str(wrong).strip().splitlines()[0]}"
        else:
            continue
        reasons[why] += 1
        names.setdefault(why, []).append(name)
    print(f"{len(chosen)} programs, {reasons.total()} of them not compiled")
    for why, count in reasons.most_common():
        print(f"{count:5}  {why}  ({', '.join(names[why][:4])})")


if __name__ == "__main__":
    given = [int(a) for a in sys.argv[1:]]
    main(*given, *(1, 0)[len(given):])
