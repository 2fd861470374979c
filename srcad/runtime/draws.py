"""What generated code calls for draws that would change their argument."""

from __future__ import annotations

from typing import Any

import numpy as np


def shuffled(stream: Any, x: Any) -> Any:
    """A copy of `x` that `stream`, a generator or `np.random`, has shuffled."""
    y = np.array(x)
    stream.shuffle(y)
    return y
