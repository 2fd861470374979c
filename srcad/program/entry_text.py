"""The text of an entry while it is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from keyword import iskeyword
from typing import Any


class Unserved(Exception):
    """No entry is written for such arguments: each call looks for its variant."""


@dataclass
class Text:
    """The text of an entry while it is written: its lines, the objects that it names, the names that are taken."""

    taken: set[str]
    lines: list[str] = field(default_factory=list)
    objects: dict[str, Any] = field(default_factory=dict)
    depth: int = 1

    def name(self, stem: str) -> str:
        stem = "".join(c if c.isidentifier() or c.isdigit() else "_" for c in stem)
        stem = f"{stem}_" if iskeyword(stem) else stem
        name, number = stem, 2
        while name in self.taken:
            name, number = f"{stem}{number}", number + 1
        self.taken.add(name)
        return name

    def object(self, stem: str, value: Any) -> str:
        """The name of an object, a global of the entry."""
        for name, known in self.objects.items():
            if known is value:
                return name
        name = self.name(stem)
        self.objects[name] = value
        return name

    def key(self, key: Any) -> str:
        """A key of a dict, or an index."""
        return repr(key) if type(key) in (int, str) else self.object("key", key)

    def add(self, line: str) -> None:
        self.lines.append("    " * self.depth + line)

    def test(self, conditions: list[str]) -> None:
        """The rest is done if all of these hold."""
        if conditions:
            joint = "\n" + "    " * (self.depth + 2) + "and "
            self.add(f"if {conditions[0]}:" if len(conditions) == 1 else f"if ({joint.join(conditions)}):")
            self.depth += 1
