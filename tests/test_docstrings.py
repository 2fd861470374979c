"""The examples in docstrings run."""

from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path

import pytest

import srcad

ROOT = Path(srcad.__file__).parent
WITH_EXAMPLES = sorted(".".join(("srcad", *path.relative_to(ROOT).with_suffix("").parts)) for path in ROOT.rglob("*.py")
                       if re.search(r"^\s*>>> ", path.read_text(), re.MULTILINE))


@pytest.mark.parametrize("module", WITH_EXAMPLES)
def test_examples(module):
    found = doctest.testmod(importlib.import_module(module), report=False)
    assert found.attempted and not found.failed
