"""What XLA compiled, kept on disk: JAX's persistent cache, for srcad's own programs only.

    with on_disk():
        jitted.lower(*arrays).compile()

JAX's setting for this is one of the whole process, and so is the cache that it opens.  Here both hold for what is
compiled within the `with`, and are as they were after it; a cache that the user has opened is used as it is.  JAX finds
an entry by the program itself, its own version, the device and the flags, so none is ever out of date; one that can't
be read is compiled anew.  What is read is run, so the folder must be the user's own.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from srcad.errors import ArgumentError

_lock = threading.Lock()
_folder: list[Path] = []
_within: list[None] = []  # one for each thread that is compiling
_before: list[Any] = []   # the cache that was open before


def keep_in(folder: str | os.PathLike[str] | None) -> None:
    """Keep what XLA compiles from now on in this folder; None: do not."""
    _folder[:] = [] if not folder else [_own(Path(folder).expanduser())]


def _own(folder: Path) -> Path:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.stat()
    except OSError as error:
        raise ArgumentError(f"the cache can't be in {folder}: {error.strerror}") from None
    others = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    if hasattr(os, "getuid") and (found.st_uid != os.getuid() or others):
        raise ArgumentError(f"the cache can't be in {folder}: others may write there, and what is in it is run")
    return folder


@contextlib.contextmanager
def on_disk() -> Iterator[None]:
    """What is compiled here is looked for on disk, and left there; nothing is done without a folder."""
    if not _folder:
        yield
        return
    settings: Any = importlib.import_module("jax._src.config")
    with _opened(), contextlib.ExitStack() as stack:
        # An entry of one byte: with none, JAX would change its setting for good.
        for name, value in (("compilation_cache_dir", str(_folder[0])), ("persistent_cache_min_compile_time_secs", 0.0),
                            ("persistent_cache_min_entry_size_bytes", 1)):
            stack.enter_context(getattr(settings, name)(value))
        yield


@contextlib.contextmanager
def _opened() -> Iterator[None]:
    """The cache of JAX, which is closed by the last thread that leaves, unless it was open before the first came."""
    cache: Any = importlib.import_module("jax._src.compilation_cache")
    with _lock:
        if not _within:
            _before[:] = [getattr(cache, "_cache", None)]
        _within.append(None)
    try:
        yield
    finally:
        with _lock:
            _within.pop()
            if not _within and _before[0] is None:
                cache.reset_cache()


keep_in(os.environ.get("SRCAD_CACHE"))
