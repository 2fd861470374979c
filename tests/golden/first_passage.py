"""A loop that breaks."""


def first_passage(x, rate, limit):
    level = 0.0
    for _ in range(100):
        level = level + rate * x
        x = x * 1.1
        if level > limit:
            break
    return level ** 2 + x


ARGS = (0.5, 0.2, 3.0)
WRT = ("x", "rate")
MODES = ("reverse", "forward")


# What follows is generated.


def first_passage_adjoint(x, rate, limit, dy=1.0):
    # forward
    level = 0.0
    x_tape = []
    for _ in range(100):
        x_tape.append(x)
        level += rate * x
        x *= 1.1
        if level > limit:
            break
    # reverse
    dlevel = 2 * dy * level  # line 11: return level ** 2 + x
    dx = dy
    drate = 0.0
    for x in reversed(x_tape):  # line 6: for _ in range(100):
        dx *= 1.1  # line 8: x = x * 1.1
        drate += dlevel * x  # line 7: level = level + rate * x
        dx += dlevel * rate
    return dx, drate


def first_passage_tangent(x, rate, limit, x_dot, rate_dot):
    level = level_dot = 0.0
    for _ in range(100):
        level += rate * x
        level_dot += rate_dot * x + x_dot * rate
        x *= 1.1
        x_dot *= 1.1
        if level > limit:
            break
    return level ** 2 + x, 2 * level_dot * level + x_dot
