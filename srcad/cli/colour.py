"""Colours on a terminal, plain text in a pipe.

`NO_COLOR` in the environment turns colours off, `FORCE_COLOR` on.  Source is coloured by pygments where it is installed
(rich brings it); without it, only the marks of `check` have colours.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys

RED, GREEN, DIM, BOLD = "31", "32", "2", "1"


def wanted() -> bool:
    """Does the standard output take colours?"""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def paint(text: str, colour: str) -> str:
    return f"\x1b[{colour}m{text}\x1b[0m" if wanted() else text


def python(text: str) -> str:
    """Source, highlighted if colours are wanted."""
    if not wanted() or importlib.util.find_spec("pygments") is None:
        return text
    pygments = importlib.import_module("pygments")
    lexer = importlib.import_module("pygments.lexers.python").PythonLexer(stripnl=False)
    formatter = importlib.import_module("pygments.formatters.terminal").TerminalFormatter()
    coloured: str = pygments.highlight(text, lexer, formatter)
    return coloured
