"""The tables, and where they are kept."""

from __future__ import annotations

import json
import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.gradients import duration, rows


def machine() -> dict[str, Any]:
    packages = {name: version(name) for name in ("numpy", "jax", "autograd")}
    return {"python": platform.python_version(), "system": platform.system(), "machine": platform.machine(),
            "cores": os.cpu_count(), **packages}


def text_of(results: dict[str, Any]) -> str:
    """All tables of a run."""
    parts = ["  ".join(f"{k} {v}" for k, v in results["machine"].items())]
    if results.get("gradients"):
        title = "gradients: median of a call (median ratio to the hand-written adjoint)"
        parts.append(f"{title}\n{aligned(rows(results['gradients']))}")
    if results.get("calls"):
        parts.append(f"calls with a known signature\n{aligned(calls(results['calls']))}")
    if results.get("backends"):
        parts.append(f"backends: auto beside the two that it chooses from\n{aligned(backends(results['backends']))}")
    if results.get("transformations"):
        parts.append(f"transformations\n{aligned(transformations(results['transformations']))}")
    if results.get("tensors"):
        parts.append(f"tensors\n{aligned(tensors(results['tensors']))}")
    if results.get("import"):
        r = results["import"]
        parts.append(f"import srcad, after NumPy: {duration(r['seconds'])} (fastest {duration(r['fastest'])})")
    parts += [f"FAILED {name}: {why}" for name, why in results.get("failed", {}).items()]
    return "\n\n".join(parts) + "\n"


def calls(found: list[dict[str, Any]]) -> list[list[str]]:
    keys = ("derivative", "generated", "extra", "goal")
    return [["arguments", "leaves", "derivative", "generated function", "difference", "goal"],
            *([r["name"], str(r["leaves"]), *(duration(r[k]) for k in keys)] for r in found)]


def backends(found: list[dict[str, Any]]) -> list[list[str]]:
    return [["gradient", "numpy", "xla", "auto", "runs", "more than the better", "ratio", "goal"],
            *([r["name"], *(duration(r[k]) for k in ("numpy", "xla", "auto")), r["runs"], duration(r["extra"]),
               f"{r['ratio']:.2f}", duration(r["goal"])] for r in found)]


def transformations(found: list[dict[str, Any]]) -> list[list[str]]:
    return [["lines", "source to loaded gradient", "per line"],
            *([str(r["lines"]), duration(r["seconds"]), duration(r["per_line"])] for r in found)]


def tensors(found: list[dict[str, Any]]) -> list[list[str]]:
    """With PyTorch's times, where it is installed."""
    if "torch" not in found[0]:
        return [["", "srcad"], *([r["name"], duration(r["srcad"])] for r in found)]
    return [["", "srcad", "torch", "ratio"],
            *([r["name"], duration(r["srcad"]), duration(r["torch"]), f"{r['ratio']:.2f}"] for r in found)]


def aligned(table: list[list[str]]) -> str:
    """Columns under each other: the first to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join("  ".join([first.ljust(widths[0]), *map(str.rjust, rest, widths[1:])]) for first, *rest in table)


def save(results: dict[str, Any], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    (folder / "results.txt").write_text(text_of(results))
