"""Golden files: programs and what is generated for them, as Python that can be read, imported and run.

A file of `tests/golden/` begins with a program as its author wrote it, and `ARGS` to call it with (`WRT` and `MODES` if
they are not the first argument and reverse mode; `second` is the gradient of the gradient).  Below the mark stands what
srcad makes of it.

    python -m pytest tests/test_golden.py --update-golden        writes the files anew; read the difference
"""

from __future__ import annotations

import inspect
import linecache
import os
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import srcad
from srcad.backends.standalone import standalone
from srcad.checks.arguments import Subject, pairing, random_like
from srcad.checks.differences import complex_step, directional
from srcad.cli.generated import generated
from srcad.cli.target import Target
from srcad.runtime import trees

FOLDER = Path(__file__).parent / "golden"
MARK = "# What follows is generated.\n"
FILES = {p.stem: p for p in sorted(FOLDER.glob("*.py")) if p.stem != "__init__"}
EVERY = pytest.mark.parametrize("name", FILES)
SUFFIX = {"reverse": "adjoint", "forward": "tangent"}


class Golden:
    """A golden file: the program of its head, and the text that is generated for it now."""

    def __init__(self, path: Path) -> None:
        self.path, self.text = path, path.read_text()
        self.head = self.text.partition(MARK)[0].rstrip("\n") + "\n"
        self.module = types.ModuleType(path.stem)
        # The head alone: the program's source is found even if what follows it is broken.
        linecache.cache[str(path)] = (len(self.head), None, self.head.splitlines(keepends=True), str(path))
        exec(compile(self.head, str(path), "exec"), vars(self.module))
        self.names = vars(self.module)
        functions = [v for v in self.names.values() if isinstance(v, types.FunctionType)]
        self.function = max(functions, key=lambda f: f.__code__.co_firstlineno)
        self.args: tuple[Any, ...] = self.names["ARGS"]
        self.wrt = self.names.get("WRT", 0)
        self.modes = self.names.get("MODES", ("reverse",))

    def generated(self) -> str:
        target = Target(self.path.stem, self.function, self.names, self.wrt)
        parts = [self._second() if mode == "second" else
                 standalone(generated(target, mode, None, (self.args, {})).stage()) for mode in self.modes]
        return "\n\n" + "\n\n".join(self._without_imports(part) for part in parts)

    def _second(self) -> str:
        """The second derivative by the first of the arguments: the gradient of the gradient."""
        second = srcad.grad(srcad.grad(self.function, self.first), self.first)
        second(*self.args)
        return second.source

    @property
    def first(self) -> Any:
        return self.wrt[0] if isinstance(self.wrt, tuple) else self.wrt

    def _without_imports(self, text: str) -> str:
        """The head has them."""
        lines = text.splitlines(keepends=True)
        known = set(self.head.splitlines(keepends=True))
        while lines and (not lines[0].strip() or lines[0] in known and lines[0].startswith("import ")):
            lines.pop(0)
        return "".join(lines)

    def loaded(self) -> dict[str, Any]:
        """The whole file, run as it stands."""
        names: dict[str, Any] = {"__name__": self.path.stem}
        exec(compile(self.text, str(self.path), "exec"), names)
        return names


@EVERY
def test_text(name, request):
    golden = Golden(FILES[name])
    text = f"{golden.head}\n\n{MARK}{golden.generated()}"
    if request.config.getoption("--update-golden"):
        golden.path.write_text(text)
    else:
        assert golden.text == text, "read the difference; to accept it: --update-golden"


@EVERY
def test_derivatives(name):
    """The file computes derivatives of its program."""
    golden = Golden(FILES[name])
    names = golden.loaded()
    subject = Subject(golden.function, golden.args, golden.wrt)
    direction = random_like(subject.values, np.random.default_rng(0))
    exact = complex_step(subject, direction)
    estimate = directional(subject, direction)
    close = exact is not None and all(
        np.allclose(a, b, rtol=1e-5, atol=1e-8) for a, b in zip(exact, estimate.value, strict=True))
    slopes, tolerance = (exact, 1e-11) if close else (estimate.value, 1e-6)
    if "reverse" in golden.modes:
        gradient = names[f"{golden.function.__name__}_adjoint"](*subject.arguments(subject.values))
        found = pairing([np.asarray(g) for g in trees.leaves(gradient)], direction)
        assert found == pytest.approx(float(np.sum(slopes[0])), rel=tolerance, abs=tolerance)
    if "forward" in golden.modes:
        tangents = [t for t in subject.tangents(direction) if t is not None]
        moving = [tangents[k] for k in subject.positions]
        _, tangent = names[f"{golden.function.__name__}_tangent"](*subject.arguments(subject.values), *moving)
        for found, slope in zip(trees.leaves(tangent), slopes, strict=True):
            np.testing.assert_allclose(found, slope, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", [name for name in FILES if "second" in Golden(FILES[name]).modes])
def test_second_derivatives(name):
    golden = Golden(FILES[name])
    names, args = golden.loaded(), list(golden.args)
    place = list(inspect.signature(golden.function).parameters).index(golden.first) if golden.first else 0
    slopes = []
    for h in (1e-5, -1e-5):
        moved = [*args[:place], args[place] + h, *args[place + 1:]]
        slope = names[f"{golden.function.__name__}_adjoint"](*moved)
        slopes.append(slope[0] if isinstance(slope, tuple) else slope)
    found = names[f"{golden.function.__name__}_adjoint_adjoint"](*args)
    assert found == pytest.approx((slopes[0] - slopes[1]) / 2e-5, rel=1e-6, abs=1e-6)


def test_same_text_in_any_process(tmp_path):
    """Nothing in the text depends on the order of sets, on ids or on a seed of hashes."""
    program = ("import sys; sys.path.insert(0, sys.argv[1])\n"
               "from tests.test_golden import FILES, Golden\n"
               "for name in ('rnn', 'runge_kutta', 'matrix_factorisation'): print(Golden(FILES[name]).generated())")
    texts = [subprocess.run([sys.executable, "-c", program, str(FOLDER.parent.parent)], capture_output=True, text=True,
                            check=True, env={**os.environ, "PYTHONHASHSEED": seed}).stdout for seed in ("1", "2")]
    assert texts[0] == texts[1]
