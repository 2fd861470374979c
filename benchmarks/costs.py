"""What srcad costs besides the arithmetic and calls: transformations, the import."""

from __future__ import annotations

import linecache
import subprocess
import sys
from collections.abc import Callable
from itertools import count
from statistics import median
from time import process_time
from typing import Any

import numpy as np

import srcad

LINES = (30, 300, 1000, 3000)
_serial = count()


def compiled(name: str, text: str) -> Callable[..., Any]:
    """The function `name` that `text` defines, with its source where srcad finds it."""
    file = f"<benchmark {next(_serial)}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    namespace: dict[str, Any] = {"np": np, "__name__": __name__}
    exec(compile(text, file, "exec"), namespace)
    function: Callable[..., Any] = namespace[name]
    return function


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
    start = process_time()
    f(*args)
    return process_time() - start


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
