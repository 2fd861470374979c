# %% [markdown]
# # Automatic differentiation
#
# A program is a sequence of operations whose derivatives are known.  The chain rule makes a derivative of the whole
# out of them, exactly, whatever the program does between its first line and its last.  An operation on a tensor
# that requires gradients runs at once and is also written down; `backward` reads what was written from its end.

# %%
import sys
import tracemalloc

import numpy as np

import srcad
import srcad.tensor as torch

x = torch.arange(4.0)
x.requires_grad_(True)        # the same as torch.arange(4.0, requires_grad=True)
print(x, x.grad)
y = 2 * torch.dot(x, x)
print(y)

# %% [markdown]
# The derivative of 2 x^T x is 4 x.  `backward_source` shows the program that computes it: what srcad writes is
# ordinary NumPy, with the line of ours that each of its lines reverses.

# %%
print(y.backward_source())
y.backward()
print(x.grad, x.grad == 4 * x)
assert torch.equal(x.grad, 4 * x.detach())

# %% [markdown]
# Gradients add up over several calls, until they are set to zero.

# %%
for _ in range(3):
    x.sum().backward()
print(x.grad)
x.grad.zero_()
x.sum().backward()
print(x.grad)

# %% [markdown]
# ## What is not a number
# The derivative of a vector by a vector is a matrix, but what training needs is the sum of the gradients of the
# examples in a batch.  So `backward` wants a number, or a vector that says with which weights the rows of the
# matrix are summed.

# %%
x.grad.zero_()
y = x * x
try:
    y.backward()
except RuntimeError as error:
    print("RuntimeError:", error)
y.backward(torch.ones(len(x)))
print(x.grad)
assert x.grad.tolist() == [0, 2, 4, 6]

# %% [markdown]
# ## Detached
# `y.detach()` has the values of y and no memory of how they came about: a constant.

# %%
x.grad.zero_()
y = x * x
u = y.detach()
z = u * x
z.sum().backward()
print(x.grad == u)
x.grad.zero_()
y.sum().backward()
print(x.grad == 2 * x)

# %% [markdown]
# ## Control flow
# Loops and branches run as they run, and the operations that they led to are what is differentiated.  This function
# is linear in a between its jumps, so its derivative is d / a.


# %%
def f(a):
    b = a * 2
    while b.norm() < 1000:
        b = b * 2
    if b.sum() > 0:
        c = b
    else:
        c = 100 * b
    return c


torch.manual_seed(2)
a = torch.randn(size=(), requires_grad=True)
d = f(a)
print(d.backward_source())
d.backward()
print(a.grad == d / a)
assert a.grad == d / a

# %% [markdown]
# The record has no loop: it is what happened for this a.  `srcad.grad` reads the function itself, so its derivative
# has the loop and the branch, and serves every a.

# %%
slope = srcad.grad(f)
assert slope(a.detach()) == a.grad
print(slope.source)

# %% [markdown]
# ## Two ways through the chain rule
# y = f3(f2(f1(x))) has the derivative D3 D2 D1, and a product of matrices can be worked out from either side.
#
# *Forward accumulation* starts at the input, (D3 (D2 D1)), and goes along with the program: one sweep gives the
# derivatives of everything by one input.  *Reverse accumulation* starts at the output, ((D3 D2) D1): one sweep
# gives the derivatives of one output by all inputs, but it needs the values that the program went through, which
# must be kept.
#
# Here are 1,000 inputs with one output, and one input with 1,000 outputs, through 50 steps.  Counted are the lines
# of generated code that run for the whole derivative, and the peak of memory of one sweep.


# %%
def many_to_one(x):
    for _ in range(50):
        x = np.sin(x) * 1.01
    return np.sum(x)


def one_to_many(t):
    x = t * np.arange(1000.0)
    for _ in range(50):
        x = np.sin(x) * 1.01
    return x


def measured(run):
    """How many lines of generated code ran, and the peak of memory."""
    lines = [0]

    def count(frame, event, argument):
        lines[0] += event == "line"
        return count

    sys.settrace(lambda frame, *_: count if frame.f_code.co_filename.startswith("<srcad") else None)
    run()
    sys.settrace(None)
    tracemalloc.start()
    run()
    memory = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return lines[0], memory


def sweep(mode, f, x):
    """One sweep, and how many of them the whole derivative takes."""
    y = f(x)
    if mode == "forward":
        return (lambda: srcad.jvp(f, (x,), (np.ones_like(x)[()],))), np.size(x)
    return (lambda: srcad.vjp(f, x)[1](np.ones(np.shape(y))[()])), np.size(y)


found = {}
for name, f, start in (("1000 inputs, 1 output", many_to_one, np.linspace(0.0, 1.0, 1000)),
                       ("1 input, 1000 outputs", one_to_many, 0.5)):
    for mode in ("forward", "reverse"):
        run, sweeps = sweep(mode, f, start)
        run()                             # the program is made at the first call
        lines, memory = measured(run)
        found[name, mode] = sweeps * lines, memory
        print(f"{name}, {mode}: {sweeps:4} times {lines} lines, {memory / 1000:.0f} kB at the peak")
for name, best in (("1000 inputs, 1 output", "reverse"), ("1 input, 1000 outputs", "forward")):
    other = "forward" if best == "reverse" else "reverse"
    assert 200 * found[name, best][0] < found[name, other][0], "hundreds of times less work"
    assert found[name, "reverse"][1] > 5 * found[name, "forward"][1], "and memory for what was kept"
