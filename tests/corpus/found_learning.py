"""Programs as they are found in scientific repositories: learning, statistics, finance, signals."""

from __future__ import annotations

import numpy as np

from tests.corpus.registry import program

RNG = np.random.default_rng(11)


@program(RNG.normal(size=(4, 3)), RNG.normal(size=(12, 3)) * 0.5, RNG.normal(size=(12, 3)) * 0.5, np.zeros(12))
def lstm_over_a_sequence(xs, w_in, w_hidden, bias):
    """One layer, gates in one matrix, as in many teaching notebooks."""
    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    size = w_hidden.shape[1]
    h, c = np.zeros(size), np.zeros(size)
    outputs = []
    for x in xs:
        gates = w_in @ x + w_hidden @ h + bias
        i = sigmoid(gates[:size])
        f = sigmoid(gates[size:2 * size] + 1.0)
        o = sigmoid(gates[2 * size:3 * size])
        g = np.tanh(gates[3 * size:])
        c = f * c + i * g
        h = o * np.tanh(c)
        outputs.append(h)
    stacked = np.array(outputs)
    scores = stacked @ outputs[-1]
    weights = np.exp(scores - np.max(scores))
    weights = weights / np.sum(weights)
    return np.sum((weights @ stacked) ** 2)


@program(RNG.normal(size=(5, 4)), RNG.normal(size=(3, 4, 4)) * 0.5, RNG.normal(size=(4, 6)) * 0.3,
         RNG.normal(size=(6, 4)) * 0.3)
