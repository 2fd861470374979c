"""A file that needs JAX and NumPy and nothing of srcad: a recorded program, and the function that calls it.

The program is for arrays of some types and shapes.  The function takes the arguments as the user's does, refuses those
of other shapes, runs the program in 64 bits, and gives back what NumPy code would.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from typing import Any

from srcad.backends.emit import Source
from srcad.backends.expressions import Expressions
from srcad.backends.hints import hint_of
from srcad.backends.lax_record import Value
from srcad.backends.lax_values import UNBOUND, Masked, Maybe, Mismatch, Tape, arrays_in, parts_of
from srcad.backends.params import arguments, signature, unpacking
from srcad.backends.printer import Printer
from srcad.backends.references import References, call, dotted, name
from srcad.backends.standalone import import_of
from srcad.ir.core import Func, Lit, Undef, Var, leaves, map_tree
from srcad.transforms.liveness import Inlining

_ARRAYS = '''\
def _arrays(*values):
    """The values as arrays of the types and shapes that the program is for."""
    arrays = [v if isinstance(v, jax.Array) else np.asarray(v) for v in values]
    for (name, dtype, shape), array in zip(_ARGUMENTS, arrays, strict=True):
        if array.dtype != dtype or array.shape != shape:
            raise TypeError(f"{name} must be {dtype} of shape {shape}, not {array.dtype} of shape {array.shape}")
    return arrays
'''


def standalone_lax(func: Func, made: Any, capacities: tuple[int, ...], stored: list[Var]) -> str:
    """The text of a module around a program that was `made`.  The last of its outputs are to be `stored` into
    arguments."""
    return _File(func, made, stored).text(capacities)


class _File:
    def __init__(self, func: Func, made: Any, stored: list[Var]) -> None:
        self.func, self.stored = func, stored
        self.source: Source = made.source
        self.params: list[tuple[str, Value]] = made.params
        self.inputs: list[Any] = made.inputs
        self.shape = made.shape
        self.references = References()
        self.names: dict[Any, str] = {}
        self.taken = {p.name for p in func.params} | {"np", "jax", "jnp", "lax"}

    def fresh(self, wanted: str) -> str:
        candidate, k = wanted, 1
        while candidate in self.taken:
            k += 1
            candidate = f"{wanted}{k}"
        self.taken.add(candidate)
        return candidate

    def text(self, capacities: tuple[int, ...]) -> str:
        definition, _ = Printer([self.definition(self.shape, capacities)]).finished()
        known = ", ".join(repr((n, str(v.dtype), v.shape)) for n, v in self.params)
        own, _, program = self.source.text.partition("def ")
        objects = self.references.objects | self.source.objects
        users = {import_of(n, value) for n, value in objects.items()}
        wanted = {*own.split("\n"), *users, "import jax", "import numpy as np"} - {""}
        imports = "\n".join(sorted(wanted, key=_import_order))
        program = f"@jax.jit\ndef _{program}"
        table = f"# Name, type and shape of what the program takes.\n_ARGUMENTS = [{known}]\n"
        return "\n\n\n".join([imports, program.rstrip("\n"), f"{table}\n\n{_ARRAYS}".rstrip("\n"), definition])

    def definition(self, shape: Any, capacities: tuple[int, ...]) -> ast.FunctionDef:
        outputs, written, needs = shape
        plain = arguments(self.func, flat=False)
        self.taken |= {p.name for p in plain.params}
        for p in plain.params:
            for leaf in leaves(p.tree):
                if isinstance(leaf, Var):
                    self.names[leaf] = p.name if p.tree is leaf else self.fresh(hint_of(leaf) or p.name)
        body = unpacking(plain.params, self.names, Counter(self.func.inputs))
        body += self.checks()
        results = arrays_in(shape)
        for value in dict.fromkeys(results):
            self.names[value] = self.fresh(value.hint or "result")
        body.append(self.run(results))
        body += list(self.failures(needs, capacities))
        body += [self.store(self.names[v], w) for v, w in zip(self.func.inputs, written, strict=True) if w is not None]
        last = outputs[len(outputs) - len(self.stored):] if self.stored else []
        body += [self.store(self.names[v], w) for v, w in zip(self.stored, last, strict=True)]
        body.append(ast.Return(self.result(outputs)))
        return ast.FunctionDef(self.func.name, signature(plain.params, self.references), body, [])

    def checks(self) -> Iterator[ast.stmt]:
        """What is part of the program must be what it was."""
        for var, value in zip(self.func.inputs, self.inputs, strict=True):
            if not arrays_in(value):
                other = ast.Compare(name(self.names[var]), [ast.NotEq()], [self.references.constant(value)])
                message = f"this is for {self.names[var]} = {value!r}"
                yield ast.If(other, [_raise("ValueError", message)], [])

    def run(self, results: list[Value]) -> ast.stmt:
        """Call the program, in 64 bits."""
        given = [ast.unparse(self.taking(var, value)) for var, value in zip(self.func.inputs, self.inputs, strict=True)
                 if arrays_in(value)]
        target = ", ".join(self.names[v] for v in results)
        run = f"jax.device_get(_{self.source.name}(*_arrays({', '.join(given)})))"
        return ast.parse(f"with jax.enable_x64(True):\n    {target} = {run}" if results else run).body[0]

    def taking(self, var: Var, value: Any) -> ast.expr:
        if not isinstance(value, Value):
            raise Mismatch("an argument that is a list")
        return name(self.names[var])

    def failures(self, needs: Any, capacities: tuple[int, ...]) -> Iterator[ast.stmt]:
        *trips, failed = needs
        if failed is not UNBOUND:
            text = "the program raises an exception for these arguments"
            yield ast.If(name(self.names[failed]), [_raise("RuntimeError", text)], [])
        for value, capacity in zip(trips, capacities, strict=False):
            if value is not UNBOUND:
                test = ast.Compare(name(self.names[value]), [ast.Gt()], [ast.Constant(capacity)])
                yield ast.If(test, [_raise("OverflowError", f"more than {capacity} trips of a loop")], [])

    def store(self, target: str, value: Any) -> ast.stmt:
        return ast.Assign([ast.Subscript(name(target), ast.Constant(...), ast.Store())], name(self.names[value]))

    def result(self, outputs: list[Any]) -> ast.expr:
        source = iter(outputs)

        def leaf(atom: Any) -> Any:
            return self.given(next(source), atom) if isinstance(atom, Var | Lit | Undef) else atom

        made = Expressions(self.references, {}, Inlining(), {})
        return made.tree(map_tree(leaf, self.func.result))

    def given(self, value: Any, atom: Any) -> ast.expr:
        """What NumPy code returns for this value."""
        kind = "unknown" if atom is None else atom.type.kind
        if isinstance(value, Value):
            own = name(self.names[value])
            if kind == "number":
                return call(ast.Attribute(own, "item", ast.Load()))
            made = call(dotted("np.array"), own)
            if kind == "array" or value.shape:
                return made
            return ast.Subscript(made, ast.Tuple([], ast.Load()), ast.Load())
        if isinstance(value, Tape) and isinstance(value.rows, Value):
            count = ast.Constant(value.count) if value.exact else name(self.names[value.count])
            rows = ast.Subscript(call(dotted("np.array"), name(self.names[value.rows])), ast.Slice(None, count, None),
                                 ast.Load())
            item = None if atom is None else atom.type.item
            numbers = item is not None and item.kind == "number"
            return call(ast.Attribute(rows, "tolist", ast.Load())) if numbers else call(name("list"), rows)
        if isinstance(value, Maybe):
            return ast.IfExp(name(self.names[value.present]), self.given(value.value, atom), ast.Constant(None))
        if isinstance(value, Masked):
            array, mask = (call(dotted("np.array"), name(self.names[v])) for v in (value.array, value.mask))
            return ast.Subscript(array, mask, ast.Load())
        if type(value) in (tuple, list):
            parts = [self.given(v, None) for v in parts_of(value) or ()]
            return ast.Tuple(parts, ast.Load()) if type(value) is tuple else ast.List(parts, ast.Load())
        if arrays_in(value):
            raise Mismatch("a list of structures of unknown length")
        return self.references.constant(value)


def _raise(error: str, text: str) -> ast.stmt:
    return ast.Raise(call(name(error), ast.Constant(text)), None)


def _import_order(line: str) -> tuple[bool, str]:
    """Libraries first, what is the user's last."""
    return line.startswith("from ") and not line.startswith("from jax"), line
