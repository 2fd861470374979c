"""Heaps, and lists that are kept in order."""

from __future__ import annotations

import bisect
import heapq
from dataclasses import dataclass, field

import numpy as np

from tests.corpus.registry import program

A = np.array([3.0, 1.0, 2.0, 5.0, 0.5])


@program(A)
def in_order_by_a_heap(a):
    heap = []
    for v in a:
        heapq.heappush(heap, v * v)
    total, k = 0.0, 1
    while heap:
        total += k * heapq.heappop(heap)
        k += 1
    return total


@program(A)
def two_least(a):
    heap = [v * 2 for v in a]
    heapq.heapify(heap)
    return heapq.heappop(heap) * heapq.heappop(heap) + heap[0]


@program(3.0, 1.0, 2.0)
def heap_of_three(x, y, z):
    heap = [x, y, z]
    heapq.heapify(heap)
    heapq.heappush(heap, x * y - z + 0.1)
    least = heapq.heappushpop(heap, 0.5 * x)
    first = heapq.heapreplace(heap, 4 * y)
    return heapq.heappop(heap) + 2 * heapq.heappop(heap) + least * first


@program(A)
def heap_of_pairs(a):
    heap = []
    for i, v in enumerate(a):
        heapq.heappush(heap, (v * v, i))
    total = 0.0
    while heap:
        distance, i = heapq.heappop(heap)
        total += distance * (i + 1)
    return total


@program(np.array([[0.0, 1.0, 4.5, 9.0], [1.0, 0.0, 2.0, 9.5], [4.0, 2.0, 0.0, 1.0], [9.0, 9.0, 1.0, 0.0]]))
def shortest_path(w):
    n = len(w)
    dist = [np.inf] * n
    dist[0] = 0.0
    heap, done = [(0.0, 0)], set()
    while heap:
        d, u = heapq.heappop(heap)
        if u in done:
            continue
        done.add(u)
        for v in range(n):
            if w[u, v] > 0 and d + w[u, v] < dist[v]:
                dist[v] = d + w[u, v]
                heapq.heappush(heap, (dist[v], v))
    return dist[3]


@dataclass(order=True)
class Job:
    time: float
    work: float = field(compare=False)


@program(0.4)
def jobs_in_order(x):
    jobs = sorted([Job(2 * x, 1.0), Job(x, 3.0), Job(x * x, 5 * x)])
    first = min(jobs)
    return jobs[1].work * x + first.work + len(jobs)


@program(A)
def inserted_in_order(a):
    ordered = sorted(a)
    k = bisect.bisect_left(ordered, 1.5)
    bisect.insort(ordered, a[0] * 0.4)
    return ordered[k] * ordered[0] + ordered[2]


@program(A)
def kept_in_order(a):
    ordered = []
    for v in a:
        ordered.insert(bisect.bisect_right(ordered, v * v), v * v)
    total = 0.0
    for k, v in enumerate(ordered):
        total += v * (k + 1)
    return total + ordered.pop(1) * len(ordered)


@program(A)
def taken_from_a_list(a):
    waiting = []
    for v in a:
        waiting.append(v * 2)
    total = 0.0
    while len(waiting) > 1:
        k = waiting.index(min(waiting))
        total += waiting.pop(k) ** 2 * len(waiting)
    waiting.remove(waiting[0])
    return total + len(waiting)
