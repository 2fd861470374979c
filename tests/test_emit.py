"""The NumPy printer: hand-made programs, what they print as, and that the text computes what the program means."""

from __future__ import annotations

import ast
import dataclasses
from typing import Any, NamedTuple

import numpy as np
import pytest

from srcad.backends.emit import emit, emit_program
from srcad.backends.load import annotate, load
from srcad.backends.printer import Printer
from srcad.errors import Span
from srcad.ir import (
    EXTENT,
    FLOAT,
    INT,
    OBJECT,
    OPERATORS,
    PACK,
    UNDEF,
    Builder,
    Carry,
    Choice,
    Element,
    Form,
    Func,
    FuncRef,
    If,
    Let,
    Lit,
    Loop,
    Op,
    Param,
    Range,
    Read,
    Record,
    Test,
    Type,
    Var,
    Write,
    array,
    call_op,
    fresh,
    op_of,
    unpack_op,
)
from srcad.ir.interpret import interpret
from srcad.rules import all_rules_loaded  # noqa: F401
