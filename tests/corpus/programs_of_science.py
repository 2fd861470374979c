"""Classes, containers and functions together, in the style of scientific programs."""

import abc
import functools
import operator
from collections import Counter
from dataclasses import dataclass, field
from functools import reduce
from typing import NamedTuple

import numpy as np

from tests.corpus.registry import program

X = np.random.default_rng(1).normal(size=(5, 3))
V = np.array([0.4, -0.9, 0.25])
T = np.array([0.3, -0.5, 0.9, 0.2, -0.8, 0.6])


class KalmanFilter:
    def __init__(self, F, H, Q, Rn):
        self.F, self.H, self.Q, self.R = F, H, Q, Rn
        self.x = np.zeros(F.shape[0])
        self.P = np.eye(F.shape[0])
        self.log_likelihood = 0.0
        self.steps = 0

    def predict(self):
        self.x = self.F @ self.x
        self.P = self.F @ self.P @ self.F.T + self.Q
        return self

    def update(self, z):
        y = z - self.H @ self.x
        S = self.H @ self.P @ self.H.T + self.R
        K = self.P @ self.H.T @ np.linalg.inv(S)
        self.x = self.x + K @ y
        self.P = (np.eye(len(self.x)) - K @ self.H) @ self.P
        self.log_likelihood += -0.5 * (y @ np.linalg.solve(S, y) + np.linalg.slogdet(S)[1])
        self.steps += 1


@program(T, 0.3)
def kalman(zs, q):
    kf = KalmanFilter(np.array([[1.0, 0.1], [0.0, 1.0]]), np.array([[1.0, 0.0]]), q * np.eye(2), np.eye(1))
    for z in zs:
        kf.predict().update(np.array([z]))
    return kf.log_likelihood / kf.steps


class Adam:
    def __init__(self, lr=0.1, betas=(0.9, 0.999), eps=1e-8):
        self.lr, (self.b1, self.b2), self.eps = lr, betas, eps
        self.state = {}
        self.t = 0

    def step(self, params, grads):
        self.t += 1
        new = {}
        for name, p in params.items():
            m, v = self.state.get(name, (0.0, 0.0))
            m = self.b1 * m + (1 - self.b1) * grads[name]
            v = self.b2 * v + (1 - self.b2) * grads[name] ** 2
            self.state[name] = (m, v)
            mh, vh = m / (1 - self.b1**self.t), v / (1 - self.b2**self.t)
            new[name] = p - self.lr * mh / (np.sqrt(vh) + self.eps)
        return new


@program(V, 0.5)
def adam(w, b):
    opt = Adam(lr=0.05)
    params = {"w": w, "b": b}
    for _ in range(4):
        grads = {"w": 2 * params["w"] + 0.1, "b": params["b"] ** 3 + 1}
        params = opt.step(params, grads)
    return np.sum(params["w"] ** 2) + params["b"]


class Integrator(abc.ABC):
    order = None

    def __init__(self, f):
        self.f, self.nfev = f, 0

    def rhs(self, t, y):
        self.nfev += 1
        return self.f(t, y)

    @abc.abstractmethod
    def step(self, t, y, h): ...
    def solve(self, y0, t0, t1, n):
        h, t, y = (t1 - t0) / n, t0, y0
        traj = [y0]
        for _ in range(n):
            y = self.step(t, y, h)
            t += h
            traj.append(y)
        return np.array(traj)


class Euler(Integrator):
    order = 1

    def step(self, t, y, h):
        return y + h * self.rhs(t, y)


class Heun(Euler):
    order = 2

    def step(self, t, y, h):
        k1 = self.rhs(t, y)
        k2 = self.rhs(t + h, y + h * k1)
        return y + 0.5 * h * (k1 + k2)


@program(V, 0.4)
def integrators(y0, a):
    total = 0.0
    for cls in (Euler, Heun):
        it = cls(lambda t, y: -a * y + np.sin(t))
        total += np.sum(it.solve(y0, 0.0, 1.0, 5)) * cls.order + it.nfev
    return total


