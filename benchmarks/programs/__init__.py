"""The programs: each with its hand-written adjoint, and a port to JAX."""

from benchmarks.programs import (
    cholesky_in_place,
    elimination,
    factorisation,
    fixed_point,
    floyd_warshall,
    heat_in_place,
    lorenz,
    n_body,
    rnn,
    scalar_recurrence,
    scalar_statements,
    stencil_1d,
    stencil_2d,
    stencil_3d,
    time_warping,
    tridiagonal,
    two_layer_network,
)

CASES = [case
         for module in (scalar_statements, two_layer_network, scalar_recurrence, rnn, lorenz, factorisation,
                        heat_in_place, n_body, cholesky_in_place, time_warping,
                        stencil_1d, stencil_2d, stencil_3d, elimination, floyd_warshall, tridiagonal, fixed_point)
         for case in module.CASES]
