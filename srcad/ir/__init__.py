"""The core language: its grammar, its types, and how programs are made and walked."""

from srcad.ir.build import AND, EXTENT, IS, IS_NOT, NOT, OPERATORS, OR, RANK, SHAPE, TRUTH, Builder, Symbol, run
from srcad.ir.calls import PACK, CallOp, FuncRef, UnpackOp, call_op, reachable, unpack_op
from srcad.ir.core import (
    HOLE,
    UNDEF,
    Atom,
    Block,
    Carry,
    Choice,
    Element,
    Form,
    Func,
    If,
    Let,
    Listing,
    Lit,
    Loop,
    Param,
    Range,
    Read,
    Record,
    Slicing,
    Stmt,
    Test,
    Undef,
    Var,
    Write,
    fill,
    form_of,
    is_number,
    leaves,
    map_tree,
)
from srcad.ir.ops import Op, define, op_of
from srcad.ir.types import (
    BOOL,
    COMPLEX,
    FLOAT,
    INT,
    NEVER,
    OBJECT,
    RESIDUALS,
    UNKNOWN,
    Dim,
    Size,
    Type,
    array,
    equivalent,
    fresh,
    join,
    type_of,
)

__all__ = [
    "AND", "BOOL", "COMPLEX", "EXTENT", "FLOAT", "HOLE", "INT", "IS", "IS_NOT", "NEVER", "NOT", "OBJECT", "OPERATORS",
    "OR", "PACK", "RANK", "RESIDUALS", "SHAPE", "TRUTH", "UNDEF", "UNKNOWN", "Atom", "Block", "Builder", "CallOp",
    "Carry",
    "Choice", "Dim", "Element", "Form", "Func", "FuncRef", "If", "Let", "Listing", "Lit", "Loop", "Op", "Param",
    "Range", "Read", "Record", "Size", "Slicing", "Stmt", "Symbol", "Test", "Type", "Undef", "UnpackOp", "Var",
    "Write", "array", "call_op", "define", "equivalent", "fill", "form_of", "fresh", "is_number", "join", "leaves",
    "map_tree", "op_of", "reachable", "run", "type_of", "unpack_op",
]
