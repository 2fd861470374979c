"""A page that shows a function beside its derivatives: one HTML file that refers to no other.

Lines are linked by the places that generated lines have in the user's files: pointing at a line marks all that belong
to it, clicking brings them into view.  Everything that comes from outside is escaped.
"""

from __future__ import annotations

import ast
import io
import keyword
import linecache
import textwrap
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from srcad import __version__
from srcad.cli.looks import SCRIPT, STYLE

Place = tuple[str, int]  # a file, a line


@dataclass(frozen=True)
class Listing:
    """A generated program under its title; without one, why there is none."""

    title: str
    source: Any
    reason: str = ""

    def places(self) -> dict[int, Place]:
        """What stands in the user's files for the lines of the text."""
        return {k: (s.file, s.line) for k, s in self.source.spans.items()} if self.source else {}


@dataclass(frozen=True)
class Excerpt:
    """A function of the user's: its lines, the first of them by number."""

    file: str
    first: int
    text: str


@dataclass(frozen=True)
class Page:
    """What is on a page: `call` is the call that the programs are for, `code` the function, `checked` a report."""

    title: str
    call: str
    code: Any
    listings: list[Listing]
    facts: list[str]
    checked: Any = None

    def text(self) -> str:
        return "\n".join(self._parts()) + "\n"

    def _parts(self) -> Iterator[str]:
        title = escape(self.title)
        yield f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{title}</title>'
        yield ('<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src \'unsafe-inline\'; '
               'script-src \'unsafe-inline\'">')
        yield f"<style>{STYLE}</style>"
        called = f"<p>for <code>{escape(self.call)}</code></p>" if self.call else "<p>for arguments of any kind</p>"
        yield f"<header><h1>{title}</h1>{called}{self._verdict()}</header>"
        for k, listing in enumerate(self.listings):
            checked = " checked" if k == 0 else ""
            yield (f'<input type="radio" name="tab" id="tab{k}"{checked}><label for="tab{k}">{escape(listing.title)}'
                   "</label>")
        yield '<main><section class="own">'
        files: list[str] = []
        for excerpt in self.excerpts():
            if excerpt.file not in files:
                files.append(excerpt.file)
            yield f"<h2>{escape(_shown(excerpt.file))}</h2>"
            number = files.index(excerpt.file)
            yield _lines(excerpt.text, excerpt.first, {n: f"{number}:{n}" for n in _numbers(excerpt)})
        yield "</section>"
        for k, listing in enumerate(self.listings):
            yield f'<section class="made" id="made{k}"><h2>{escape(listing.title)}</h2>'
            yield self._listing(listing, files)
            yield "</section>"
        yield "</main>"
        yield "<h2>What the adjoint was made for, and what it keeps</h2>"
        yield "<ul>" + "".join(f"<li>{escape(fact)}</li>" for fact in self.facts) + "</ul>"
        if self.checked is not None:
            yield "<h2>Compared with other ways to have it</h2>"
            yield _table(self.checked)
        yield f"<footer>written by srcad {escape(__version__)}</footer>\n<script>{SCRIPT}</script>\n</html>"

    def _verdict(self) -> str:
        if self.checked is None:
            return ""
        right = self.checked.ok
        return f'<p class="{"right" if right else "wrong"}">{"checked: right" if right else "checked: WRONG"}</p>'

    def _listing(self, listing: Listing, files: list[str]) -> str:
        if listing.source is None:
            return f"<pre>{escape(listing.reason)}</pre>"
        keys = {k: f"{files.index(file)}:{line}" for k, (file, line) in listing.places().items() if file in files}
        return _lines(listing.source.text, 1, keys)

    def excerpts(self) -> list[Excerpt]:
        """The function and those whose lines became part of its derivatives, in the order of files and lines."""
        own = self.code.__code__
        wanted = dict.fromkeys([(own.co_filename, own.co_firstlineno),
                                *sorted({p for listing in self.listings for p in listing.places().values()})])
        found: dict[tuple[str, int], Excerpt] = {}
        for file, line in wanted:
            lines = linecache.getlines(file)
            start, end = _around(lines, line)
            if lines:
                found.setdefault((file, start), Excerpt(file, start, "".join(lines[start - 1:end])))
        return list(found.values())


