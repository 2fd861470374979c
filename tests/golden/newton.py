"""Newton's method: a `while` until it has converged."""


def cube_root(a, start):
    x = start
    while abs(x * x * x - a) > 1e-12:
        x = x - (x * x * x - a) / (3 * x * x)
    return x


ARGS = (5.0, 2.0)
MODES = ("reverse", "second")


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


def cube_root_adjoint_adjoint(a, start, dda=1.0):
    # forward
    x = start
    x_tape = []
    while abs(x * x * x - a) > 1e-12:
        x_tape.append(x)
        x -= (x * x * x - a) / (3 * x * x)
    # reverse
    dx = 1.0
    dx_tape2 = []
    tape = []
    for x in reversed(x_tape):  # line 6: while abs(x * x * x - a) > 1e-12:
        dx_tape2.append(dx)
        t1 = x * x  # line 7: x = x - (x * x * x - a) / (3 * x * x)
        t2 = 3 * x
        t3 = t2 * x
        t4 = dx / t3
        t5 = dx * ((t1 * x - a) / t3) / t3
        tape.append(t5)
        dx += t5 * t2 + 3 * t5 * x - t4 * t1 - 2 * t4 * x * x
    dx_tape2.reverse()
    tape.reverse()
    # reverse of the above
    ddx = da = 0.0
    dx_tape = []
    for x, dx2, t5 in zip(x_tape, dx_tape2, tape):  # line 6: while abs(x * x * x - a) > 1e-12:
        t1 = 3 * x  # line 7: x = x - (x * x * x - a) / (3 * x * x)
        t2 = t1 * x
        t3 = dx2 / t2
        t4 = x * x
        t6 = (t4 * x - a) / t2
        t7 = 2 * ddx
        t8 = t7 * x
        t9 = -ddx * t3
        dx = -t7 * (t3 * x) - t8 * t3
        t10 = -(ddx * t4 + t8 * x) + dda
        dx += ddx * (3 * t5)
        t7 = ddx * t5
        t8 = 3 * ddx * x + ddx * t1
        t11 = t8 / t2
        t12 = t11 * dx2
        ddx += t11 * t6 + t10 / t2
        t11 = t12 / t2
        t13 = t8 * t5 / t2 + t10 * t3 / t2 + t12 * t6 / t2
        da -= t11
        dx += t11 * t4 - t13 * t1 + 3 * (t7 - t13 * x) + 2 * (t9 + t11 * x) * x
        dx_tape.append(dx)
    dx = 0.0
    for dx2, x in zip(reversed(dx_tape), reversed(x_tape)):
        t1 = x * x
        t2 = 3 * x
        t3 = t2 * x
        dx2 += dx
        t4 = dx / t3
        t5 = dx * ((t1 * x - a) / t3) / t3
        dx = dx2 + t5 * t2 + 3 * t5 * x - t4 * t1 - 2 * t4 * x * x
        da += t4
    return da
