"""Newton's method: a `while` until it has converged."""


def cube_root(a, start):
    x = start
    while abs(x * x * x - a) > 1e-12:
        x = x - (x * x * x - a) / (3 * x * x)
    return x


ARGS = (5.0, 2.0)


# What follows is generated.


def cube_root_adjoint(a, start, dstart=1.0):
    # forward
    x = start
    start_tape = []
    while abs(x * x * x - a) > 1e-12:
        start_tape.append(x)
        x -= (x * x * x - a) / (3 * x * x)
    # reverse
    da = 0.0
    for start in reversed(start_tape):  # line 6: while abs(x * x * x - a) > 1e-12:
        t1 = start * start  # line 7: x = x - (x * x * x - a) / (3 * x * x)
        t2 = 3 * start
        t3 = t2 * start
        t4 = dstart / t3
        t5 = dstart * ((t1 * start - a) / t3) / t3
        dstart += t5 * t2
        dstart += 3 * t5 * start
        da += t4
        dstart -= t4 * t1
        dstart -= 2 * t4 * start * start
    return da