def transformer_block(x, projections, w_up, w_down):
    """Two heads of causal attention, layer norms and a feed-forward part."""
    def layer_norm(z):
        mean = z.mean(axis=-1, keepdims=True)
        variance = ((z - mean) ** 2).mean(axis=-1, keepdims=True)
        return (z - mean) / np.sqrt(variance + 1e-5)

    def softmax(z):
        e = np.exp(z - z.max(axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True)

    n, d = x.shape
    heads, size = 2, d // 2
    normed = layer_norm(x)
    q, k, v = (normed @ p for p in projections)
    mask = np.triu(np.full((n, n), -1e9), k=1)
    mixed = []
    for h in range(heads):
        part = slice(h * size, (h + 1) * size)
        scores = q[:, part] @ k[:, part].T / np.sqrt(size)
        mixed.append(softmax(scores + mask) @ v[:, part])
    x = x + np.concatenate(mixed, axis=1)
    hidden = layer_norm(x) @ w_up
    gelu = 0.5 * hidden * (1 + np.tanh(0.7978845608 * (hidden + 0.044715 * hidden ** 3)))
    x = x + gelu @ w_down
    return np.mean(x ** 2)


@program(RNG.normal(size=(6, 6)), RNG.normal(size=(2, 3, 3)) * 0.4, RNG.normal(size=(3, 8)) * 0.3, 1)
def network_of_convolutions(image, kernels, w, label):
    """A layer of filters, ReLU, pooling, a dense layer and cross-entropy, with explicit loops."""
    count, kh, kw = kernels.shape
    rows, columns = image.shape[0] - kh + 1, image.shape[1] - kw + 1
    features = []
    for f in range(count):
        response = np.zeros((rows, columns))
        for i in range(rows):
            for j in range(columns):
                response[i, j] = np.sum(image[i:i + kh, j:j + kw] * kernels[f])
        response = np.maximum(response, 0.0)
        pooled = np.zeros((rows // 2, columns // 2))
        for i in range(rows // 2):
            for j in range(columns // 2):
                window = response[2 * i:2 * i + 2, 2 * j:2 * j + 2]
                pooled[i, j] = window.mean()
        features.append(pooled.ravel())
    logits = w @ np.concatenate(features)
    shifted = logits - logits.max()
    log_probabilities = shifted - np.log(np.sum(np.exp(shifted)))
    return -log_probabilities[label] + 1e-3 * np.sum(w ** 2)


@program(RNG.normal(size=(8, 2)), np.array([[0.5, 0.5], [-0.5, -0.4]]))
def clusters_by_lloyd(points, centres):
    """A few rounds of k-means, and the inertia."""
    k = len(centres)
    for _ in range(3):
        labels = []
        for p in points:
            distances = [np.sum((p - c) ** 2) for c in centres]
            best = 0
            for j in range(1, k):
                if distances[j] < distances[best]:
                    best = j
            labels.append(best)
        moved = []
        for j in range(k):
            total, count = np.zeros(2), 0
            for p, label in zip(points, labels):
                if label == j:
                    total = total + p
                    count += 1
            moved.append(total / count if count else centres[j])
        centres = np.array(moved)
    inertia = 0.0
    for p, label in zip(points, labels):
        inertia += np.sum((p - centres[label]) ** 2)
    return inertia


@program(np.linspace(0.0, 1.0, 9), np.sin(np.linspace(0.0, 3.0, 9)), 0.5)
def boosted_stumps(x, y, rate):
    """Gradient boosting of stumps, whose thresholds are tried one by one."""
    thresholds = [0.2, 0.45, 0.7]
    prediction = np.full(len(y), 1.0) * np.mean(y)
    stumps = []
    for _ in range(3):
        residual = y - prediction
        best = None
        for threshold in thresholds:
            left = x < threshold
            low, high = np.mean(residual[left]), np.mean(residual[~left])
            fitted = np.where(left, low, high)
            error = np.sum((residual - fitted) ** 2)
            if best is None or error < best[0]:
                best = (error, threshold, low, high)
        _, threshold, low, high = best
        stumps.append((threshold, low, high))
        prediction = prediction + rate * np.where(x < threshold, low, high)
    complexity = sum(low ** 2 + high ** 2 for _, low, high in stumps)
    return np.sum((y - prediction) ** 2) + 0.1 * complexity


@program(RNG.normal(size=8), 0.5, np.array([0.9, 0.3]))
def particle_filter_with_weights(observations, noise, model):
    """A cloud of particles with fixed draws, weighted by the likelihood and resampled softly."""
    rng = np.random.default_rng(3)
    a, c = model
    count = 6
    particles = rng.normal(size=count)
    log_likelihood = 0.0
    for y in observations:
        draws = rng.normal(size=count)
        particles = a * particles + 0.5 * np.sin(particles) + noise * draws
        errors = y - c * particles
        log_weights = -0.5 * errors ** 2 / 0.25
        largest = np.max(log_weights)
        weights = np.exp(log_weights - largest)
        total = np.sum(weights)
        log_likelihood += largest + np.log(total / count)
        weights = weights / total
        effective = 1 / np.sum(weights ** 2)
        if effective < count / 2:
            mean = np.sum(weights * particles)
            particles = 0.5 * particles + 0.5 * mean
    return log_likelihood


@program(np.array([0.6, 0.4]), np.array([[0.7, 0.3], [0.2, 0.8]]), np.array([[0.5, 0.4, 0.1], [0.1, 0.3, 0.6]]),
         [0, 2, 1, 1, 2, 0])
def hidden_markov_forward_backward(start, transition, emission, symbols):
    """Scaled forward and backward passes, posterior states and the expected number of switches."""
    n, states = len(symbols), len(start)
    alpha, scales = [], []
    a = start * emission[:, symbols[0]]
    for t in range(n):
        if t > 0:
            a = (a @ transition) * emission[:, symbols[t]]
        scale = np.sum(a)
        a = a / scale
        alpha.append(a)
        scales.append(scale)
    beta = [np.ones(states)]
    for t in range(n - 1, 0, -1):
        beta.insert(0, transition @ (emission[:, symbols[t]] * beta[0]) / scales[t])
    switches = 0.0
    for t in range(n - 1):
        pair = np.outer(alpha[t], emission[:, symbols[t + 1]] * beta[t + 1]) * transition / scales[t + 1]
        switches += pair[0, 1] + pair[1, 0]
    return sum(np.log(s) for s in scales) + 0.1 * switches


@program(100.0, 105.0, 0.05, 0.25, 1.0)
def american_put_by_a_tree(spot, strike, rate, volatility, years):
    """A binomial tree with early exercise, and its difference from the European price."""
    steps = 10
    dt = years / steps
    up = np.exp(volatility * np.sqrt(dt))
    down = 1 / up
    growth = np.exp(rate * dt)
    p = (growth - down) / (up - down)
    prices = []
    for k in range(steps + 1):
        prices.append(spot * up ** (steps - k) * down ** k)
    american = [max(strike - s, 0.0) for s in prices]
    european = list(american)
    for step in range(steps - 1, -1, -1):
        for k in range(step + 1):
            price = spot * up ** (step - k) * down ** k
            waiting = (p * american[k] + (1 - p) * american[k + 1]) / growth
            exercise = strike - price
            american[k] = exercise if exercise > waiting else waiting
            european[k] = (p * european[k] + (1 - p) * european[k + 1]) / growth
    return american[0] + 0.1 * (american[0] - european[0])


@program(RNG.normal(size=6) + 3.0, 1e-2)
def tridiagonal_smoothing_spline(y, penalty):
    """Whittaker's smoother by the algorithm of Thomas; the penalty is scaled by the spread of the data."""
    n = len(y)
    strength = penalty * np.var(y) * 100
    lower, diagonal, upper = np.zeros(n), np.zeros(n), np.zeros(n)
    for i in range(n):
        degree = 2 if 0 < i < n - 1 else 1
        diagonal[i] = 1 + strength * degree
        if i > 0:
            lower[i] = -strength
        if i < n - 1:
            upper[i] = -strength
    c, d = np.zeros(n), np.zeros(n)
    c[0], d[0] = upper[0] / diagonal[0], y[0] / diagonal[0]
    for i in range(1, n):
        pivot = diagonal[i] - lower[i] * c[i - 1]
        c[i] = upper[i] / pivot
        d[i] = (y[i] - lower[i] * d[i - 1]) / pivot
    z = np.zeros(n)
    z[-1] = d[-1]
    for i in range(n - 2, -1, -1):
        z[i] = d[i] - c[i] * z[i + 1]
    return np.sum((y - z) ** 2) + np.sum(np.diff(z) ** 2)


@program(RNG.normal(size=(3, 2)) * 0.5, RNG.normal(size=(2, 3)) * 0.5, np.array([0.5, -0.3]), 0.1)
def training_with_momentum_inside(w1, w2, x, rate):
    """A network is trained for a few steps with gradients by hand; the loss after it is what counts."""
    target = np.array([0.2, 0.1])
    velocity = {"w1": np.zeros_like(w1), "w2": np.zeros_like(w2)}
    parameters = {"w1": w1, "w2": w2}
    losses = []
    for step in range(4):
        hidden = np.tanh(parameters["w1"] @ x)
        output = parameters["w2"] @ hidden
        error = output - target
        losses.append(0.5 * np.sum(error ** 2))
        slope = (1 - hidden ** 2) * (parameters["w2"].T @ error)
        gradients = {"w1": np.outer(slope, x), "w2": np.outer(error, hidden)}
        norm = np.sqrt(sum(np.sum(g ** 2) for g in gradients.values()))
        clip = 1.0 if norm < 5.0 else 5.0 / norm
        for name in parameters:
            velocity[name] = 0.9 * velocity[name] - rate * clip * gradients[name]
            parameters[name] = parameters[name] + velocity[name]
        rate = rate * 0.9 if step % 2 else rate
    return losses[-1] + 0.1 * (losses[0] - losses[1])
