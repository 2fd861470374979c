"""Distributions that can be drawn from."""

from srcad.tensor.distributions import multinomial
from srcad.tensor.distributions.multinomial import Bernoulli, Categorical, Multinomial, Normal, Uniform

__all__ = ["Bernoulli", "Categorical", "Multinomial", "Normal", "Uniform", "multinomial"]
