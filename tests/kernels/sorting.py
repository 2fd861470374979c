"""Sorting in place: exchanges, networks, partitions, merges, heaps."""

from __future__ import annotations

import numpy as np

from tests.kernels.registry import kernel

SPREAD = np.array([0.9, -0.3, 0.5, 1.4, -1.1, 0.2, 0.7, -0.6])


# Sorting.


@kernel(SPREAD, second=True)
def bubble_sort(x):
    a = x.copy()
    for i in range(len(a)):
        for j in range(len(a) - 1 - i):
            if a[j] > a[j + 1]:
                a[j], a[j + 1] = a[j + 1], a[j]
    return np.sum(a ** 2 * np.arange(8.0))


@kernel(SPREAD)
def insertion_sort_in_the_argument(a):
    for i in range(1, len(a)):
        key = a[i]
        j = i - 1
        while j >= 0 and a[j] > key:
            a[j + 1] = a[j]
            j -= 1
        a[j + 1] = key
    return np.sum(a ** 2 * np.arange(8.0))


@kernel(SPREAD)
def odd_even_network(x):
    a = x.copy()
    n = len(a)
    for k in range(n):
        for i in range(k % 2, n - 1, 2):
            low, high = min(a[i], a[i + 1]), max(a[i], a[i + 1])
            a[i], a[i + 1] = low, high
    return np.sum(a ** 2 * np.arange(8.0))


@kernel(SPREAD)
def odd_even_network_by_slice(x):
    a = x.copy()
    for k in range(len(a)):
        left, right = a[k % 2:-1:2], a[k % 2 + 1::2]
        m = min(len(left), len(right))
        low = np.minimum(left[:m], right[:m])
        high = np.maximum(left[:m], right[:m])
        left[:m] = low
        right[:m] = high
    return np.sum(a ** 2 * np.arange(8.0))


@kernel(SPREAD)
def bitonic_sort(x):
    a = x.copy()
    n = len(a)
    k = 2
    while k <= n:
        j = k // 2
        while j > 0:
            for i in range(n):
                l = i ^ j
                if l > i:
                    if (i & k == 0 and a[i] > a[l]) or (i & k != 0 and a[i] < a[l]):
                        a[i], a[l] = a[l], a[i]
            j //= 2
        k *= 2
    return np.sum(a ** 2 * np.arange(8.0))


def quicksort(a, lo, hi):
    if lo < hi:
        p = a[hi]
        i = lo
        for j in range(lo, hi):
            if a[j] < p:
                a[i], a[j] = a[j], a[i]
                i += 1
        a[i], a[hi] = a[hi], a[i]
        quicksort(a, lo, i - 1)
        quicksort(a, i + 1, hi)


@kernel(SPREAD)
def quicksort_by_recursion(x):
    a = x.copy()
    quicksort(a, 0, len(a) - 1)
    return np.sum(a ** 2 * np.arange(8.0))


def mergesort(a):
    if len(a) < 2:
        return
    m = len(a) // 2
    left, right = a[:m].copy(), a[m:].copy()
    mergesort(left)
    mergesort(right)
    i = j = 0
    for k in range(len(a)):
        if j >= len(right) or (i < len(left) and left[i] <= right[j]):
            a[k] = left[i]
            i += 1
        else:
            a[k] = right[j]
            j += 1


@kernel(SPREAD)
def mergesort_in_the_argument(x):
    mergesort(x)
    return np.sum(x ** 2 * np.arange(8.0))


def sift(a, root, end):
    while 2 * root + 1 <= end:
        child = 2 * root + 1
        if child + 1 <= end and a[child] < a[child + 1]:
            child += 1
        if a[root] >= a[child]:
            return
        a[root], a[child] = a[child], a[root]
        root = child


@kernel(SPREAD)
def heapsort(x):
    a = x.copy()
    n = len(a)
    for start in range((n - 2) // 2, -1, -1):
        sift(a, start, n - 1)
    for end in range(n - 1, 0, -1):
        a[0], a[end] = a[end], a[0]
        sift(a, 0, end - 1)
    return np.sum(a ** 2 * np.arange(8.0))
