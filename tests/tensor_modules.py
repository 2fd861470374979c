"""The modules that the tests of tensors run against: ours, and PyTorch where it is installed."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest

import srcad.tensor


def _modules() -> list[Any]:
    found = [pytest.param(srcad.tensor, id="srcad")]
    if importlib.util.find_spec("torch") is not None:
        import torch

        found.append(pytest.param(torch, id="torch"))
    return found


MODULES = _modules()
