"""Tensors that run at once and remember what was done: arrays with PyTorch's spelling.

    dtypes  record  tensor  printing  arithmetic  elementary  reductions  shapes  products  indexing  creation  methods

Nothing here knows a compiler.  What was recorded is differentiated by an engine that `srcad.tensor` provides.
"""
