"""A path of a price, and an option on its mean."""

import numpy as np


def payoff(price, drift, volatility, normals, dt, strike):
    total = 0.0
    for z in normals:
        price = price * np.exp((drift - 0.5 * volatility ** 2) * dt + volatility * np.sqrt(dt) * z)
        total = total + price
    return max(total / len(normals) - strike, 0.0)


ARGS = (1.0, 0.05, 0.2, np.random.default_rng(0).normal(size=6), 0.1, 0.9)
WRT = ("price", "drift", "volatility")


# What follows is generated.


def payoff_adjoint(price, drift, volatility, normals, dt, strike, dy=1.0):
    # forward
    t1 = np.sqrt(dt)
    total = 0.0
    price_tape = []
    tape = []
    for z in normals:
        price_tape.append(price)
        t2 = np.exp((drift - 0.5 * volatility ** 2) * dt + volatility * t1 * z)
        tape.append(t2)
        price *= t2
        total += price
    # reverse
    # line 11: return max(total / len(normals) - strike, 0.0)
    dtotal = dy * (total / normals.shape[0] - strike >= 0.0) / normals.shape[0]
    dprice = ddrift = dvolatility = 0.0
    # line 8: for z in normals:
    for z, price, t2 in zip(reversed(normals), reversed(price_tape), reversed(tape)):
        dprice += dtotal  # line 10: total = total + price
        # line 9: price = price * np.exp((drift - 0.5 * volatility ** 2) * dt + volatility * np.sqrt(dt) * z)
        t3 = dprice * price * t2
        dvolatility += t3 * z * t1
        t4 = t3 * dt
        ddrift += t4
        dvolatility -= t4 * volatility
        dprice *= t2
    return dprice, ddrift, dvolatility
