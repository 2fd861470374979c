"""Names: two variables that are alive at the same time never share one."""

from __future__ import annotations

import random

from srcad.backends.names import Classes, Timeline
from srcad.backends.naming import choose
from srcad.ir.core import Var
from srcad.ir.types import FLOAT


def random_ranges(rng: random.Random) -> dict[Var, list[tuple[int, int]]]:
    ranges = {}
    for _ in range(rng.randint(2, 14)):
        cuts = sorted(rng.sample(range(40), 2 * rng.randint(1, 3)))
        ranges[Var(rng.choice(("x", "dy", "dy", "")), FLOAT)] = list(zip(cuts[::2], cuts[1::2], strict=True))
    return ranges


def test_names_of_overlapping_variables_differ():
    for seed in range(1500):
        ranges = random_ranges(random.Random(seed))
        names = choose(Classes(ranges), {}, (), ())
        variables = list(ranges)
        for k, v in enumerate(variables):
            for w in variables[:k]:
                if names[v] == names[w]:
                    assert not Timeline(ranges[v]).overlaps(Timeline(ranges[w])), (seed, names[v], ranges[v], ranges[w])


def test_overlaps_is_what_it_says():
    rng = random.Random(0)
    for _ in range(500):
        a, b = list(random_ranges(rng).values())[:2]
        points = [set().union(*(range(s, e) for s, e in r)) for r in (a, b)]
        assert Timeline(a).overlaps(Timeline(b)) == bool(points[0] & points[1])
