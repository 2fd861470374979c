"""The builder of a lowering, and what it knows of the statements that it has recorded."""

from __future__ import annotations

from srcad.ir import Atom, Builder, Form, If, Let, Loop, Op, Stmt, Undef, Var


class Recorder(Builder):
    """A builder that remembers which statement made which variable, and which variables may have no value."""

    def __init__(self) -> None:
        super().__init__()
        self.made: dict[Var, Let] = {}
        self.unbound: set[Var] = set()
        self.chosen: dict[Var, tuple[Atom, ...]] = {}

    def may_lack_value(self, a: Atom) -> bool:
        return isinstance(a, Undef) or a in self.unbound

    def add(self, stmt: Stmt) -> None:
        super().add(stmt)
        if isinstance(stmt, If):
            self.chosen.update((c.out, (stmt.test, c.then, c.orelse)) for c in stmt.choices)
            self.unbound.update(c.out for c in stmt.choices if any(map(self.may_lack_value, (c.then, c.orelse))))
        elif isinstance(stmt, Loop):
            self.unbound.update(c.out for c in stmt.carries if self.may_lack_value(c.init))

    def let(self, op: Op, args: tuple[Atom, ...], form: Form, hint: str = "") -> tuple[Var, ...]:
        outs = super().let(op, args, form, hint)
        made = self.stmts[-1]
        assert isinstance(made, Let)
        self.made.update(dict.fromkeys(outs, made))
        return outs

    def sources(self, var: Var) -> list[Var]:
        """The variables that decide `var`: params of loops, arguments, extents of arguments."""
        found: dict[Var, None] = {}
        seen, todo = {var}, [var]
        while todo:
            v = todo.pop()
            let, value = self.made.get(v), v.type.value
            if v in self.chosen:
                new = [a for a in self.chosen[v] if isinstance(a, Var) and a not in seen]
                seen.update(new)
                todo += new
                continue
            if let is None or let.op.effect or (value is not None and value.size is not None and value.size.extent):
                found[v] = None
                continue
            new = [a for a in let.args if isinstance(a, Var) and a not in seen]
            seen.update(new)
            todo += new
        return list(found)
