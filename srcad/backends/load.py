"""From text to functions: the one place that executes generated code.

    f = load(source.text, source.objects, source.name, source.spans)

The text is registered with `linecache`, so that tracebacks show it and `pdb` steps through it.
"""

from __future__ import annotations

import hashlib
import linecache
import traceback
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any

from srcad.errors import Span

_spans: dict[str, dict[int, Span]] = {}


def load(text: str, objects: Mapping[str, object], name: str,
         spans: Mapping[int, Span] | None = None) -> Callable[..., Any]:
    """Run the module `text`, with `objects` as its globals, and return its function `name`."""
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    file = f"<srcad {name} {digest}>"
    # No time of last change: linecache keeps such an entry whatever happens to files.
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    _spans[file] = dict(spans or {})
    module: dict[str, Any] = {"__name__": f"srcad.generated.{name}", **objects}
    exec(compile(text, file, "exec"), module)
    function: Callable[..., Any] = module[name]
    return function


def annotate(error: BaseException) -> None:
    """Note on `error` which of the user's lines the generated code stands for where it was raised."""
    span = origin(error.__traceback__)
    if span is not None:
        note_line(error, span)


def note_line(error: BaseException, span: Span) -> None:
    """Note on `error` that it comes of this line of the user's."""
    note = f"in the derivative of {span}" + (f": {span.text.strip()}" if span.text.strip() else "")
    if note not in getattr(error, "__notes__", ()):
        error.add_note(note)


def origin(tb: TracebackType | None) -> Span | None:
    """The user's code behind the innermost generated line of a traceback."""
    found: Span | None = None
    for frame, line in traceback.walk_tb(tb):
        spans = _spans.get(frame.f_code.co_filename)
        if spans is not None:
            found = _span(spans, line) or found
    return found


def _span(spans: dict[int, Span], line: int) -> Span | None:
    """The source of a line, or of the last line above that has one: a statement may take several lines."""
    above = [n for n in spans if n <= line]
    return spans[max(above)] if above else None
