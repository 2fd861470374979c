"""Functions of numbers as engineers write them: correlations chosen by range, tables, optional arguments."""

from __future__ import annotations

import math

import numpy as np

from tests.corpus.registry import program

ANGLES = [30.0, 45.0, 60.0]
RANGES = [[10.0, 100.0], [15.0, 300.0], [20.0, 400.0, 1000.0]]
FACTORS = [[0.7, 0.4], [0.6, 0.3], [0.2, 0.1, 0.05]]
WALLS = {(True, False): {"heated": 0.11, "cooled": 0.25}, (False, False): {"heated": 0.5, "cooled": 0.0},
         "76-15-3": {"class": [1.5]}}


@program(21.0, 47.0)
@program(250.0, 10.0)
@program(5000.0, 75.0)
def table_found_by_a_loop(speed, angle):
    for i in range(len(ANGLES)):
        if angle <= ANGLES[i]:
            factors, bounds = FACTORS[i], RANGES[i]
            break
        elif i == len(ANGLES) - 1:
            factors, bounds = FACTORS[-1], RANGES[-1]
    for j in range(len(bounds)):
        if speed <= bounds[j]:
            factor = factors[j]
            break
        elif j == len(bounds) - 1:
            factor = factors[-1]
    return factor * speed**0.6


@program(0.7, 2.0, True)
@program(2.7, 2.0, False)
def table_by_keys_that_are_no_names(mu, wall, turbulent):
    entry = WALLS[bool(turbulent), False]
    if mu < wall:
        power = entry["heated"]
    else:
        power = entry["cooled"]
    return (mu / wall) ** power * WALLS["76-15-3"]["class"][0]


@program(0.7, 1e5)
@program(0.7, 1e5, 2.0, 3.0)
@program(0.7, 1e8)
def optional_lengths(prandtl, rayleigh, length=None, height=None):
    if rayleigh < 1e7 and height is not None and length is not None:
        return 0.42 * prandtl**0.012 * rayleigh**0.25 * (length / height) ** 0.25
    if prandtl < 0.0 or height is None:
        return 0.049 * rayleigh**0.33
    return rayleigh**0.3


@program(0.4, 2.0)
@program(-0.4, 2.0)
def list_of_one_path(x, y):
    if x > 0:
        held = [x, y, x * y]
        held.append(x + y)
    else:
        held = [x * x]
    held[0] = held[0] * y
    return sum(v * v for v in held)


@program(0.4, 2.0)
@program(-0.4, 2.0)
def dict_bound_on_the_path_that_reads_it(x, y):
    if x > 0:
        state = {"a": x, "b": [y, 2.0]}
    y = y * 2
    if x > 0:
        y += state["a"] * state["b"][0] + state["b"][1]
    return y * x


MIXED = [4000.0, 256, 40, 8.5, 2, 0.0]


@program(2.4, 3.0)
@program(4.4, -3.0)
def whole_and_broken_numbers_of_a_table(x, y):
    k = 0
    while k < len(MIXED) - 2 and k + 1 < x:
        k += 1
    share = x - k
    return (MIXED[k] * (1 - share) + MIXED[k + 1] * share) * y


class NotConverged(Exception):
    def __init__(self, message, trips=None, value=None):
        super().__init__(message)
        self.trips, self.value = trips, value


@program(2.0, 0.3)
@program(-2.0, 0.3)
def error_with_named_parts(a, x):
    last = [x, x * x]
    for trip in range(60):
        x, before = x - (math.exp(x) - a) / math.exp(x), x
        last.append(x)
        if abs(x - before) < 1e-14:
            return x * sum(last[-2:])
    raise NotConverged(f"not converged: {last}, {(x, {'a': a})}", trips=trip, value=[x])


@program(0.5)
@program(7.5)
def texts_of_containers(x):
    held, named = [x, 2 * x], {"x": x}
    print("held", held, (x, held), named)
    if x > 7:
        raise ValueError("held {} {}".format(held, named) + f"{MIXED} {held!r:>12}")
    return x * held[1] if len(str(held)) + len(repr(named)) < 1000 else x


class Ellipsoid:
    def __init__(self, a, b):
        self.a, self.b = a, b

    def weighed(self, x, y):
        return x * x * self.a + y * self.b


EARTH = Ellipsoid(2.0, 3.0)


@program(1.5, 0.5, 2.0)
def arguments_called_like_what_is_read(a, b, a_):
    return EARTH.weighed(a, b) * b + a_ * a


@program(np.float64(-0.7), -2.0)
def sizes_of_numbers_of_unknown_kind(x, y):
    low = max(min(np.max([x, y]), y), x)
    return math.fabs(low) * y + math.fabs(x) ** 3


@program(2.0, 1.0)
@program(np.float64(2.0), 1.0)
@program(0.5, 1.0)
def truth_itself(x, y):
    larger = x > y
    if larger is True:
        return x * y
    if x is False or larger is not False:
        return y
    return y * y * x


@program(0.6)
@program(np.array([0.6, 1.0]))
def name_where_one_can_be(x):
    y = np.cos(x)
    try:
        y.name = "cosine"
    except AttributeError:
        y = y * 2
    return np.sum(y * x)


@program(np.array([[1.0, 0.4], [0.3, 2.0]]))
def unpacked_in_the_order_of_rows(A):
    a, b, c, d = A.flat
    return a * d - b * b * c


ROWS = [[1.0, 2.0, 0.5], [4, -1.0, 0.25], [7.0, 3.0, 1.0]]
PHASES = [{"heat": 1.5, "range": (2.0, 3.0)}, {"heat": 4.0, "range": (5.0, 6.0)}]


@program(0.4)
@program(1.3)
@program(2.6)
def row_of_a_table_that_is_searched(x):
    k = 0
    while k < 2 and k + 1 < x:
        k += 1
    total = 0.0
    for c in ROWS[k]:
        total = total * x + c
    phase = PHASES[k % 2]
    low, high = phase["range"]
    return total + phase["heat"] * x * low + high


@program(0.4, 0.7)
@program(1.3, 0.7)
@program(2.3, 0.7)
def computed_row_and_column(x, y):
    k = int(x)
    held = [[x, y], [3.0, x * y]]
    return held[k][k] * held[1 - k][0] + ROWS[k][0] * x


@program(1.0)
@program(1.0, 1e-3)
def tolerances_that_may_be_none(x, ytol=None, xtol=1e-9):
    for _ in range(8):
        q = x * x - 2.0
        if ytol is not None and xtol is not None and abs(q) < ytol:
            return x * 2
        if q == 0.0:
            if xtol is not None:
                xtol *= 0.5
            if ytol is not None:
                ytol *= 1.0
        x = x - q / (2 * x)
    return x + x * x


@program(0.7)
def none_for_some_trips(x):
    best = current = other = None
    for i in range(4):
        if best is not None:
            other = best
        if current is not None:
            best = current * 2
        current = x * i
    return best + (other if other is not None else 0.0) * x
