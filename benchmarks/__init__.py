"""How fast srcad is, beside what one would use instead.

    python -m benchmarks                       everything: some minutes
    python -m benchmarks --quick               fewer rounds: under a minute
    python -m benchmarks --only rnn lorenz     what begins with these names
    python -m benchmarks --list                the names

Each program of `benchmarks.programs` is run by several contenders: the function itself, an adjoint written by hand in
NumPy, `srcad.grad` with both backends, autograd, and `jax.jit(jax.grad(…))` of a port written by hand.  Their gradients
are compared before a clock starts; then the contenders take turns in one process, so that a busy moment of the machine
is nobody's in particular.  The other costs, of calls, transformations and of the import, are in `benchmarks.costs`.
"""
