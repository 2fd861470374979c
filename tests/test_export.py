"""Artefacts and modules for XLA run without srcad, and give what the NumPy backend gives."""

from __future__ import annotations

import functools
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import srcad
from srcad.cli import main
from srcad.errors import ArgumentError, Unsupported
from srcad.program.exports import plain

MODEL = '''
from typing import NamedTuple

import numpy as np


class State(NamedTuple):
    x: float
    v: np.ndarray


def network(params, x):
    h = x
    for layer in params["layers"]:
        h = np.tanh(layer["w"] @ h + layer["b"])
    return np.sum(h) * params["scale"]


def root(a, tol=1e-10):
    x = a
    while abs(x * x - a) > tol:
        x = 0.5 * (x + a / x)
    return x


def rod(u0, rate, steps):
    u = u0.copy()
    for _ in range(steps):
        u[1:-1] += rate * np.sin(u[2:] - u[:-2])
    return np.sum(u ** 2)


def energy(state, mass):
    return mass * np.sum(state.v ** 2) + np.sin(state.x)


def single(x):
    total = np.float32(0)
    for i in range(3):
        total = total + np.sum(x * x) if np.sum(x) > i else total - x[0]
    return total


def stored(x, out):
    out[:] = np.sin(x)
    return np.sum(out * x)
'''
ARGS = {
    "network": "{'layers': [{'w': np.eye(3), 'b': np.ones(3)}] * 2, 'scale': 2.0}, np.ones(3)",
    "root": "3.0",
    "rod": "np.linspace(0, 1, 8) ** 2, 0.1, 5",
    "energy": "State(1.0, np.ones(3)), 2.0",
    "single": "np.ones(3, np.float32)",
    "stored": "np.ones(3), np.zeros(3)",
}
EXPORTED = [name for name in ARGS if name != "stored"]
LOADER = """
import importlib, pickle, sys
from pathlib import Path


class Nothing:
    def find_spec(self, name, *rest):
        if name.partition(".")[0] == "srcad":
            raise ImportError("srcad is not here")


sys.meta_path.insert(0, Nothing())
import jax
import jax.export
import numpy as np

given = pickle.loads(Path("given").read_bytes())
found = {}
for name, (args, flat) in given.items():
    for kind in ("", "_adjoint"):
        if Path(name + kind + ".jax").exists():
            artefact = jax.export.deserialize(bytearray(Path(name + kind + ".jax").read_bytes()))
            with jax.enable_x64(True):
                found[name + kind, "artefact"] = jax.tree_util.tree_map(np.asarray, artefact.call(*flat))
    found[name, "module"] = getattr(importlib.import_module("emitted_" + name), name + "_adjoint")(*args)
Path("found").write_bytes(pickle.dumps(found))
assert "srcad" not in sys.modules
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with artefacts, emitted modules, and what a process without srcad got from them."""
    pytest.importorskip("flatbuffers")
    folder = tmp_path_factory.mktemp("export")
    (folder / "plain_model.py").write_text(MODEL)
    sys.path.insert(0, str(folder))
    import plain_model

    given = {}
    for name, text in ARGS.items():
        args = eval(f"({text},)", vars(plain_model))
        given[name] = args, plain(args)
        for repeat in ("emitted", "again") if name == "root" else ("emitted",):
            target = [f"plain_model:{name}", "--args", text, "--backend", "xla"]
            assert main(["emit", *target, "-o", str(folder / f"{repeat}_{name}.py")]) == 0
        if name in EXPORTED:
            f = getattr(plain_model, name)
            (folder / f"{name}.jax").write_bytes(srcad.export(f, args).serialize())
            (folder / f"{name}_adjoint.jax").write_bytes(srcad.export(srcad.grad(f), args).serialize())
    (folder / "given").write_bytes(pickle.dumps(given))
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run([sys.executable, "-c", LOADER], cwd=folder, capture_output=True, text=True, check=False,
                          env={**env, "PYTHONPATH": str(folder)})
    assert done.returncode == 0, done.stderr
    yield folder
    sys.path.remove(str(folder))
    del sys.modules["plain_model"]


def leaves(tree: Any) -> list[Any]:
    if isinstance(tree, dict):
        return [leaf for k in sorted(tree) for leaf in leaves(tree[k])]
    return [leaf for t in tree for leaf in leaves(t)] if isinstance(tree, tuple | list) else [np.asarray(tree)]


