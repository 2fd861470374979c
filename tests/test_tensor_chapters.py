"""The chapters on tensors run, as they stand, and say what they should; their assertions are part of them."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

CHAPTERS = Path(__file__).parent.parent / "examples" / "tensors"
SAID = {
    "data": ["tensor([[ 0,  1,  2,  3],\n        [ 4,  5,  6,  7],\n        [ 8,  9, 10, 11]])",
             "view size is not compatible",
             "summed along [0, 2] -> torch.Size([3])", "tensor([3.5000]) 3.5 3.5 3"],
    "house_table": ["tensor([127500., 106000., 178100., 140000.], dtype=torch.float64)", "Alley_nan"],
    "linear_algebra": ["tensor([ 14.,  38.,  62.,  86., 110.])", "[0.2222, 0.2407, 0.2593, 0.2778]",
                       "tensor(5.) tensor(7.) tensor(6.)", "tensor([1., 3.])"],
    "matrix_calculus": ["|x| tensor([-1.,  0.,  1.])", "max(x, 0) tensor([0., 0., 1.])", "tensor([49.])",
                        "a matrix by a matrix (2, 4): (2, 3, 2, 4)"],
    "differentiation": ["tensor([ 0.,  4.,  8., 12.]) tensor([True, True, True, True])", "def d_backward(dd):",
                        "while np.linalg.norm(b) < 1000:", "tensor([ 3.,  7., 11., 15.])"],
    "training": ["def loss_backward(", "new points are told apart"],
}
DRAWN = ("matrix_calculus", "training")
NEEDED = {"house_table": "pandas", "matrix_calculus": "matplotlib", "training": "matplotlib"}


@pytest.mark.parametrize("name", SAID)
def test_chapter(name, tmp_path, capsys, monkeypatch):
    if name in NEEDED:
        pytest.importorskip(NEEDED[name])
    picture = tmp_path / "picture.png"
    monkeypatch.setattr(sys, "argv", [name, str(picture)])
    runpy.run_path(str(CHAPTERS / f"{name}.py"), run_name="__main__")
    said = capsys.readouterr().out
    for text in SAID[name]:
        assert text in said
    assert picture.exists() == (name in DRAWN)


def test_all_chapters():
    assert {p.stem for p in CHAPTERS.glob("*.py")} == set(SAID)