class Material(NamedTuple):
    E: float
    nu: float = 0.3

    @property
    def lame(self):
        return self.E * self.nu / ((1 + self.nu) * (1 - 2 * self.nu))

    def scaled(self, k):
        return self._replace(E=k * self.E)


@program(2.0, 0.25)
def material(E, nu):
    m = Material(E, nu=nu).scaled(1.5)
    return m.lame + sum(m) + (m == (E, nu)) + m.E * m[1]


class Grid:
    def __init__(self, n, L):
        self.n, self.L = n, L
        self.dx = L / n

    @classmethod
    def unit(cls, n):
        return cls(n, 1.0)

    @staticmethod
    def laplacian(u):
        return u[2:] - 2 * u[1:-1] + u[:-2]

    @functools.cached_property
    def x(self):
        return np.linspace(0.0, self.L, self.n + 1)

    def __repr__(self):
        return f"Grid({self.n}, {self.L})"


@program(T, 0.7)
def grid(u, L):
    g = Grid(5, L)
    print(g.n, "cells")
    return np.sum(Grid.laplacian(u) ** 2) / g.dx**2 + np.sum(g.x * u) + Grid.unit(4).dx


class Dual:
    def __init__(self, a, b=0.0):
        self.a, self.b = a, b

    @staticmethod
    def lift(o):
        return o if isinstance(o, Dual) else Dual(o)

    def __add__(self, o):
        o = Dual.lift(o)
        return Dual(self.a + o.a, self.b + o.b)

    __radd__ = __add__

    def __mul__(self, o):
        o = Dual.lift(o)
        return Dual(self.a * o.a, self.a * o.b + self.b * o.a)

    __rmul__ = __mul__

    def __sub__(self, o):
        return self + (-1) * Dual.lift(o)

    def __rsub__(self, o):
        return Dual.lift(o) - self

    def __pow__(self, n):
        return reduce(operator.mul, [self] * n)

    def __truediv__(self, o):
        o = Dual.lift(o)
        return Dual(self.a / o.a, (self.b * o.a - self.a * o.b) / o.a**2)

    def __neg__(self):
        return -1 * self

    def __gt__(self, o):
        return self.a > Dual.lift(o).a

    def __abs__(self):
        return -self if self.a < 0 else self


@program(0.7)
def duals(x):
    d = Dual(x, 1.0)
    y = 3 * d**3 - 2 / (Dual.lift(1.0) + d * d) * 1 if False else 3 * d**3 - d / (1 + d * d)
    return y.b + abs(-y).a + (1.0 if d > 0.2 else 0.0)


class Matrix:
    def __init__(self, rows):
        self.rows = [list(r) for r in rows]

    def __getitem__(self, ij):
        i, j = ij
        return self.rows[i][j]

    def __setitem__(self, ij, v):
        i, j = ij
        self.rows[i][j] = v

    def __matmul__(self, o):
        n, m = len(self.rows), len(o.rows[0])
        return Matrix([[sum(self[i, k] * o[k, j] for k in range(len(o.rows))) for j in range(m)] for i in range(n)])

    def trace(self):
        return sum(r[i] for i, r in enumerate(self.rows))

    def __iter__(self):
        return iter(self.rows)


@program(0.7, 0.2)
def matrix_class(a, b):
    m = Matrix([[a, b], [b, a * b]])
    m[0, 1] = m[0, 1] * 2
    m[1, 0] += a
    p = m @ m
    return p.trace() + sum(sum(r) for r in p)


class Node:
    def __init__(self, val, left=None, right=None):
        self.val, self.left, self.right = val, left, right

    def insert(self, v, key):
        if key < 2:
            if self.left is None:
                self.left = Node(v)
            else:
                self.left.insert(v, key + 1)
        elif self.right is None:
            self.right = Node(v)
        else:
            self.right.insert(v, key + 1)

    def fold(self, f, init):
        acc = f(init, self.val)
        if self.left is not None:
            acc = self.left.fold(f, acc)
        if self.right is not None:
            acc = self.right.fold(f, acc)
        return acc


