"""What generated code refers to: modules, builtins, and objects that only exist at run time.

    np.sum, math.pi, float          named as a person would; the module is imported
    unbroadcast, MyError, f         a name in the generated module, with the object in `objects`
"""

from __future__ import annotations

import ast
import builtins
import importlib
import keyword
import math
import sys
import types
from typing import Any

import numpy as np

from srcad.ir.core import Listing, Slicing
from srcad.ir.ops import Op

# Modules that a generated file imports; what is of others is handed to it.
_MODULES = frozenset({"numpy", "scipy", *sys.stdlib_module_names}) - {"__main__"}
_PLAIN = (bool, int, str, bytes, type(None), type(Ellipsis))


def name(identifier: str) -> ast.Name:
    return ast.Name(identifier, ast.Load())


def dotted(path: str) -> ast.expr:
    first, *others = path.split(".")
    node: ast.expr = name(first)
    for attribute in others:
        node = ast.Attribute(node, attribute, ast.Load())
    return node


def call(function: ast.expr, *args: ast.expr, **kwargs: ast.expr) -> ast.Call:
    return ast.Call(function, list(args), [ast.keyword(k, v) for k, v in kwargs.items()])


class References:
    """Collects what the text of one module mentions."""

    def __init__(self) -> None:
        self.imports: set[str] = set()
        self.objects: dict[str, object] = {}
        self._names: dict[int, str] = {}
        self._ops: dict[Op, str] = {}
        self._reserved: set[str] = set()
        self.variables: set[str] = set()          # names of variables of the functions printed so far

    @property
    def mentioned(self) -> set[str]:
        """The names that no variable may have."""
        return {"np", "math", *self.objects, *self._reserved, *(m.split(".")[0] for m in self.imports)}

    def reserve(self, wanted: str) -> str:
        """A name for a function of the module itself."""
        plain = wanted if wanted.isidentifier() else _identifier(wanted)
        fresh = self._free(f"{plain}_" if plain in _MODULES or plain == "np" else plain)
        self._reserved.add(fresh)
        return fresh

    def operation(self, op: Op) -> str:
        """How the text spells the function of `op`."""
        if op not in self._ops:
            self._ops[op] = self._spelling(op.function, op.name)
        return self._ops[op]

    def _spelling(self, function: object, path: str) -> str:
        found = self._known_path(function, path)
        return found if found is not None else self.object(function, path.rsplit(".", 1)[-1])

    def _known_path(self, function: object, path: str) -> str | None:
        """`path` if it leads to `function` from a builtin or a module."""
        parts = path.split(".")
        if not all(p.isidentifier() and not keyword.iskeyword(p) for p in parts):
            return None
        if len(parts) == 1:
            return path if getattr(builtins, path, None) is function else None
        module = "numpy" if parts[0] == "np" else parts[0]
        if module not in _MODULES:
            return None
        try:
            value: Any = importlib.import_module(module)
            if len(parts) > 2 and module != "numpy":
                module = ".".join(parts[:-1])
                importlib.import_module(module)
            for p in parts[1:]:
                value = getattr(value, p)
        except (ImportError, AttributeError):
            return None
        if value is not function:
            return None
        self.imports.add(module)
        return path

    def object(self, value: object, wanted: str) -> str:
        """The name under which `value` is handed to the generated module."""
        if id(value) not in self._names:
            fresh = self._free(_identifier(wanted))
            self._names[id(value)] = fresh
            self.objects[fresh] = value
        return self._names[id(value)]

    def _free(self, wanted: str) -> str:
        taken = self.mentioned | self.variables
        candidate, number = wanted, 1
        while candidate in taken or hasattr(builtins, candidate) or keyword.iskeyword(candidate):
            number += 1
            candidate = f"{wanted}{number}"
        return candidate

    def constant(self, value: Any) -> ast.expr:
        """An expression whose value is `value`."""
        if isinstance(value, ast.expr):
            return value
        if type(value) in _PLAIN:
            return _signed(value) if type(value) is int else ast.Constant(value)
        if type(value) is float:
            return self._float(value)
        if type(value) is complex:
            return self._complex(value)
        if isinstance(value, np.generic) and value.dtype.isbuiltin == 1 and value.dtype.kind in "biufc":
            return call(self._numpy(value.dtype.type.__name__), self.constant(value.item()))
        if isinstance(value, np.dtype):
            return self._dtype(value)
        return self._container(value)

    def _container(self, value: Any) -> ast.expr:
        if type(value) is tuple:
            return ast.Tuple([self.constant(v) for v in value], ast.Load())
        if isinstance(value, Listing):
            return ast.List([self.constant(v) for v in value.items], ast.Load())
        if type(value) is list:
            return ast.List([self.constant(v) for v in value], ast.Load())
        if type(value) is dict:
            return ast.Dict([self.constant(k) for k in value], [self.constant(v) for v in value.values()])
        if isinstance(value, slice | Slicing):
            return call(name("slice"), *(self.constant(v) for v in (value.start, value.stop, value.step)))
        return self._named(value)

    def _named(self, value: Any) -> ast.expr:
        if isinstance(value, types.ModuleType):
            self.imports.add(value.__name__)
            return dotted("np" if value is np else value.__name__)
        wanted = getattr(value, "__name__", None) or type(value).__name__.lower()
        module = getattr(value, "__module__", None) or ""
        if isinstance(value, np.ufunc) or module.split(".")[0] == "numpy":
            sub = "linalg." if "linalg" in module else "fft." if "fft" in module else ""
            return dotted(self._spelling(value, f"np.{sub}{wanted}"))
        if module == "builtins":
            return dotted(self._spelling(value, wanted))
        return dotted(self._spelling(value, f"{module}.{wanted}" if module else wanted))

    def _numpy(self, attribute: str) -> ast.expr:
        self.imports.add("numpy")
        return dotted(f"np.{attribute}")

    def _dtype(self, dtype: np.dtype) -> ast.expr:
        if dtype.isbuiltin == 1 and dtype.kind in "biufc":
            return self._numpy("bool_" if dtype.kind == "b" else dtype.type.__name__)
        return call(self._numpy("dtype"), ast.Constant(dtype.str))

    def _float(self, value: float) -> ast.expr:
        if math.isnan(value):
            return self._numpy("nan")
        if math.isinf(value):
            infinity = self._numpy("inf")
            return infinity if value > 0 else ast.UnaryOp(ast.USub(), infinity)
        if abs(value) in OF_PI:
            return of_pi(value, self._numpy("pi"))
        return _signed(value)

    def _complex(self, value: complex) -> ast.expr:
        plain = math.isfinite(value.real) and math.isfinite(value.imag)
        if plain and value.real == 0 and math.copysign(1, value.real) > 0 and math.copysign(1, value.imag) > 0:
            return ast.Constant(value)
        return call(name("complex"), self._float(value.real), self._float(value.imag))


