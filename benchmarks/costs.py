"""What srcad costs besides the arithmetic: calls, transformations, the import."""

from __future__ import annotations

import linecache
import subprocess
import sys
from collections.abc import Callable
from itertools import count
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

import srcad
from benchmarks.timing import Effort, interleaved

LEAVES = (1, 2, 4, 8, 16)
LINES = (30, 300, 1000)
_serial = count()


def compiled(name: str, text: str) -> Callable[..., Any]:
    """The function `name` that `text` defines, with its source where srcad finds it."""
    file = f"<benchmark {next(_serial)}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    namespace: dict[str, Any] = {"np": np, "__name__": __name__}
    exec(compile(text, file, "exec"), namespace)
    function: Callable[..., Any] = namespace[name]
    return function


def calls(effort: Effort, leaves: tuple[int, ...] = LEAVES) -> list[dict[str, Any]]:
    """A call of a derivative with a known signature, and of its generated function, for several numbers of leaves."""
    found = []
    for n in leaves:
        for kind, parameters in (("arguments", [f"x{i}" for i in range(n)]), ("list", [f"x[{i}]" for i in range(n)])):
            header = ", ".join(parameters) if kind == "arguments" else "x"
            f = compiled("f", f"def f({header}):\n    return {' + '.join(f'np.sum({p})' for p in parameters)}\n")
            arrays = [np.ones(3) for _ in range(n)]
            args = tuple(arrays) if kind == "arguments" else (arrays,)
            found.append(call_overhead(f, args, effort) | {"leaves": n, "as": kind})
    return found


def call_overhead(f: Callable[..., Any], args: tuple[Any, ...], effort: Effort) -> dict[str, Any]:
    gradient = srcad.grad(f)
    gradient(*args)
    (variant,) = gradient.runner.variants.all()
    generated = variant.run
    times = interleaved({"derivative": lambda: gradient(*args), "generated": lambda: generated(*args)}, effort)
    extra = median(a - b for a, b in zip(times["derivative"], times["generated"], strict=False))
    return {"derivative": median(times["derivative"]), "generated": median(times["generated"]), "extra": extra}


def transformations(repeats: int, lines: tuple[int, ...] = LINES) -> list[dict[str, Any]]:
    """From source to the loaded gradient, by the number of lines."""
    found = []
    for n in lines:
        times = []
        for _ in range(repeats):
            gradient = srcad.grad(compiled("f", program_of_lines(n)))
            first, later = clocked(gradient, np.ones(3), 0.5), clocked(gradient, np.ones(3), 0.5)
            times.append(first - later)
        found.append({"lines": n, "seconds": median(times), "per_line": median(times) / n})
    return found


def clocked(f: Callable[..., Any], *args: Any) -> float:
    start = perf_counter()
    f(*args)
    return perf_counter() - start


BLOCK = """\
    for i{k} in range(3):
        y = np.tanh(y * w + x)
        w = w * 0.99
    if np.sum(y) > 0.5:
        z = np.sin(y) + w
    else:
        z = np.cos(y) - w
    u{k} = z * y + {k}.5
    v{k} = u{k} / (1.0 + z * z)
    y = v{k} - np.exp(-u{k} * u{k})
"""


def program_of_lines(lines: int) -> str:
    """A function of about that many lines: loops, branches, straight-line code."""
    blocks = "".join(BLOCK.format(k=k) for k in range(max(1, (lines - 3) // BLOCK.count("\n"))))
    return f"def f(x, w):\n    y = x\n{blocks}    return np.sum(y * y)\n"


def imports(repeats: int) -> dict[str, Any]:
    """Seconds that `import srcad` takes in a new interpreter that has NumPy already."""
    program = ("import numpy\nfrom time import perf_counter\nstart = perf_counter()\nimport srcad\n"
               "print(perf_counter() - start)")
    times = [float(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout)
             for _ in range(repeats)]
    return {"seconds": median(times), "fastest": min(times)}
