"""The Lorenz system by Euler's method, in numbers."""


def lorenz(sigma, rho, beta, dt, steps):
    x, y, z = 1.0, 1.0, 1.0
    for _ in range(steps):
        dx = sigma * (y - x)
        dy = x * (rho - z) - y
        dz = x * y - beta * z
        x, y, z = x + dt * dx, y + dt * dy, z + dt * dz
    return x


ARGS = (10.0, 28.0, 2.6, 0.01, 20)
WRT = ("sigma", "rho", "beta")
MODES = ("reverse", "forward")


# What follows is generated.


def lorenz_adjoint(sigma, rho, beta, dt, steps, dx=1.0):
    # forward
    x = y = z = 1.0
    tape = []
    for _ in range(steps):
        tape.append((x, y, z))
        dx2 = sigma * (y - x)
        dy = x * (rho - z) - y
        dz = x * y - beta * z
        x += dt * dx2
        y += dt * dy
        z += dt * dz
    # reverse
    dy = dz = dsigma = drho = dbeta = 0.0
    for x, y, z in reversed(tape):  # line 6: for _ in range(steps):
        ddz = dz * dt  # line 10: x, y, z = x + dt * dx, y + dt * dy, z + dt * dz
        ddy = dy * dt
        ddx = dx * dt
        dbeta -= ddz * z  # line 9: dz = x * y - beta * z
        dz -= ddz * beta
        dx += ddz * y
        dy += ddz * x
        dy -= ddy  # line 8: dy = x * (rho - z) - y
        t1 = ddy * x
        dx += ddy * (rho - z)
        drho += t1
        dz -= t1
        t2 = ddx * sigma  # line 7: dx = sigma * (y - x)
        dsigma += ddx * (y - x)
        dy += t2
        dx -= t2
    return dsigma, drho, dbeta


def lorenz_tangent(sigma, rho, beta, dt, steps, sigma_dot, rho_dot, beta_dot):
    x = y = z = 1.0
    x_dot = y_dot = z_dot = 0.0
    for _ in range(steps):
        t1 = y - x
        dx = sigma * t1
        dx_dot = sigma_dot * t1 + (y_dot - x_dot) * sigma
        t2 = rho - z
        dy = x * t2 - y
        dy_dot = x_dot * t2 + (rho_dot - z_dot) * x - y_dot
        dz = x * y - beta * z
        dz_dot = x_dot * y + y_dot * x - (beta_dot * z + z_dot * beta)
        x += dt * dx
        x_dot += dx_dot * dt
        y += dt * dy
        y_dot += dy_dot * dt
        z += dt * dz
        z_dot += dz_dot * dt
    return x, x_dot
