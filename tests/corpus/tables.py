"""Dicts, sets and nested lists whose keys and indices are computed."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np

from tests.corpus.registry import program

VALUES = np.linspace(0.1, 1.0, 10)
LABELS = np.array([0, 1, 0, 2, 1, 1, 0, 2, 2, 1])


@program(VALUES, LABELS)
def sums_by_label(values, labels):
    totals = {}
    for label, v in zip(labels, values):
        totals[label] = totals.get(label, 0.0) + v * v
    return totals[0] * totals[1] + totals[2]


@program(VALUES, [3, 1, 1, 3, 1, 2, 2, 3, 1, 1])
def squares_in_a_defaultdict(values, labels):
    totals = defaultdict(float)
    for label, v in zip(labels, values):
        totals[label] += v * v
    return sum(np.sin(t) for t in totals.values())


@program(VALUES, LABELS)
def groups_in_lists(values, labels):
    groups = defaultdict(list)
    for label, v in zip(labels, values):
        groups[label].append(v)
    return sum(sum(g) ** 2 / len(g) for g in groups.values())


@program(VALUES, LABELS)
def groups_by_setdefault(values, labels):
    groups = {}
    for i, label in enumerate(labels):
        groups.setdefault(label, []).append(values[i])
    score = 0.0
    for label, group in groups.items():
        score += (label + 1) * sum(group) ** 2 / len(group)
    return score


@program(VALUES, LABELS)
def products_by_label(values, labels):
    found = {}
    for i, label in enumerate(labels):
        if label in found:
            found[label] = found[label] * values[i]
        else:
            found[label] = values[i] + 1
    score = 0.0
    for label, p in found.items():
        score += label * p
    for label in found:
        score += np.sin(found[label])
    return score + len(found)


@program(VALUES, LABELS)
def pairs_as_keys(values, labels):
    cells = {}
    for i, label in enumerate(labels):
        cells[label, i % 2] = cells.get((label, i % 2), 0.0) + values[i] ** 2
    score = 0.0
    for (label, parity), v in cells.items():
        score += (label + parity) * v * v
    del cells[0, 0]
    return score + len(cells) + 3 * cells.pop((1, 1)) + sum(cells.values())


@program(VALUES.reshape(5, 2), LABELS[:5])
def arrays_by_label(rows, labels):
    sums = defaultdict(lambda: np.zeros(2))
    for i in range(len(labels)):
        sums[labels[i]] += rows[i] ** 2
    return sum(np.sum(np.sin(s)) for s in sums.values())


@program(VALUES, LABELS)
def weights_by_frequency(values, labels):
    counts = Counter(labels)
    return sum(v ** 2 / counts[label] for label, v in zip(labels, values))


@program(VALUES, LABELS)
def last_of_each_label(values, labels):
    last = {label: v for label, v in zip(labels, values)}
    return sum(v * v for v in last.values())


@program(VALUES, LABELS)
def first_of_each_label(values, labels):
    seen, first = set(), []
    for label, v in zip(labels, values):
        if label in seen:
            continue
        seen.add(label)
        first.append(v)
    return sum(v * v for v in first) + len(seen)


@program(1.3, np.array([2, 1, 0, 1]))
def table_of_weights(x, kinds):
    weights = {0: x, 1: x * x, 2: np.sin(x)}
    return sum(weights[k] for k in kinds) + weights.get(kinds[0], 1.0) + (x if kinds[1] in weights else 0.0)


@program(0.3, 30)
def memo_of_a_sequence(x, n):
    known = {1: x}

    def value(k):
        steps = []
        while k not in known:
            steps.append(k)
            k = k // 2 if k % 2 == 0 else 3 * k + 1
        v = known[k]
        for j in reversed(steps):
            v = np.sin(v) + 0.1
            known[j] = v
        return v

    total = 0.0
    for k in range(1, n):
        total += value(k)
    return total


@program(np.array([0.1, 0.35, 0.7, 1.0]), np.array([0.25, 0.4, 0.95]))
def alignment_by_memo(a, b):
    memo = {}

    def cost(i, j):
        if i < 0 and j < 0:
            return 0.0
        if i < 0 or j < 0:
            return 1e3
        if (i, j) not in memo:
            memo[i, j] = (a[i] - b[j]) ** 2 + min(cost(i - 1, j), cost(i, j - 1), cost(i - 1, j - 1))
        return memo[i, j]

    return cost(len(a) - 1, len(b) - 1)


@program(VALUES[:6].reshape(2, 3), np.array([[0, 1], [1, 1], [1, 0]]))
def sparse_product(v, places):
    a = {}
    for k in range(len(places)):
        i, j = places[k]
        a[i, j] = a.get((i, j), 0.0) + v[0, k]
    y = np.zeros(2)
    for (i, j), entry in a.items():
        y[i] += entry * v[1, j]
    return np.sum(y * y)


@program(np.arange(1.0, 4.0))
def rows_that_grow(a):
    rows = []
    for v in a:
        rows.append([v])
    for k in range(len(a)):
        rows[k].append(v * k)
        rows[0].append(a[k] * 2)
    return sum(e * e for row in rows for e in row)


@program(np.linspace(0.1, 1.0, 9), 9)
def paths_in_nested_lists(a, n):
    paths = [[0.0] * n for _ in range(n)]
    for i in range(n):
        for j in range(n):
            paths[i][j] = a[i] * a[j] + (paths[i - 1][j] if i else 0.0) + (paths[i][j - 1] if j else 0.0)
    return paths[n - 1][n - 1] * 1e-3


@program(np.arange(1.0, 4.0))
def lengths_in_a_list_change(a):
    pair = [a, 2 * a]
    for k in range(4):
        pair[k % 2] = np.append(pair[k % 2], pair[(k + 1) % 2][0])
    return np.sum(pair[0]) * np.sum(pair[1])


@program(np.arange(1.0, 4.0))
def unlike_lengths_in_a_list(a):
    parts = [a, 2 * a[:2], a[:1]]
    for k in range(4):
        parts[k % 3] = parts[k % 3] * a[0]
    total = 0.0
    for left, right in zip(parts, parts[1:]):
        total += np.sum(left) * np.sum(right)
    return total + np.sum(parts[2] * parts[0])
