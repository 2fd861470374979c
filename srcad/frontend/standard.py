"""Functions of the standard library, written in Python: a call of one is lowered like a call of the user's own.

    for y in itertools.accumulate(xs):     made = [xs[0]]; for x in xs[1:]: …
    best = min(points, key=cost)           a loop that keeps the best so far

So they work on lists, on arrays (as loops) and on objects, and problems in them are shown at the user's line.
"""

from __future__ import annotations

import bisect
import cmath
import heapq
import itertools
import math
import operator
import statistics
from typing import Any


def as_items(iterable: Any) -> Any:
    """Something that can be indexed: known while lowering (see `iterables`)."""
    raise AssertionError(iterable)


def required(iterable: Any) -> Any:
    """A tuple of the items, whose number the program is made for."""
    raise AssertionError(iterable)


def accumulate(iterable: Any, func: Any = operator.add, *, initial: Any = None) -> Any:
    items = as_items(iterable)
    if initial is None:
        total = items[0]
        rest = items[1:]
    else:
        total = initial
        rest = items
    made = [total]
    for item in rest:
        total = func(total, item)
        made.append(total)
    return made


def reduced(function: Any, iterable: Any) -> Any:
    items = as_items(iterable)
    total = items[0]
    for item in items[1:]:
        total = function(total, item)
    return total


def reduced_from(function: Any, iterable: Any, initial: Any) -> Any:
    total = initial
    for item in iterable:
        total = function(total, item)
    return total


def pairwise(iterable: Any) -> Any:
    items = as_items(iterable)
    return zip(items, items[1:], strict=False)  # noqa: RUF007 - it is what this is


def zip_longest(*iterables: Any, fillvalue: Any = None) -> Any:
    columns = [required(it) for it in iterables]
    most = max([len(c) for c in columns])
    return [tuple([c[k] if k < len(c) else fillvalue for c in columns]) for k in range(most)]


def takewhile(predicate: Any, iterable: Any) -> Any:
    made = []
    for item in iterable:
        if not predicate(item):
            break
        made.append(item)
    return made


def dropwhile(predicate: Any, iterable: Any) -> Any:
    made, started = [], False
    for item in iterable:
        if started or not predicate(item):
            started = True
            made.append(item)
    return made


def filterfalse(predicate: Any, iterable: Any) -> Any:
    return [item for item in iterable if not predicate(item)]


def compress(data: Any, selectors: Any) -> Any:
    return [item for item, wanted in zip(data, selectors, strict=False) if wanted]


def starmap(function: Any, iterable: Any) -> Any:
    return [function(*items) for items in iterable]


def islice(iterable: Any, *bounds: Any) -> Any:
    return as_items(iterable)[slice(*bounds)]


def chained(iterables: Any) -> Any:
    return [item for iterable in iterables for item in iterable]


def groupby(iterable: Any, key: Any = None) -> Any:
    groups: list[Any] = []
    for item in required(iterable):
        value = item if key is None else key(item)
        if groups and groups[-1][0] == value:
            groups[-1][1].append(item)
        else:
            groups.append((value, [item]))
    return groups


def largest(iterable: Any, key: Any) -> Any:
    items = as_items(iterable)
    best = items[0]
    most = key(best)
    for item in items[1:]:
        value = key(item)
        if value > most:
            best, most = item, value
    return best


def smallest(iterable: Any, key: Any) -> Any:
    items = as_items(iterable)
    best = items[0]
    least = key(best)
    for item in items[1:]:
        value = key(item)
        if value < least:
            best, least = item, value
    return best


def picked(items: Any, i: Any) -> Any:
    """`items[i]` of things that are not numbers."""
    found = items[0]
    for k in range(1, len(items)):
        if i == k:
            found = items[k]
    return found


def index(items: Any, value: Any) -> Any:
    for k in range(len(items)):
        if items[k] == value:
            return k
    raise ValueError("it is not in the list")


def count(items: Any, value: Any) -> Any:
    total = 0
    for item in items:
        if item == value:
            total += 1
    return total


def in_order(items: Any, keys: Any, backwards: Any) -> Any:
    items, keys = list(items), list(keys)
    for k in range(len(items)):
        for j in range(len(items) - 1 - k):
            if (keys[j] < keys[j + 1]) if backwards else (keys[j + 1] < keys[j]):
                items[j], items[j + 1] = items[j + 1], items[j]
                keys[j], keys[j + 1] = keys[j + 1], keys[j]
    return items


def counted(items: Any, counter: Any) -> Any:
    for item in items:
        counter[item] += 1
    return counter


def nlargest(n: Any, iterable: Any, key: Any = None) -> Any:
    return sorted(iterable, key=key, reverse=True)[:n]


def nsmallest(n: Any, iterable: Any, key: Any = None) -> Any:
    return sorted(iterable, key=key)[:n]


def heappush(heap: Any, item: Any) -> Any:
    heap.append(item)
    _towards_the_root(heap, 0, len(heap) - 1)


def heappop(heap: Any) -> Any:
    last = heap.pop()
    if not heap:
        return last
    least = heap[0]
    heap[0] = last
    _towards_the_leaves(heap, 0)
    return least


