"""Draws: how often each of several things happens, and simpler ones."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from srcad.runtime.tensors import arithmetic, elementary, reductions
from srcad.runtime.tensors.creation import default_generator
from srcad.runtime.tensors.tensor import Size, Tensor, wrap


def _shape(sample_shape: Any) -> tuple[int, ...]:
    return tuple(sample_shape)


def _tensor(x: Any) -> Tensor:
    return x if isinstance(x, Tensor) else wrap(np.asarray(x, np.float32))


class _OfClasses:
    """What has a probability for each of several classes, in the last dimension."""

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: Any = None) -> None:
        if (probs is None) == (logits is None):
            raise ValueError("Either `probs` or `logits` must be specified, but not both.")
        given = _tensor(probs if logits is None else logits)
        if given.ndim < 1:
            raise ValueError("`probs` parameter must be at least one-dimensional.")
        if logits is None and (given._data < 0).any():
            raise ValueError("Expected parameter probs to satisfy the constraint Simplex(), but found invalid values: "
                             f"{given}")
        self.probs: Any = (arithmetic.divide(given, reductions.sum(given, -1, True)) if logits is None
                           else reductions.softmax(given, -1))
        self.logits: Any = (elementary.log(self.probs) if logits is None else reductions.log_softmax(given, -1))

    @property
    def batch_shape(self) -> Size:
        return Size(self.probs.shape[:-1])

    def _chances(self) -> np.ndarray:
        exact = self.probs._data.astype(float)
        return exact / exact.sum(-1, keepdims=True)  # type: ignore[no-any-return]


class Multinomial(_OfClasses):
    """How often each class comes in `total_count` independent draws.

    >>> import srcad.tensor as torch
    >>> Multinomial(10, torch.ones(6) / 6).sample().sum()
    tensor(10.)
    """

    def __init__(self, total_count: int = 1, probs: Any = None, logits: Any = None, validate_args: Any = None) -> None:
        if not isinstance(total_count, int):
            raise NotImplementedError("inhomogeneous total_count is not supported")
        super().__init__(probs, logits)
        self.total_count = total_count

    @property
    def event_shape(self) -> Size:
        return Size(self.probs.shape[-1:])

    @property
    def mean(self) -> Any:
        return self.probs * self.total_count

    @property
    def variance(self) -> Any:
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Counts, as floats, of the shape `sample_shape` and then that of the probabilities."""
        chances = self._chances()
        size = (*_shape(sample_shape), *chances.shape[:-1])
        drawn = default_generator.numbers.multinomial(self.total_count, chances, size)
        return wrap(drawn.astype(self.probs._data.dtype))

    def log_prob(self, value: Tensor) -> Any:
        """The logarithm of the probability of these counts."""
        ways = np.vectorize(math.lgamma, otypes=[float])
        fixed = math.lgamma(self.total_count + 1) - ways(value._data + 1.0).sum(-1)
        return reductions.sum(value * self.logits, -1) + wrap(np.asarray(fixed, self.probs._data.dtype))  # type: ignore[operator]


class Categorical(_OfClasses):
    """The number of a class."""

    def sample(self, sample_shape: Any = ()) -> Tensor:
        chances = self._chances()
        u = default_generator.numbers.random((*_shape(sample_shape), *chances.shape[:-1], 1))
        return wrap(np.asarray((u > np.cumsum(chances, -1)).sum(-1).clip(0, chances.shape[-1] - 1)))

    def log_prob(self, value: Tensor) -> Any:
        index = np.expand_dims(value._data, -1)
        return reductions.gathered(self.logits, self.logits.ndim - 1, index)[..., 0]  # type: ignore[index]


class Bernoulli:
    """0 or 1."""

    def __init__(self, probs: Any, validate_args: Any = None) -> None:
        self.probs: Any = _tensor(probs)

    @property
    def mean(self) -> Any:
        return self.probs

    def sample(self, sample_shape: Any = ()) -> Tensor:
        u = default_generator.numbers.random((*_shape(sample_shape), *self.probs.shape))
        return wrap(np.asarray(u < self.probs._data, self.probs._data.dtype))

    def log_prob(self, value: Any) -> Any:
        return value * elementary.log(self.probs) + (1 - value) * elementary.log(1 - self.probs)


class Normal:
    """Numbers with a mean and a deviation."""

    def __init__(self, loc: Any, scale: Any, validate_args: Any = None) -> None:
        self.loc: Any = _tensor(loc)
        self.scale: Any = _tensor(scale)

    @property
    def mean(self) -> Any:
        return self.loc

    @property
    def stddev(self) -> Any:
        return self.scale

    def rsample(self, sample_shape: Any = ()) -> Any:
        """A draw as a function of mean and deviation, which gradients flow to."""
        shape = (*_shape(sample_shape), *np.broadcast_shapes(self.loc.shape, self.scale.shape))
        noise = np.asarray(default_generator.numbers.standard_normal(shape), self.loc._data.dtype)
        return self.loc + self.scale * wrap(noise)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        return self.rsample(sample_shape).detach()  # type: ignore[no-any-return]

    def log_prob(self, value: Any) -> Any:
        deviation = (value - self.loc) / self.scale
        return -deviation * deviation / 2 - elementary.log(self.scale) - math.log(math.sqrt(2 * math.pi))


class Uniform:
    """Numbers between two bounds."""

    def __init__(self, low: Any, high: Any, validate_args: Any = None) -> None:
        self.low: Any = _tensor(low)
        self.high: Any = _tensor(high)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        shape = (*_shape(sample_shape), *np.broadcast_shapes(self.low.shape, self.high.shape))
        u = wrap(np.asarray(default_generator.numbers.random(shape), self.low._data.dtype))
        return (self.low + (self.high - self.low) * u).detach()  # type: ignore[no-any-return]