def _shown(file: str) -> str:
    """The file as seen from here."""
    path, here = Path(file), Path.cwd()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else path.name


def _numbers(excerpt: Excerpt) -> range:
    return range(excerpt.first, excerpt.first + len(excerpt.text.splitlines()))


def _around(lines: list[str], line: int) -> tuple[int, int]:
    """The first and last line of the function or statement that a line stands in."""
    try:
        body: list[ast.stmt] = ast.parse("".join(lines)).body
    except SyntaxError:
        return line, line
    while True:
        around = [s for s in body if _first(s) <= line <= (s.end_lineno or s.lineno)]
        if not around:
            return line, line
        if not isinstance(around[0], ast.ClassDef):
            return _first(around[0]), around[0].end_lineno or line
        body = around[0].body


def _first(stmt: ast.stmt) -> int:
    return min([stmt.lineno, *(d.lineno for d in getattr(stmt, "decorator_list", []))])


def _lines(text: str, first: int, keys: dict[int, str]) -> str:
    """Numbered lines, each with the key that it shares with the lines that belong to it."""
    made = []
    for number, line in enumerate(highlighted(textwrap.dedent(text)), first):
        key = f' data-k="{escape(keys[number])}"' if number in keys else ""
        made.append(f"<span class=l{key}><i>{number}</i>{line or ' '}</span>")
    return f"<pre>{''.join(made)}</pre>"


def highlighted(text: str) -> list[str]:
    """The lines of a Python text as HTML.

    >>> highlighted("return '<'  # why")
    ["<b>return</b> <q>'&lt;'</q>  <em># why</em>"]
    """
    lines = text.splitlines()
    marks: dict[int, list[tuple[int, int, str]]] = {}
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            tag = _tag(token)
            for row in range(token.start[0], token.end[0] + 1) if tag else ():
                start = token.start[1] if row == token.start[0] else 0
                end = token.end[1] if row == token.end[0] else len(lines[row - 1])
                marks.setdefault(row, []).append((start, end, tag))
    except (tokenize.TokenError, SyntaxError):
        pass  # a part of a statement has no colours from here on
    return [_marked(line, marks.get(row, [])) for row, line in enumerate(lines, 1)]


def _tag(token: tokenize.TokenInfo) -> str:
    if token.type == tokenize.COMMENT:
        return "em"
    if "STRING" in tokenize.tok_name[token.type]:
        return "q"
    return "b" if token.type == tokenize.NAME and keyword.iskeyword(token.string) else ""


def _marked(line: str, marks: list[tuple[int, int, str]]) -> str:
    made, at = [], 0
    for start, end, tag in marks:
        made += [escape(line[at:start]), f"<{tag}>{escape(line[start:end], quote=False)}</{tag}>"]
        at = end
    return "".join([*made, escape(line[at:])])


def _table(checked: Any) -> str:
    head = "".join(f"<th>{h}</th>" for h in ("mode", "oracle", "of", "max error", "allowed", "verdict"))
    rows = []
    for row in checked.rows:
        ran = row.verdict != "not run"
        numbers = (f"{row.error:.1e}", f"{row.tolerance:.1e}") if ran else ("", "")
        verdict = f"{row.verdict}: {row.note}" if row.note else row.verdict
        style = {"agrees": ' class="right"', "DIFFERS": ' class="wrong"'}.get(row.verdict, "")
        cells = "".join(f"<td>{escape(c)}</td>" for c in (row.mode, row.oracle, row.subject, *numbers))
        rows.append(f"<tr>{cells}<td{style}>{escape(verdict)}</td></tr>")
    return f"<table><tr>{head}</tr>{''.join(rows)}</table>"
