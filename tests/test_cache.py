"""What XLA compiled is kept on disk where that is wanted, and JAX's settings are left alone."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import srcad
from srcad.errors import ArgumentError

ROOT = Path(__file__).parent.parent
PROGRAM = '''
import sys, warnings
warnings.simplefilter("ignore")
sys.path.insert(0, {root!r})
import numpy as np
import srcad


def rod(u, rate):
    u = u.copy()
    for _ in range(20):
        u[1:-1] += rate * np.sin(u[2:] - u[:-2])
    return np.sum(u ** 2)


found = srcad.grad(rod, backend="xla")(np.linspace(0.0, 1.0, 8) ** 2, 0.1)
expected = srcad.grad(rod)(np.linspace(0.0, 1.0, 8) ** 2, 0.1)
np.testing.assert_allclose(found, expected, rtol=1e-12)
import jax
from jax._src import compilation_cache
assert jax.config.jax_compilation_cache_dir is None and compilation_cache._cache is None
assert jax.config.jax_persistent_cache_min_compile_time_secs == 1.0
assert jax.config.jax_persistent_cache_min_entry_size_bytes == 0
before = set(__import__("os").listdir(sys.argv[1]))
jax.jit(lambda x: x * 2 + 1)(np.ones(3, np.float32)).block_until_ready()
assert before == set(__import__("os").listdir(sys.argv[1]))
'''


def run(folder: Path) -> dict[str, bytes]:
    """The entries after a process that was told to keep what it compiles there."""
    text = PROGRAM.format(root=str(ROOT))
    (folder.parent / "program.py").write_text(text)
    done = subprocess.run([sys.executable, "program.py", str(folder)], cwd=folder.parent, capture_output=True,
                          text=True, check=False, env={**os.environ, "SRCAD_CACHE": str(folder)})
    assert done.returncode == 0, done.stderr
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.name.endswith("-cache")}


def test_later_processes_find_it(tmp_path):
    folder = tmp_path / "kept"
    first = run(folder)
    assert any("rod_adjoint" in name for name in first) and stat.S_IMODE(folder.stat().st_mode) == 0o700
    for name in first:  # one that can't be read is made anew
        (folder / name).write_bytes(b"nothing")
        break
    second = run(folder)
    assert second.keys() == first.keys()
    assert all(second[n] == first[n] for n in list(first)[1:])


def test_folders_of_others_are_refused(tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    with pytest.raises(ArgumentError, match="others may write"):
        srcad.configure(cache=shared)
    (tmp_path / "file").write_text("")
    with pytest.raises(ArgumentError, match="can't be in"):
        srcad.configure(cache=tmp_path / "file" / "below")
    srcad.configure(cache="")
