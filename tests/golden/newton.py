"""Newton's method: a `while` until it has converged."""


def cube_root(a, start):
    x = start
    while abs(x * x * x - a) > 1e-12:
        x = x - (x * x * x - a) / (3 * x * x)
    return x


ARGS = (5.0, 2.0)


# What follows is generated.


def cube_root_adjoint(a, start, dx=1.0):
    # forward
    x = start
    x_tape = []
    while abs(x * x * x - a) > 1e-12:
        x_tape.append(x)
        x -= (x * x * x - a) / (3 * x * x)
    # reverse
    da = 0.0
    for x in reversed(x_tape):  # line 6: while abs(x * x * x - a) > 1e-12:
        t1 = x * x  # line 7: x = x - (x * x * x - a) / (3 * x * x)
        t2 = 3 * x
        t3 = t2 * x
        t4 = dx / t3
        t5 = dx * ((t1 * x - a) / t3) / t3
        dx += t5 * t2 + 3 * t5 * x - t4 * t1 - 2 * t4 * x * x
        da += t4
    return da
