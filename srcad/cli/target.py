"""What a command works on: `FILE.py:function` or `package.module:function`.

A file is run as a module of its own name, so that what stands under `if __name__ == "__main__":` is not run; what it
prints goes to the standard error, and no bytecode is left beside it.  `Class.method` and functions that `@grad` has
decorated are found too: of these, the function that was decorated.
"""

from __future__ import annotations

import contextlib
import difflib
import importlib
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from srcad.program.derivatives import Derivative, Wrt, program_of
from srcad.program.programs import Gradient, Program, names_in


class UsageError(Exception):
    """The command line asks for something that is not there."""


@dataclass(frozen=True)
class Target:
    """A function, the names around it, and what it was decorated to be differentiated by."""

    text: str
    function: Any
    namespace: dict[str, Any]
    wrt: Any

    @property
    def program(self) -> Program:
        return program_of(self.function)

    def names(self, wrt: Wrt | None) -> tuple[tuple[Any, ...], bool]:
        """The arguments to differentiate by, and whether it is a single one."""
        return names_in(self.program.primal, self.wrt if wrt is None else wrt)


def find(text: str) -> Target:
    """The function that `text` names."""
    where, colon, name = text.rpartition(":")
    if not colon or not where or not name:
        raise UsageError(f"{text!r} is not a target: write FILE.py:function or package.module:function")
    module = _loaded(where)
    found: Any = module
    for part in name.split("."):
        if not hasattr(found, part):
            raise UsageError(_no_such(where, name, part, found))
        found = getattr(found, part)
    wrt: Any = 0
    if isinstance(found, Derivative):
        if isinstance(found.program, Gradient):
            wrt = found.program.wrt if not found.program.single else found.program.wrt[0]
        found = found.function
    if not callable(found) or inspect.isclass(found):
        raise UsageError(f"{name} in {where} is a {type(found).__name__}, not a function")
    return Target(text, found, vars(module), wrt)


def _no_such(where: str, name: str, part: str, around: Any) -> str:
    functions = [n for n, v in vars(around).items() if callable(v) and not n.startswith("_")]
    close = difflib.get_close_matches(part, functions, 3) or functions[:8]
    return f"there is no {name} in {where}" + (f"; there is {', '.join(close)}" if close else "")


def _loaded(where: str) -> ModuleType:
    if where.endswith(".py"):
        path = Path(where)
        if not path.is_file():
            raise UsageError(f"there is no file {where}")
        with _quietly(where, path.parent):
            return _run(path)
    with _quietly(where, Path()):
        return importlib.import_module(where)


def _run(path: Path) -> ModuleType:
    name = path.stem
    if name in sys.modules or name in sys.stdlib_module_names:
        # The file may be called as a module that others still need.
        name = f"{name}_file"
    spec = importlib.util.spec_from_file_location(name, path.resolve())
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    finally:
        del sys.modules[name]
    sys.modules[name] = module
    return module


@contextlib.contextmanager
def _quietly(where: str, folder: Path) -> Iterator[None]:
    """Import with `folder` on the path, without leaving bytecode, the standard output untouched."""
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    sys.path.insert(0, str(folder.resolve()))
    importlib.invalidate_caches()
    try:
        with users_errors(f"{where} can't be loaded"), contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        # The folder stays on the path: functions may import when they are called.
        sys.dont_write_bytecode = writes


@contextlib.contextmanager
def users_errors(what: str) -> Iterator[None]:
    """Exceptions of the user's code end the command, with the part of the traceback that is the user's."""
    try:
        yield
    except (Exception, SystemExit) as error:
        raise UsageError(f"{what}\n{_without_us(error)}") from None


def _without_us(error: BaseException) -> str:
    """The traceback from the first line of the user's on."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = (str(Path(__file__).parent), importlib.__file__, "<frozen importlib")
    own = [f for f in frames if not f.filename.startswith(ours)]
    return "".join([*traceback.format_list(own), *traceback.format_exception_only(error)]).rstrip()
