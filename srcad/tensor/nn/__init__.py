"""What networks are made of, as functions."""

from srcad.tensor.nn import functional

__all__ = ["functional"]
