"""Arrays as sets: sorted, each element once."""

from __future__ import annotations

import numpy as np

from srcad.runtime.arrays import first_places


def unique(ar, return_index=False, return_inverse=False, return_counts=False):  # type: ignore[no-untyped-def]
    flat, places = np.ravel(ar), first_places(ar)
    values = flat[places]
    if not (return_index or return_inverse or return_counts):
        return values
    inverse = np.searchsorted(values, flat)
    results = [values]
    if return_index:
        results.append(places)
    if return_inverse:
        results.append(np.reshape(inverse, np.shape(ar)))
    if return_counts:
        results.append(np.bincount(inverse))
    return tuple(results)


def union1d(ar1, ar2):  # type: ignore[no-untyped-def]
    return np.unique(np.concatenate([np.ravel(ar1), np.ravel(ar2)]))


def intersect1d(ar1, ar2, assume_unique=False):  # type: ignore[no-untyped-def]
    values = np.unique(ar1)
    return values[np.isin(values, ar2)]


def setdiff1d(ar1, ar2, assume_unique=False):  # type: ignore[no-untyped-def]
    values = np.ravel(ar1) if assume_unique else np.unique(ar1)
    return values[~np.isin(values, ar2)]


def setxor1d(ar1, ar2, assume_unique=False):  # type: ignore[no-untyped-def]
    return np.union1d(np.setdiff1d(ar1, ar2), np.setdiff1d(ar2, ar1))
