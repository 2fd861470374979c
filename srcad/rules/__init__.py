"""The table of derivative rules, by field of mathematics; `ops` says what a rule is.

    arithmetic  elementary  reductions  products  linalg  structure  indexing  creation  scalars  sequences

`METHODS` and `ATTRIBUTES` are the functions that an array's methods and attributes stand for.

Rules for functions of other libraries, or of your own, are declared in the same table, with the same words:
`elementwise`, `linear`, `multilinear`, `custom`, `constant` (see `ops`).  What a rule calls needs a rule itself if it
is to be differentiated again; a function of Python code is called as `recorded(f)` within a rule.

    >>> import numpy as np, srcad
    >>> from srcad.rules import elementwise
    >>> def softplus(x):
    ...     return np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0.0)
    >>> logistic = elementwise(softplus, lambda y, x: 1 / (1 + np.exp(-x)))
    >>> srcad.grad(lambda x: np.sum(softplus(x) ** 2))(np.zeros(2))
    array([0.69314718, 0.69314718])
"""

from srcad.rules import (
    activations,
    arithmetic,
    blocks,
    calculus,
    creation,
    elementary,
    factorisations,
    fft,
    indexing,
    linalg,
    matrices,
    missing,
    ordering,
    outputs,
    products,
    reductions,
    runtime,
    scalars,
    scimath,
    sequences,
    structure,
    tapes,
)
from srcad.rules.methods import ATTRIBUTES, METHODS
from srcad.rules.ops import OWN, RULES, Rule, constant, custom, elementwise, linear, multilinear, rule_of
from srcad.rules.symbols import recorded

OWN.update(RULES)

__all__ = ["ATTRIBUTES", "METHODS", "RULES", "Rule", "arithmetic", "constant", "creation", "custom", "elementary",
           "elementwise", "indexing", "linear", "multilinear", "products", "recorded", "reductions", "rule_of",
           "runtime", "scalars", "sequences", "structure"]