def require_close(found: Any, expected: Any) -> None:
    pairs = list(zip(leaves(found), leaves(expected), strict=True))
    assert pairs
    for a, b in pairs:
        assert a.dtype == b.dtype and a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=1e-5 if b.dtype == np.float32 else 1e-11)


@pytest.mark.parametrize("name", ARGS)
def test_without_srcad(folder, name):
    import plain_model

    found = pickle.loads((folder / "found").read_bytes())
    args = eval(f"({ARGS[name]},)", vars(plain_model))
    function, text = getattr(plain_model, name), (folder / f"emitted_{name}.py").read_text()
    gradient = srcad.grad(function)(*args)
    require_close(found[name, "module"], gradient)
    assert isinstance(found[name, "module"], type(gradient))
    imports = {line for line in text.splitlines() if line.startswith(("import ", "from "))}
    assert imports <= {"import jax", "import jax.numpy as jnp", "import numpy as np", "from jax import lax",
                       "from plain_model import State"}
    if name in EXPORTED:
        require_close(found[name, "artefact"], plain(function(*args)))
        require_close(found[f"{name}_adjoint", "artefact"], plain(gradient))


def test_the_same_text_again(folder):
    assert (folder / "emitted_root.py").read_bytes() == (folder / "again_root.py").read_bytes()


def heron(a, tol=1e-9):
    x, n = a, 0
    while abs(x * x - a) > tol * a and n < 500:
        x, n = 0.99 * x + 0.01 * a / x, n + 1
    return x


class Pair(NamedTuple):
    a: float
    b: float


def test_room_for_trips():
    import jax

    gradient = srcad.grad(heron)
    with jax.enable_x64(True):
        tight, wide = srcad.export(gradient, (1.0,)), srcad.export(gradient, (1.0,), trips=500)
        assert np.isnan(tight.call(2.0))
        np.testing.assert_allclose(wide.call(2.0), gradient(2.0), rtol=1e-9)


def test_outlines_platforms_and_objects():
    import jax

    like = jax.ShapeDtypeStruct((3,), np.float32)
    artefact = srcad.export(srcad.value_and_grad(lambda x, y: np.sum(x * y)), (like, like), platforms=["cpu", "cuda"])
    assert artefact.platforms == ("cpu", "cuda")
    value, slope = artefact.call(np.ones(3, np.float32), np.full(3, 2, np.float32))
    assert value == 6 and np.array_equal(slope, np.full(3, 2)) and not jax.config.jax_enable_x64
    with jax.enable_x64(True):
        assert srcad.export(srcad.grad(lambda p: p.a * p.b), (Pair(2.0, 3.0),)).call({"a": 2.0, "b": 3.0}) == {
            "a": 3.0, "b": 2.0}


def test_what_is_outside_is_as_it_is():
    import jax

    scale = 2.0
    artefact = srcad.export(lambda x: scale * x, (1.0,))
    scale = 3.0
    with jax.enable_x64(True):
        assert artefact.call(1.0) == 2.0


def printing(x):
    print(x)
    return x


def storing(x):
    x[0] = 1.0
    return np.sum(x)


def zeros(x, n):
    return np.sum(np.zeros(n) + x)


@pytest.mark.parametrize(("f", "args", "error", "said"), [
    (printing, (1.0,), Unsupported, "prints"),
    (storing, (np.ones(3),), ArgumentError, "x.copy()"),
    (lambda x, how: x, (1.0, "sum"), ArgumentError, "args[1]"),
    (zeros, (1.0, 3), Unsupported, "np.zeros"),
])
def test_refused(f, args, error, said):
    with pytest.raises(error) as caught:
        srcad.export(f, args)
    assert said in str(caught.value)


def test_ints_that_shapes_depend_on_are_bound():
    with pytest.raises(Unsupported) as caught:
        srcad.export(zeros, (1.0, 3))
    assert "functools.partial" in caught.value.__notes__[-1]
    assert srcad.export(functools.partial(zeros, n=3), (1.0,)).in_avals[0].shape == ()


def test_emit_trips(tmp_path, capsys):
    file = Path(tmp_path, "m.py")
    file.write_text("def f(x):\n    while x * x > 2:\n        x = x * 0.999 / x ** 0.001\n    return x\n")
    assert main(["emit", f"{file}:f", "--args", "1.0", "--backend", "xla", "--trips", "4000"]) == 0
    assert "more than 4000 trips" in capsys.readouterr().out
