"""A formula of two numbers."""


def rosenbrock(x, y):
    return (1 - x) ** 2 + 100 * (y - x ** 2) ** 2


ARGS = (0.3, 0.8)
WRT = ("x", "y")
MODES = ("reverse", "forward")


# What follows is generated.


def rosenbrock_adjoint(x, y, dresult=1.0):
    # reverse
    dy = 200 * dresult * (y - x ** 2)  # line 5: return (1 - x) ** 2 + 100 * (y - x ** 2) ** 2
    dx = -2 * dy * x - 2 * dresult * (1 - x)
    return dx, dy


def rosenbrock_tangent(x, y, x_dot, y_dot):
    t1 = 1 - x
    t2 = 2 * x_dot
    t3 = y - x ** 2
    return t1 ** 2 + 100 * t3 ** 2, -t2 * t1 + 200 * (y_dot - t2 * x) * t3
