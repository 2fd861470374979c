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
    t1 = -damping
    envelope = np.exp(t1 * t)
    t2 = frequency * t
    phase = np.sin(t2) / frequency
    # reverse
    denvelope = dy * phase  # line 9: return envelope * phase
    dphase = dy * envelope
    t3 = dphase / frequency * np.cos(t2)  # line 8: phase = np.sin(frequency * t) / frequency
    dt = t3 * frequency
    dfrequency = -dphase * phase / frequency + t3 * t
    t4 = denvelope * envelope  # line 7: envelope = np.exp(-damping * t)
    dt += t4 * t1
    ddamping = -t4 * t
    return dt, ddamping, dfrequency


def wave_tangent(t, damping, frequency, t_dot, damping_dot, frequency_dot):
    t1 = -damping
    envelope = np.exp(t1 * t)
    envelope_dot = (-damping_dot * t + t_dot * t1) * envelope
    t2 = frequency * t
    phase = np.sin(t2) / frequency
    t1 = frequency_dot * phase / frequency
    phase_dot = (frequency_dot * t + t_dot * frequency) * np.cos(t2) / frequency - t1
    return envelope * phase, envelope_dot * phase + phase_dot * envelope
