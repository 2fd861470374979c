"""The butterflies of an FFT, in place: linear, so the way back needs the factors alone."""

import numpy as np


def spectrum_energy(re, im):
    re, im = re.copy(), im.copy()
    n = len(re)
    size = 2
    while size <= n:
        half = size // 2
        for start in range(0, n, size):
            for k in range(half):
                c, s = np.cos(2 * np.pi * k / size), -np.sin(2 * np.pi * k / size)
                i, j = start + k, start + k + half
                tr, ti = re[j] * c - im[j] * s, re[j] * s + im[j] * c
                re[j], im[j] = re[i] - tr, im[i] - ti
                re[i] += tr
                im[i] += ti
        size *= 2
    return np.sum((re ** 2 + im ** 2) ** 2)


ARGS = (np.array([1.0, 0.5, -0.3, 0.2]), np.array([0.0, 0.1, 0.2, -0.4]))
WRT = ("re", "im")


# What follows is generated.


def spectrum_energy_adjoint(re, im, dy=1.0):
    # forward
    re = re.copy()
    im = im.copy()
    n = re.shape[0]
    size = 2
    size_tape = []
    tape = []
    while size <= n:
        size_tape.append(size)
        half = size // 2
        tape2 = []
        for start in range(0, n, size):
            tape3 = []
            for k in range(half):
                t1 = 2 * np.pi * k / size
                c = np.cos(t1)
                s = -np.sin(t1)
                tape3.append((c, s))
                i = start + k
                j = i + half
                t3 = re[j]
                t1 = im[j]
                tr = t3 * c - t1 * s
                ti = t3 * s + t1 * c
                re[j] = re[i] - tr
                im[j] = im[i] - ti
                re[i] += tr
                im[i] += ti
            tape2.append(tape3)
        tape.append(tape2)
        size *= 2
    # reverse
    t1 = 4 * dy * (re ** 2 + im ** 2)  # line 21: return np.sum((re ** 2 + im ** 2) ** 2)
    dim = t1 * im
    dre = t1 * re
    for size, tape2 in zip(reversed(size_tape), reversed(tape)):  # line 10: while size <= n:
        half = size // 2  # line 11: half = size // 2
        # line 12: for start in range(0, n, size):
        for start, tape3 in reversed(list(zip(range(0, n, size), tape2))):
            for k, (c, s) in reversed(list(zip(range(half), tape3))):  # line 13: for k in range(half):
                i = start + k  # line 15: i, j = start + k, start + k + half
                j = i + half
                dti = dim[i]  # line 19: im[i] += ti
                dtr = dre[i]  # line 18: re[i] += tr
                t1 = dim[j]  # line 17: re[j], im[j] = re[i] - tr, im[i] - ti
                t2 = dre[j]
                dti -= t1
                dtr -= t2
                dim[j] = dti * c - dtr * s  # line 16: tr, ti = re[j] * c - im[j] * s, re[j] * s + im[j] * c
                dim[i] += t1
                dre[j] = dti * s + dtr * c
                dre[i] += t2
    return dre, dim
