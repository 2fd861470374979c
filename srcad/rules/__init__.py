"""The table of derivative rules, by field of mathematics; `ops` says what a rule is.

    arithmetic  elementary  reductions  products  linalg  structure  indexing  creation  scalars  sequences

`METHODS` and `ATTRIBUTES` are the functions that an array's methods and attributes stand for.
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
    sequences,
    structure,
    tapes,
)
from srcad.rules.methods import ATTRIBUTES, METHODS
from srcad.rules.ops import RULES, Rule, rule_of

__all__ = ["ATTRIBUTES", "METHODS", "RULES", "Rule", "arithmetic", "creation", "elementary", "indexing", "products",
           "reductions", "rule_of", "runtime", "scalars", "sequences", "structure"]
