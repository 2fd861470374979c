"""Teach a small network to read handwritten digits.

The 1,797 images of 8 by 8 pixels that scikit-learn ships; one hidden layer of tanh units; the cross-entropy of the
right digit; Adam. All of it is plain NumPy, and the gradient is a dictionary like the one with the parameters.

    python examples/digits.py [PLOT.png]
"""

import sys

import numpy as np
from sklearn.datasets import load_digits

from srcad import value_and_grad

HIDDEN = 32
EPOCHS = 30
BATCH = 64


def logits(params, images):
    hidden = np.tanh(images @ params["w1"] + params["b1"])
    return hidden @ params["w2"] + params["b2"]


@value_and_grad
def loss(params, images, labels):
    """The mean cross-entropy, with a little weight decay."""
    scores = logits(params, images)
    scores = scores - np.max(scores, axis=1, keepdims=True)
    right = scores[np.arange(len(labels)), labels]
    decay = np.sum(params["w1"] ** 2) + np.sum(params["w2"] ** 2)
    return np.mean(np.log(np.sum(np.exp(scores), axis=1)) - right) + 1e-4 * decay


def load():
    """Training and test images and labels; pixels between 0 and 1."""
    digits = load_digits()
    images, labels = digits.data / 16.0, digits.target
    order = np.random.default_rng(0).permutation(len(labels))
    train, test = order[:1400], order[1400:]
    return images[train], labels[train], images[test], labels[test]


def start(rng, pixels=64, hidden=HIDDEN, classes=10):
    return {
        "w1": rng.normal(size=(pixels, hidden)) / np.sqrt(pixels),
        "b1": np.zeros(hidden),
        "w2": rng.normal(size=(hidden, classes)) / np.sqrt(hidden),
        "b2": np.zeros(classes),
    }


def train(images, labels, epochs=EPOCHS, rate=5e-3):
    """Parameters after `epochs` passes of Adam, and the mean loss of each pass."""
    rng = np.random.default_rng(1)
    params = start(rng)
    mean = {k: np.zeros_like(v) for k, v in params.items()}
    square = {k: np.zeros_like(v) for k, v in params.items()}
    history, t = [], 0
    for _ in range(epochs):
        losses = []
        order = rng.permutation(len(labels))
        for batch in np.array_split(order, len(order) // BATCH):
            value, gradient = loss(params, images[batch], labels[batch])
            losses.append(value)
            t += 1
            for k, g in gradient.items():
                mean[k] = 0.9 * mean[k] + 0.1 * g
                square[k] = 0.999 * square[k] + 0.001 * g ** 2
                scaled = mean[k] / (1 - 0.9 ** t) / (np.sqrt(square[k] / (1 - 0.999 ** t)) + 1e-8)
                params[k] = params[k] - rate * scaled
        history.append(float(np.mean(losses)))
    return params, history


def accuracy(params, images, labels):
    return float(np.mean(np.argmax(logits(params, images), axis=1) == labels))


def draw(params, history, images, labels, path):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=(11, 4))
    left, right = figure.subfigures(1, 2)
    axes = left.subplots()
    axes.semilogy(np.arange(1, len(history) + 1), history)
    axes.set(xlabel="pass over the training images", ylabel="loss")
    guesses = np.argmax(logits(params, images), axis=1)
    wrong = np.flatnonzero(guesses != labels)
    shown = np.concatenate([wrong, np.flatnonzero(guesses == labels)])[:15]
    right.suptitle("images that were not seen in training: the misread ones first")
    for cell, i in zip(right.subplots(3, 5).flat, shown, strict=True):
        cell.imshow(images[i].reshape(8, 8), cmap="gray_r")
        cell.set_title(f"{labels[i]}, read as {guesses[i]}", fontsize=8, color="red" if i in wrong else "black")
        cell.axis("off")
    figure.savefig(path)


def main(path="digits.png"):
    images, labels, test_images, test_labels = load()
    params, history = train(images, labels)
    seen, unseen = accuracy(params, images, labels), accuracy(params, test_images, test_labels)
    print(f"loss {history[0]:.3f} after the first pass, {history[-1]:.3f} after {len(history)}")
    print(f"read correctly: {seen:.1%} of {len(labels)} training images, {unseen:.1%} of {len(test_labels)} others")
    draw(params, history, test_images, test_labels, path)
    print(f"drawn to {path}")
    return {"loss": history[-1], "train": seen, "test": unseen}


if __name__ == "__main__":
    main(*sys.argv[1:2])
