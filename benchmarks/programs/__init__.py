"""The programs: each with its hand-written adjoint, and a port to JAX."""

from benchmarks.programs import factorisation, lorenz, rnn, scalar_recurrence, scalar_statements, two_layer_network

CASES = [case
         for module in (scalar_statements, two_layer_network, scalar_recurrence, rnn, lorenz, factorisation)
         for case in module.CASES]