# Numbers that a reader knows by π only, and how they come from it: exactly.
OF_PI = {math.pi: (ast.Mult, 1), 2 * math.pi: (ast.Mult, 2), 4 * math.pi: (ast.Mult, 4), math.pi / 2: (ast.Div, 2),
          math.pi / 4: (ast.Div, 4), math.pi / 180: (ast.Div, 180)}


def of_pi(value: float, pi: ast.expr) -> ast.expr:
    """`2 * np.pi` for 6.283185307179586."""
    kind, factor = OF_PI[abs(value)]
    if kind is ast.Mult and factor > 1:
        return ast.BinOp(_signed(-factor if value < 0 else factor), ast.Mult(), pi)
    signed = ast.UnaryOp(ast.USub(), pi) if value < 0 else pi
    return signed if factor == 1 else ast.BinOp(signed, ast.Div(), ast.Constant(factor))


def _signed(value: float) -> ast.expr:
    """A literal; the minus of a negative number is an operator, with an operator's precedence."""
    if value < 0 or (value == 0 and math.copysign(1, value) < 0):
        return ast.UnaryOp(ast.USub(), ast.Constant(-value))
    return ast.Constant(value)


def _identifier(wanted: str) -> str:
    plain = "".join(c if c.isalnum() or c == "_" else "_" for c in wanted).strip("_") or "function"
    return f"_{plain}" if plain[0].isdigit() else plain
