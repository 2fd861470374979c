"""Elementary functions of numbers."""

import numpy as np


def wave(t, damping, frequency):
    envelope = np.exp(-damping * t)
    phase = np.sin(frequency * t) / frequency
    return envelope * phase


ARGS = (0.5, 0.3, 2.0)
WRT = ("t", "damping", "frequency")
MODES = ("reverse", "forward")


# What follows is generated.


def wave_adjoint(t, damping, frequency, dy=1.0):
    # forward
    envelope = np.exp(-damping * t)
    t1 = frequency * t
    phase = np.sin(t1) / frequency
    # reverse
    denvelope = dy * phase  # line 9: return envelope * phase
    dphase = dy * envelope
    t2 = dphase / frequency * np.cos(t1)  # line 8: phase = np.sin(frequency * t) / frequency
    dt = t2 * frequency
    dfrequency = -dphase * phase / frequency + t2 * t
    t3 = denvelope * envelope  # line 7: envelope = np.exp(-damping * t)
    dt -= t3 * damping
    ddamping = -t3 * t
    return dt, ddamping, dfrequency


def wave_tangent(t, damping, frequency, t_dot, damping_dot, frequency_dot):
    envelope = np.exp(-damping * t)
    envelope_dot = (-damping_dot * t - t_dot * damping) * envelope
    t1 = frequency * t
    phase = np.sin(t1) / frequency
    t2 = frequency_dot * phase / frequency
    phase_dot = (frequency_dot * t + t_dot * frequency) * np.cos(t1) / frequency - t2
    return envelope * phase, envelope_dot * phase + phase_dot * envelope