def heapreplace(heap: Any, item: Any) -> Any:
    least = heap[0]
    heap[0] = item
    _towards_the_leaves(heap, 0)
    return least


def heappushpop(heap: Any, item: Any) -> Any:
    if heap and heap[0] < item:
        least = heap[0]
        heap[0] = item
        _towards_the_leaves(heap, 0)
        return least
    return item


def heapify(heap: Any) -> Any:
    for k in reversed(range(len(heap) // 2)):
        _towards_the_leaves(heap, k)


def _towards_the_root(heap: Any, start: Any, place: Any) -> Any:
    item = heap[place]
    while place > start:
        above = (place - 1) // 2
        parent = heap[above]
        if not item < parent:
            break
        heap[place] = parent
        place = above
    heap[place] = item


def _towards_the_leaves(heap: Any, start: Any) -> Any:
    """As CPython does it: the smaller child moves up as far as there is one, and then the item as far as it has to."""
    size, place, item = len(heap), start, heap[start]
    below = 2 * place + 1
    while below < size:
        right = below + 1
        if right < size and not heap[below] < heap[right]:
            below = right
        heap[place] = heap[below]
        place = below
        below = 2 * place + 1
    heap[place] = item
    _towards_the_root(heap, start, place)


def bisect_left(a: Any, x: Any, lo: Any = 0, hi: Any = None, *, key: Any = None) -> Any:
    if hi is None:
        hi = len(a)
    while lo < hi:
        middle = (lo + hi) // 2
        if (a[middle] if key is None else key(a[middle])) < x:
            lo = middle + 1
        else:
            hi = middle
    return lo


def bisect_right(a: Any, x: Any, lo: Any = 0, hi: Any = None, *, key: Any = None) -> Any:
    if hi is None:
        hi = len(a)
    while lo < hi:
        middle = (lo + hi) // 2
        if x < (a[middle] if key is None else key(a[middle])):
            hi = middle
        else:
            lo = middle + 1
    return lo


def insort_left(a: Any, x: Any, lo: Any = 0, hi: Any = None, *, key: Any = None) -> Any:
    a.insert(bisect_left(a, x if key is None else key(x), lo, hi, key=key), x)


def insort_right(a: Any, x: Any, lo: Any = 0, hi: Any = None, *, key: Any = None) -> Any:
    a.insert(bisect_right(a, x if key is None else key(x), lo, hi, key=key), x)


def dist(p: Any, q: Any) -> Any:
    return math.sqrt(sum([(a - b) ** 2 for a, b in zip(p, q, strict=False)]))


def sumprod(p: Any, q: Any) -> Any:
    return sum([a * b for a, b in zip(p, q, strict=False)])


def phase(z: Any) -> Any:
    return math.atan2(z.imag, z.real)


def polar(z: Any) -> Any:
    return abs(z), math.atan2(z.imag, z.real)


def rect(r: Any, phi: Any) -> Any:
    return r * cmath.exp(1j * phi)


def mean(data: Any) -> Any:
    items = as_items(data)
    return sum(items) / len(items)


def variance(data: Any, xbar: Any = None) -> Any:
    items = as_items(data)
    middle = sum(items) / len(items) if xbar is None else xbar
    return sum([(x - middle) ** 2 for x in items]) / (len(items) - 1)


def pvariance(data: Any, mu: Any = None) -> Any:
    items = as_items(data)
    middle = sum(items) / len(items) if mu is None else mu
    return sum([(x - middle) ** 2 for x in items]) / len(items)


def stdev(data: Any, xbar: Any = None) -> Any:
    return math.sqrt(variance(data, xbar))


def pstdev(data: Any, mu: Any = None) -> Any:
    return math.sqrt(pvariance(data, mu))


def median(data: Any) -> Any:
    items = sorted(data)
    n = len(items)
    if n % 2 == 1:
        return items[n // 2]
    return (items[n // 2 - 1] + items[n // 2]) / 2


STANDARD: dict[Any, Any] = {
    itertools.accumulate: accumulate, itertools.pairwise: pairwise, itertools.zip_longest: zip_longest,
    itertools.takewhile: takewhile, itertools.dropwhile: dropwhile, itertools.filterfalse: filterfalse,
    itertools.compress: compress, itertools.starmap: starmap, itertools.groupby: groupby,
    itertools.chain.from_iterable: chained, heapq.nlargest: nlargest, heapq.nsmallest: nsmallest,
    heapq.heappush: heappush, heapq.heappop: heappop, heapq.heapreplace: heapreplace, heapq.heappushpop: heappushpop,
    heapq.heapify: heapify, bisect.bisect_left: bisect_left, bisect.bisect_right: bisect_right,
    bisect.insort_left: insort_left, bisect.insort_right: insort_right,
    math.dist: dist, cmath.phase: phase, cmath.polar: polar, cmath.rect: rect,
    statistics.mean: mean, statistics.fmean: mean, statistics.variance: variance, statistics.pvariance: pvariance,
    statistics.stdev: stdev, statistics.pstdev: pstdev, statistics.median: median,
}
if hasattr(math, "sumprod"):
    STANDARD[math.sumprod] = sumprod