@program(0.7, 0.2)
def bst(a, b):
    root = Node(a)
    root.insert(b, 0)
    root.insert(a * b, 3)
    root.insert(a + b, 0)
    return root.fold(lambda s, v: s * v + v**2, 1.0)


class LinkedList:
    def __init__(self):
        self.head = None
        self.size = 0

    def push(self, v):
        self.head = (v, self.head)
        self.size += 1

    def total(self):
        node, s = self.head, 0.0
        while node is not None:
            v, node = node
            s = s * 0.5 + v**2
        return s / self.size


@program(V)
def linked(x):
    xs = LinkedList()
    xs.push(x[0])
    xs.push(x[1])
    xs.push(x[2])
    return xs.total()


class Registry:
    _models = {}

    @classmethod
    def register(cls, name):
        def deco(f):
            cls._models[name] = f
            return f

        return deco

    @classmethod
    def get(cls, name):
        return cls._models[name]


@Registry.register("square")
def square_model(x):
    return x**2


@Registry.register("cubic")
def cubic_model(x):
    return x**3


@program(0.7)
def registry(x):
    return sum(Registry.get(n)(x) for n in ("square", "cubic"))


class Config:
    def __init__(self, **kw):
        self.__dict__.update(kw)

    def __getattr__(self, name):
        raise AttributeError(name)


@program(0.7)
def config_kwargs(x):
    c = Config(a=x, b=2.0)
    return c.a * c.b + getattr(c, "zz", 3.0) * x


class Poly:
    def __init__(self, *coeffs):
        self.c = coeffs

    def __call__(self, x):
        acc = 0.0
        for a in reversed(self.c):
            acc = acc * x + a
        return acc

    def deriv(self):
        return Poly(*(k * a for k, a in enumerate(self.c) if k))

    def __len__(self):
        return len(self.c)

    def __bool__(self):
        return any(a != 0 for a in self.c)

    def __eq__(self, o):
        return self.c == o.c


@program(0.7, 0.2)
def poly(a, x):
    p = Poly(1.0, a, a**2, 2.0)
    root = x
    for _ in range(3):
        root = root - p(root) / p.deriv()(root)
    return root * len(p) + (p(1.0) if p else 0.0)


class WithContext:
    def __init__(self, scale):
        self.scale, self.log = scale, []

    def __hash__(self):
        return 7

    def record(self, **kw):
        self.log.append(kw)
        return self

    def sum(self, key):
        return sum(r[key] for r in self.log if key in r)


@program(0.7)
def log_dicts(x):
    w = WithContext(2.0)
    w.record(a=x, b=1.0).record(a=x**2).record(b=x * 3)
    return w.sum("a") * w.sum("b") * w.scale


@dataclass
class Atom:
    symbol: str
    pos: np.ndarray
    charge: float = 0.0


@dataclass
class Molecule:
    atoms: list[Atom] = field(default_factory=list)
    box: tuple = (1.0, 1.0, 1.0)

    def energy(self):
        e = 0.0
        for i, a in enumerate(self.atoms):
            for b in self.atoms[i + 1 :]:
                e += a.charge * b.charge / np.linalg.norm(a.pos - b.pos)
        return e

    def counts(self):
        return Counter(a.symbol for a in self.atoms)

    @property
    def dipole(self):
        return sum(a.charge * a.pos for a in self.atoms)


@program(X, 0.4)
def molecule(x, q):
    m = Molecule([Atom("H", x[0], q), Atom("O", x[1], -2 * q), Atom("H", x[2], q)])
    return m.energy() + m.dipole @ m.dipole + m.counts()["H"] + max(m.atoms, key=lambda a: a.charge).charge


@dataclass(order=True)
class Item:
    cost: float
    name: str = field(compare=False, default="x")


@program(0.7, 0.2)
def ordered_items(a, b):
    items = sorted([Item(a, "p"), Item(b, "q"), Item(a * b)])
    return items[0].cost + 2 * items[-1].cost ** 2 + (Item(1.0) == Item(1.0))
