"""Passes: pure functions from `Func` to `Func`, and the analyses that they ask."""
