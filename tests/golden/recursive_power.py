"""A function that calls itself."""


def power(x, n):
    if n == 0:
        return 1.0
    half = power(x, n // 2)
    if n % 2 == 0:
        return half * half
    return half * half * x


ARGS = (1.3, 5)


# What follows is generated.


def power_forward(x, n):
    if n == 0:
        result = 1.0
        half = None
        residuals = None
    else:
        half, residuals = power_forward(x, n // 2)
        if n % 2 == 0:
            result = half * half
        else:
            result = half * half * x
    residuals = half, residuals
    return result, residuals


def power_reverse(x, n, residuals, dresult):
    half, residuals = residuals
    if n == 0:
        dx = 0.0
    else:
        if n % 2 == 0:
            dhalf = 2 * dresult * half
            dx = 0.0
        else:
            dx = dresult * (half * half)
            dhalf = 2 * dresult * x * half
        dx += power_reverse(x, n // 2, residuals, dhalf)
    return dx


def power_adjoint(x, n, dy=1.0):
    # forward
    _, residuals = power_forward(x, n)
    # reverse
    return power_reverse(x, n, residuals, dy)  # line 10: return half * half * x
