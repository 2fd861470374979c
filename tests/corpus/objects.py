"""Objects of the user's classes: methods that change them, operators, properties, class attributes."""

import numpy as np

from tests.corpus.registry import program


class Counter:
    def __init__(self, x):
        self.x = x
        self.n = 0

    def bump(self):
        self.n += 1
        self.x = self.x * 2
        return self


@program(0.7, 3)
def chained_methods(x, n):
    c = Counter(x)
    for _ in range(n):
        c.bump().bump()
    return c.x * c.n


class Base:
    k = 2.0

    def f(self, x):
        return self.g(x) * self.k

    def g(self, x):
        return x


class Derived(Base):
    k = 3.0

    def g(self, x):
        return super().g(x) * x


class Vec:
    def __init__(self, a, b):
        self.a, self.b = (a, b)

    def __add__(self, o):
        return Vec(self.a + o.a, self.b + o.b)

    def __mul__(self, s):
        return Vec(self.a * s, self.b * s)

    def __rmul__(self, s):
        return self * s

    def __getitem__(self, i):
        return (self.a, self.b)[i]

    def __len__(self):
        return 2

    def __neg__(self):
        return Vec(-self.a, -self.b)

    def __iter__(self):
        return iter((self.a, self.b))

    @staticmethod
    def unit():
        return Vec(1.0, 0.0)

    @classmethod
    def make(cls, x):
        return cls(x, x * x)

    @property
    def norm(self):
        return np.sqrt(self.a**2 + self.b**2)


@program(0.7)
def operators(x):
    v = Vec(x, 2.0) + Vec.make(x) * 3.0 + 2.0 * Vec.unit()
    w = -v
    return w.norm * v[0] + w[1] * len(v)


class Shape:
    scale = 2.0

    def __init__(self, size):
        self.size = size

    def area(self):
        return self.unit() * self.size**2 * self.scale

    def unit(self):
        return 1.0

    @property
    def double(self):
        return Shape.of(self.size * 2)

    @classmethod
    def of(cls, size):
        return cls(size)

    @staticmethod
    def half(x):
        return x / 2


class Disc(Shape):
    scale = 3.0

    def __init__(self, size, thickness=1.0):
        super().__init__(size)
        self.thickness = thickness

    def unit(self):
        return super().unit() * np.pi * self.thickness


class Ring(Disc):
    def area(self):
        return super().area() - self.half(self.size)


@program(0.7)
def inheritance(x):
    ring = Ring.of(x)
    other = ring.of(2.0)
    return Shape(x).area() + ring.area() * Disc(2.0, x).area() + ring.double.area() + other.thickness * other.size * x


@program(0.7, 4)
def object_passed_around(x, n):
    def grow(shape, by):
        shape.size = shape.size + by
        return shape

    disc = Disc(x)
    for i in range(n):
        grow(disc, x * i).thickness *= 0.9
        if disc.size > 2:
            disc.size = 1.0 + disc.size / 2
    return disc.area()


@program(0.7)
def isinstance_of_user_classes(x):
    shapes = [Shape(x), Disc(x), Ring(2.0)]
    total = 0.0
    for s in shapes:
        if isinstance(s, Disc):
            total += s.area() * s.thickness
        else:
            total -= s.area()
    return total
