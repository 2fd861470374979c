"""The command line: what it prints, what it writes, and the codes that it ends with."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from srcad.cli import main
from srcad.cli.arguments import wrt
from srcad.cli.page import Listing, Page

MODEL = '''
from dataclasses import dataclass

import numpy as np

from srcad import grad

print("loading")
SCALE = 2.0


class TooBig(Exception):
    pass


def loss(w, b, k=3):
    h = w
    for _ in range(k):
        h = np.tanh(h * b) * SCALE
    return np.sum(h)


@grad(wrt="b")
def decorated(a: float, b: float):
    return a * b ** 2


def vector(x):
    if np.sum(x) > 100:
        raise TooBig("too big")
    return np.sin(x) * x


class Model:
    def energy(self, x):
        return np.sum(x ** 2)


def refused(x):
    distinct = np.histogram2d(x, x)
    return np.sum(distinct)


def summed(x, axis=0, kind="square"):
    rows = np.sum(x, axis=axis)
    return np.sum(rows ** 2) if kind == "square" else 0.0


def wrong(x):
    return np.sum(np.floor(x * 2) + x)


def data():
    return np.ones(3), 2.0


if __name__ == "__main__":
    raise SystemExit("the main block was run")
'''


@pytest.fixture
def model(tmp_path, monkeypatch):
    file = tmp_path / "example_model.py"
    file.write_text(MODEL)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("NO_COLOR", "1")
    yield str(file)
    for name in [n for n in sys.modules if n.startswith("example_model")]:
        del sys.modules[name]


@pytest.fixture
def srcad(capsys, model):
    """Run a command in this process: (exit code, standard output, standard error)."""

    def run(command, function, *options):
        code = main([command, f"{model}:{function}", *options])
        out, err = capsys.readouterr()
        return code, out, err

    return run


def module_of(text: str) -> dict:
    names = {"__name__": "shown"}
    exec(compile(text, "shown", "exec"), names)
    return names


def call(*argv: str, **env: str) -> subprocess.CompletedProcess[str]:
    root = Path(__file__).parent.parent
    path = os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH")]))
    clean = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR", "PYTHONDONTWRITEBYTECODE")}
    return subprocess.run([sys.executable, "-m", "srcad", *argv], capture_output=True, text=True, check=False,
                          env={**clean, "PYTHONPATH": path, **env})


def test_show_in_a_pipe_leaves_nothing_behind(model):
    done = call("show", f"{model}:loss", "--args", "*data()")
    assert (done.returncode, done.stderr) == (0, "loading\n")
    assert "\x1b" not in done.stdout
    assert "def loss_adjoint(w, b, k=3, dy=1.0" in done.stdout
    assert os.listdir(Path(model).parent) == ["example_model.py"]


def test_module_target_and_colours(model):
    pytest.importorskip("pygments")
    folder = str(Path(model).parent)
    done = subprocess.run([sys.executable, "-m", "srcad", "show", "example_model:decorated"], capture_output=True,
                          text=True, check=True, cwd=folder,
                          env={**os.environ, "NO_COLOR": "", "FORCE_COLOR": "1",
                               "PYTHONPATH": str(Path(__file__).parent.parent)})
    assert "\x1b[" in done.stdout
    assert os.listdir(folder) == ["example_model.py"]


def test_help_is_light_and_has_examples():
    program = ("import sys\nfrom srcad.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass\n"
               "print(*sys.modules)")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True,
                          cwd=Path(__file__).parent.parent)
    assert "examples:" in done.stdout
    loaded = set(done.stdout.splitlines()[-1].split())
    assert not loaded & {"jax", "scipy", "rich", "pygments", "gast", "astunparse"}


@pytest.mark.parametrize("command", ["show", "check", "emit", "report", "demo"])
def test_help_of_commands(command, capsys):
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    assert end.value.code == 0
    assert command == "demo" or f"srcad {command} model.py:loss" in capsys.readouterr().out


def test_demo(capsys, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert main(["demo"]) == 0
    out = capsys.readouterr().out
    for part in ("def miss(angle, speed, target):", "def miss_adjoint(", "gradient", "differences", "JAX"):
        assert part in out
    assert "DIFFERS" not in out


def test_shown_source_computes_the_gradient(srcad):
    _, out, _ = srcad("show", "loss", "--args", "*data()", "--wrt", "w,b")
    dw, db = module_of(out)["loss_adjoint"](np.full(3, 0.3), 0.9)
    _, general, _ = srcad("emit", "loss", "--wrt", "w,b")
    dw_too, db_too = module_of(general)["loss_adjoint"](np.full(3, 0.3), 0.9)
    np.testing.assert_allclose(dw, dw_too)
    np.testing.assert_allclose(db, db_too)
    assert np.all(dw > 0) and db > 0


def test_every_stage_computes_the_same(srcad):
    _, listed, _ = srcad("show", "loss", "--stage", "list")
    names = listed.splitlines()
    assert names[:2] == ["primal", "reverse"] and len(names) > 2
    results = []
    for name in names[1:]:
        _, out, _ = srcad("show", "loss", "--args", "*data()", "--stage", name)
        results.append(module_of(out)["loss_adjoint"](np.full(3, 0.3), 0.9))
    for found in results[1:]:
        np.testing.assert_allclose(found, results[0])
    _, out, _ = srcad("show", "loss", "--args", "*data()", "--stage", "primal")
    assert "def loss(" in out


def test_forward_and_primal(srcad):
    code, out, _ = srcad("show", "vector", "--mode", "forward", "--args", "np.ones(3)")
    assert code == 0 and "def vector_tangent(x, x_dot):" in out
    code, out, _ = srcad("show", "vector", "--mode", "primal")
    assert code == 0 and "def vector(x):" in out


def test_an_array_as_result_needs_its_cotangent(srcad):
    _, out, _ = srcad("show", "vector", "--args", "np.ones(3)")
    assert "def vector_adjoint(x, dy):" in out


def test_decorated_functions_and_methods(srcad):
    _, out, _ = srcad("show", "decorated")
    assert module_of(out)["decorated_adjoint"](3.0, 2.0) == 12.0
    code, out, _ = srcad("show", "Model.energy", "--wrt", "x")
    assert code == 0 and "def energy_adjoint(self, x" in out


def test_defaults_decide_structure(srcad):
    code, out, _ = srcad("show", "summed")
    assert code == 0 and "axis=0" in out and "kind='square'" in out
    adjoint = module_of(srcad("emit", "summed")[1])["summed_adjoint"]
    np.testing.assert_allclose(adjoint(np.ones((2, 2))), np.full((2, 2), 4.0))


def test_xla(srcad):
    code, out, _ = srcad("show", "loss", "--mode", "forward", "--args", "*data()", "--backend", "xla")
    assert code == 0 and "jnp.tanh" in out and "lax.fori_loop(" in out
    for stage, word in [("jaxpr", "lambda"), ("stablehlo", "stablehlo."), ("hlo", "HloModule")]:
        code, out, _ = srcad("show", "loss", "--args", "*data()", "--backend", "xla", "--stage", stage)
        assert code == 0 and word in out
    code, _, err = srcad("show", "vector", "--backend", "xla")
    assert code == 2 and "--args" in err


def test_xla_of_what_returns_arrays(srcad):
    code, out, _ = srcad("emit", "vector", "--args", "np.ones(3)", "--backend", "xla")
    x, dy = np.array([0.3, 1.0, 2.0]), np.array([1.0, -1.0, 0.5])
    assert code == 0
    np.testing.assert_allclose(module_of(out)["vector_adjoint"](x, dy), dy * (np.cos(x) * x + np.sin(x)))
    code, out, _ = srcad("show", "vector", "--args", "np.full(3, 99.0)", "--backend", "xla")
    assert code == 2


def test_check(srcad):
    code, out, _ = srcad("check", "loss", "--args", "np.full(3, 0.3), b=0.9, k=2")
    assert code == 0 and "differences" in out and "JAX" in out and "loss is right" in out
    code, out, _ = srcad("check", "loss", "--args", "np.full(3, 0.3), 0.9, 2", "--order", "2", "--wrt", "w")
    assert code == 0, out


def test_check_fails(srcad, monkeypatch):
    from srcad import api

    monkeypatch.setattr(api.compiler, "push", lambda *_: (0.0, np.array(1.0)), raising=False)
    code, out, _ = srcad("check", "loss", "--args", "np.full(3, 0.3), 0.9, 2")
    assert code == 1 and "DIFFERS" in out and "loss is WRONG" in out


class Elements(HTMLParser):
    """The lines of a page by section and key, what refers to elsewhere, and tags that were not closed."""

    def __init__(self, text):
        super().__init__()
        self.lines, self.refers, self.open, self.section = [], [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, given):
        attrs = dict(given)
        self.refers += [v for k, v in given if k in ("src", "href")]
        if tag not in ("meta", "input"):
            self.open.append(tag)
        if tag == "section":
            self.section = attrs.get("id", "own")
        if attrs.get("class") == "l":
            self.lines.append((self.section, attrs.get("data-k"), ""))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.lines and "pre" in self.open:
            self.lines[-1] = (*self.lines[-1][:2], self.lines[-1][2] + data)


def test_report(srcad, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, err = srcad("report", "loss", "--args", "*data()", "--wrt", "w,b")
    assert code == 0 and "loss_report.html" in err
    text = Path("loss_report.html").read_text()
    page = Elements(text)
    assert not page.refers and not page.open and "http" not in text.partition("<style>")[2]
    line = next(k for section, k, shown in page.lines if section == "own" and "np.tanh(h * b)" in shown)
    for section, part in [("made0", "np.tanh"), ("made0", "dh"), ("made1", "h_dot"), ("made2", "jnp.tanh")]:
        assert any(part in shown for where, k, shown in page.lines if (where, k) == (section, line)), section
    for part in ("made for", "keeps h", "complex step", "JAX on the source", "checked: right",
                 "<h2>example_model.py</h2>"):
        assert part in text
    srcad("report", "loss", "--args", "*data()", "--wrt", "w,b", "-o", "again.html")
    assert Path("again.html").read_text() == text


def test_report_of_what_has_no_page_or_only_a_part(srcad, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, _ = srcad("report", "decorated", "-o", "d.html")
    text = Path("d.html").read_text()
    assert code == 0 and "for arguments of any kind" in text and "adjoint for XLA" not in text
    code, _, err = srcad("report", "refused")
    assert code == 2 and "instead: " in err and not Path("refused_report.html").exists()
    code, _, _ = srcad("report", "vector", "--args", "np.ones(3)", "-o", "v.html")
    assert code == 0 and "jnp.cos" in Path("v.html").read_text()


def test_what_is_in_a_page_is_escaped():
    page = Page("<script>", "f('</code>')", lambda: None, [Listing("<i>", None, "a < b")], ["<b>"])
    own, _, rest = page.text().partition("<header>")
    assert "<script>" not in own and "&lt;/code&gt;" in rest and "a &lt; b" in rest and "<li>&lt;b&gt;</li>" in rest


def test_emit_is_a_module_of_its_own(srcad, tmp_path):
    first, second = tmp_path / "first_adjoint.py", tmp_path / "second_adjoint.py"
    for file in (first, second):
        code, out, err = srcad("emit", "loss", "--value", "-o", str(file))
        assert code == 0 and out == "" and file.name in err
    assert first.read_bytes() == second.read_bytes()
    assert "srcad" not in first.read_text()
    spec = importlib.util.spec_from_file_location("first_adjoint", first)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    value, gradient = module.loss_adjoint(np.full(3, 0.3), 0.9)
    assert value > 0 and gradient.shape == (3,)
    assert sorted(os.listdir(tmp_path)) == ["example_model.py", "first_adjoint.py", "second_adjoint.py"]


def test_emit_imports_what_is_the_users(srcad):
    _, out, _ = srcad("emit", "vector", "--args", "np.ones(3)")
    assert "from example_model import TooBig" in out


@pytest.mark.parametrize(("argv", "said"), [
    (("show", "refused"), "distinct = np.histogram2d(x, x)"),
    (("show", "los"), "there is loss"),
    (("show", "SCALE"), "not a function"),
    (("show", "loss", "--wrt", "u"), "no argument `u`"),
    (("show", "loss", "--args", "np.ones(3"), "SyntaxError"),
    (("show", "loss", "--args", "1.0"), "b"),
    (("show", "loss", "--stage", "nothing"), "stages are"),
    (("show", "data"), "0"),
    (("check", "vector", "--args", "'text'"), "vector"),
    (("emit", "loss", "--mode", "forward", "--value"), "--value"),
    (("emit", "loss", "-o", "/nowhere/at/all.py"), "can't be written"),
])
def test_errors_have_no_traceback_of_ours(srcad, argv, said):
    code, out, err = srcad(*argv)
    assert code == 2 and said in err and out == ""
    assert "srcad/cli" not in err


@pytest.mark.parametrize("target", ["nothing", "missing.py:f", "missing_module_of_nobody:f", ":f", "x:"])
def test_targets_that_are_not_there(target, capsys):
    assert main(["show", target]) == 2
    assert capsys.readouterr().err.startswith("srcad: ")


def test_a_file_that_fails_to_load(tmp_path, capsys):
    file = tmp_path / "broken_model.py"
    file.write_text("import numpy as np\n\n\nx = np.nothing\n")
    assert main(["show", f"{file}:f"]) == 2
    err = capsys.readouterr().err
    assert "line 4" in err and "AttributeError" in err and "srcad/cli" not in err
    file.write_text("def f(:\n")
    assert main(["show", f"{file}:f"]) == 2
    assert "SyntaxError" in capsys.readouterr().err


def test_wrt():
    assert [wrt(text) for text in ("w", "1", "w,b", "w, 0", "w,", "-1")] == ["w", 1, ("w", "b"), ("w", 0), ("w",), -1]
