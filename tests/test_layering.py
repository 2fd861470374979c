"""Imports point one way: each part of the package knows only what is below it."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import srcad

ROOT = Path(srcad.__file__).parent
BASE = {"errors"}
CORE = BASE | {"ir", "rules", "runtime"}
EVERYTHING = CORE | {"transforms", "frontend", "backends", "program", "checks", "cli", "__main__", "api", "custom",
                     "tensor", ""}
# What each part may import, besides itself.  "" is `srcad/__init__.py`.
MAY_IMPORT = {
    "errors": set(),
    "runtime": set(),
    "ir": BASE,
    "rules": CORE,
    "transforms": CORE,
    "frontend": CORE,
    "backends": CORE | {"transforms"},
    "program": CORE | {"transforms", "frontend", "backends"},
    "api": EVERYTHING - {"cli", "checks"},
    "custom": CORE | {"frontend", "program"},
    "": EVERYTHING - {"cli"},
    "tensor": CORE | {"transforms", "backends"},
    "checks": EVERYTHING - {"cli"},
    "cli": EVERYTHING,
    "__main__": {"cli"},
}


def module_of(path: Path) -> str:
    parts = ["srcad", *path.relative_to(ROOT).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {module_of(path): path for path in sorted(ROOT.rglob("*.py"))}


def part_of(module: str) -> str:
    return (module + ".").split(".")[1]


def imports(module: str) -> Iterator[tuple[str, int]]:
    """The modules of srcad that `module` imports anywhere in it, with the lines; those for type checkers too."""
    package = module if FILES[module].name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(FILES[module].read_text())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [a.name for a in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            source = ".".join(filter(None, [*above, node.module]))
            names = [f"{source}.{a.name}" if f"{source}.{a.name}" in FILES else source for a in node.names]
        for name in names:
            if name.partition(".")[0] == "srcad":
                assert name in FILES, f"{module}:{node.lineno} imports {name}, which does not exist"
                yield name, node.lineno


@pytest.mark.parametrize("module", FILES)
def test_imports_point_down(module):
    part = part_of(module)
    assert part in MAY_IMPORT, f"say in MAY_IMPORT what {module} may import"
    wrong = [f"{FILES[module]}:{line}: {part or 'srcad'} imports {name}"
             for name, line in imports(module) if part_of(name) not in MAY_IMPORT[part] | {part}]
    assert not wrong, "\n".join(wrong)


def test_no_cycles():
    graph = {module: sorted({name for name, _ in imports(module)}) for module in FILES}
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join([*path[path.index(module):], module])
        if module not in done:
            for name in graph[module]:
                visit(name, (*path, module))
            done.add(module)

    for module in graph:
        visit(module, ())


def test_every_folder_is_a_package():
    folders = {path.parent for path in FILES.values()}
    assert not [f for f in folders if not (f / "__init__.py").exists()]


def imported_by(statement: str) -> set[str]:
    """The packages that are loaded after `statement` in a new interpreter."""
    program = f"import sys\n{statement}\nprint(*{{m.partition('.')[0] for m in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT.parent)
    return set(done.stdout.split())


@pytest.mark.parametrize("statement", ["import srcad", "import srcad.tensor"])
def test_import_is_light(statement):
    assert not imported_by(statement) & {"jax", "jaxlib", "scipy", "matplotlib", "rich", "pytest", "torch"}
