"""Programs as they are found in scientific repositories: models of populations, nerves, markets, texts and games."""

from __future__ import annotations

import math

import numpy as np

from tests.corpus.registry import program

RNG = np.random.default_rng(23)


class Compartments:
    def __init__(self, susceptible, infected):
        self.s, self.i, self.r = susceptible, infected, 0.0
        self.peak = infected
        self.history = []

    def step(self, beta, gamma, dt):
        infections = beta * self.s * self.i * dt
        recoveries = gamma * self.i * dt
        self.s -= infections
        self.i += infections - recoveries
        self.r += recoveries
        if self.i > self.peak:
            self.peak = self.i
        self.history.append(self.i)


@program(0.9, 0.3, 0.02)
def epidemic_with_a_lockdown(beta, gamma, infected):
    town = Compartments(1.0 - infected, infected)
    locked, days_locked = False, 0
    for day in range(30):
        if not locked and town.i > 0.08:
            locked = True
        if locked:
            days_locked += 1
            if days_locked > 8:
                locked = False
        contact = 0.4 * beta if locked else beta
        for _ in range(2):
            town.step(contact, gamma, 0.5)
    total = town.r + town.i
    return town.peak + 0.5 * total + 0.01 * sum(town.history)


@program(7.0, 0.3, 36.0)
def nerve_of_hodgkin_and_huxley(current, g_leak, g_potassium):
    """The four equations by exponential Euler steps, and a count of spikes that does not differentiate."""
    v, m, h, n = -65.0, 0.05, 0.6, 0.32
    dt, spikes, above = 0.05, 0, False
    area = 0.0
    for k in range(40):
        i_in = current if k > 4 else 0.0
        a_m = 0.1 * (v + 40.3) / (1 - math.exp(-(v + 40.3) / 10))
        b_m = 4 * math.exp(-(v + 65) / 18)
        a_h, b_h = 0.07 * math.exp(-(v + 65) / 20), 1 / (1 + math.exp(-(v + 35) / 10))
        a_n = 0.01 * (v + 55.1) / (1 - math.exp(-(v + 55.1) / 10))
        b_n = 0.125 * math.exp(-(v + 65) / 80)
        m = m + dt * (a_m * (1 - m) - b_m * m)
        h = h + dt * (a_h * (1 - h) - b_h * h)
        n = n + dt * (a_n * (1 - n) - b_n * n)
        currents = 120.0 * m ** 3 * h * (v - 50) + g_potassium * n ** 4 * (v + 77) + g_leak * (v + 54.4)
        v = v + dt * (i_in - currents)
        if v > 0 and not above:
            spikes += 1
        above = v > 0
        area += dt * (v + 65)
    return v / 10 + area / 100 + spikes


@program(np.array([0.01, -0.02, 0.015, 0.03, -0.025, 0.005]), np.array([0.1, 0.2, 0.7]))
def likelihood_of_a_garch_model(returns, p):
    """Conditional variances by recursion, with a penalty where the process would not be stationary."""
    omega, alpha, beta = p[0] * 1e-3, p[1], p[2]
    variance = np.mean(returns ** 2)
    log_likelihood = 0.0
    largest = variance
    for t, r in enumerate(returns):
        if t > 0:
            variance = omega + alpha * returns[t - 1] ** 2 + beta * variance
        if variance > largest:
            largest = variance
        log_likelihood += -0.5 * (math.log(2 * math.pi) + np.log(variance) + r ** 2 / variance)
    persistence = alpha + beta
    penalty = 0.0
    if persistence > 0.85:
        penalty = 100 * (persistence - 0.85) ** 2
    return -log_likelihood + penalty + 100 * largest


@program(RNG.normal(size=(6, 2)), np.array([0.4, 0.6]), np.array([[0.5, 0.0], [-0.5, 0.3]]), np.array([0.8, 1.2]))
def mixture_by_expectation_maximisation(points, weights, means, variances):
    """Two rounds of EM for spherical Gaussians, and the likelihood after them."""
    def log_density(x, mean, variance):
        return -0.5 * np.sum((x - mean) ** 2) / variance - np.log(2 * np.pi * variance)

    k = len(weights)
    for _ in range(2):
        responsibilities = []
        for x in points:
            logs = [np.log(weights[j]) + log_density(x, means[j], variances[j]) for j in range(k)]
            top = max(logs)
            shares = [np.exp(v - top) for v in logs]
            total = sum(shares)
            responsibilities.append([s / total for s in shares])
        r = np.array(responsibilities)
        mass = r.sum(axis=0)
        weights = mass / len(points)
        means = (r.T @ points) / mass[:, None]
        spread = []
        for j in range(k):
            spread.append(np.sum(r[:, j] * np.sum((points - means[j]) ** 2, axis=1)) / (2 * mass[j]) + 0.05)
        variances = np.array(spread)
    result = 0.0
    for x in points:
        result += np.log(sum(weights[j] * np.exp(log_density(x, means[j], variances[j])) for j in range(k)))
    return result


@program(RNG.normal(size=(3, 2)) * 0.5, 0.9, 0.3)
def value_iteration_with_soft_actions(rewards, discount, temperature):
    """A small grid of states; actions are weighed by a softmax of their values."""
    n_states, n_actions = rewards.shape
    successors = {0: (1, 2), 1: (2, 0), 2: (2, 1)}
    slip = 0.1
    values = np.zeros(n_states)
    for sweep in range(6):
        updated = []
        for s in range(n_states):
            scores = []
            for a in range(n_actions):
                intended = successors[s][a]
                other = successors[s][1 - a]
                expected = (1 - slip) * values[intended] + slip * values[other]
                scores.append(rewards[s, a] + discount * expected)
            q = np.array(scores)
            top = np.max(q)
            updated.append(top + temperature * np.log(np.sum(np.exp((q - top) / temperature))))
        values = np.array(updated)
    policy = []
    for s in range(n_states):
        preference = rewards[s] / temperature
        policy.append(np.exp(preference - preference.max()))
    entropy = 0.0
    for p in policy:
        p = p / p.sum()
        entropy -= np.sum(p * np.log(p))
    return np.sum(values) + 0.1 * entropy


@program(RNG.uniform(0.2, 1.0, (4, 4)), 0.85)
def page_rank_of_a_weighted_graph(weights, damping):
    """Edges in dictionaries of dictionaries, ranks by iteration until they settle."""
    n = len(weights)
    edges = {}
    for i in range(n):
        edges[i] = {}
        for j in range(n):
            if i != j and (i + 2 * j) % 3 != 0:
                edges[i][j] = weights[i, j]
    totals = {i: sum(targets.values()) for i, targets in edges.items()}
    rank = {i: 1.0 / n for i in range(n)}
    for _ in range(8):
        received = {i: (1 - damping) / n for i in range(n)}
        for i, targets in edges.items():
            if not targets:
                continue
            for j, w in targets.items():
                received[j] += damping * rank[i] * w / totals[i]
        change = sum(abs(received[i] - rank[i]) for i in range(n))
        rank = received
        if change < 1e-9:
            break
    return sum((k + 1) * r ** 2 for k, r in rank.items())


@program(RNG.normal(size=(5, 3)) * 0.5, RNG.normal(size=(5, 3)) * 0.5)
def word_vectors_with_negative_samples(inputs, outputs):
    """Skip-gram of a sentence: contexts in a window, negatives from a fixed generator."""
    vocabulary = {"the": 0, "cat": 1, "sat": 2, "on": 3, "mat": 4}
    sentence = "the cat sat on the mat".split()
    rng = np.random.default_rng(1)
    loss, pairs = 0.0, 0
    for position, word in enumerate(sentence):
        centre = inputs[vocabulary[word]]
        for offset in (-1, 1):
            other = position + offset
            if other < 0 or other >= len(sentence):
                continue
            context = outputs[vocabulary[sentence[other]]]
            loss += np.log1p(np.exp(-centre @ context))
            for _ in range(2):
                negative = outputs[rng.integers(len(vocabulary))]
                loss += np.log1p(np.exp(centre @ negative))
            pairs += 1
    penalty = 1e-2 * (np.sum(inputs ** 2) + np.sum(outputs ** 2))
    return loss / pairs + penalty


@program(RNG.normal(size=(4, 2)), RNG.normal(size=(2, 2)) * 0.4, RNG.normal(size=(2, 2)) * 0.4)
def normalising_flow(points, scale_weights, shift_weights):
    """Coupling layers with log-determinants, run forwards and back again."""
    total = 0.0
    for x in points:
        z = x
        log_det = 0.0
        for layer in range(2):
            kept, changed = (z[0], z[1]) if layer % 2 == 0 else (z[1], z[0])
            s = np.tanh(scale_weights[layer, 0] * kept + scale_weights[layer, 1])
            t = shift_weights[layer, 0] * kept + shift_weights[layer, 1]
            changed = changed * np.exp(s) + t
            log_det = log_det + s
            z = np.array([kept, changed]) if layer % 2 == 0 else np.array([changed, kept])
        back = z
        for layer in (1, 0):
            kept, changed = (back[0], back[1]) if layer % 2 == 0 else (back[1], back[0])
            s = np.tanh(scale_weights[layer, 0] * kept + scale_weights[layer, 1])
            t = shift_weights[layer, 0] * kept + shift_weights[layer, 1]
            changed = (changed - t) * np.exp(-s)
            back = np.array([kept, changed]) if layer % 2 == 0 else np.array([changed, kept])
        assert np.allclose(back, x)
        total += -0.5 * np.sum(z ** 2) - np.log(2 * np.pi) + log_det
    return total


@program(RNG.normal(size=(6, 6)) * 0.3 + 1.0, 0.5, 1.0)
def bilateral_filter_and_edges(image, sigma_space, sigma_value):
    """Each pixel is an average of its neighbours by distance and by value; then Sobel's operator."""
    n, m = image.shape
    smooth = np.zeros((n, m))
    for i in range(n):
        for j in range(m):
            weight_sum, value_sum = 0.0, 0.0
            for di in (-1, 0, 1):
                for dj in (-1, 0, 1):
                    r, c = i + di, j + dj
                    if r < 0 or r >= n or c < 0 or c >= m:
                        continue
                    difference = image[r, c] - image[i, j]
                    w = np.exp(-(di * di + dj * dj) / (2 * sigma_space ** 2)
                               - difference ** 2 / (2 * sigma_value ** 2))
                    weight_sum += w
                    value_sum += w * image[r, c]
            smooth[i, j] = value_sum / weight_sum
    gx = smooth[:-2, 2:] + 2 * smooth[1:-1, 2:] + smooth[2:, 2:] - (
        smooth[:-2, :-2] + 2 * smooth[1:-1, :-2] + smooth[2:, :-2])
    gy = smooth[2:, :-2] + 2 * smooth[2:, 1:-1] + smooth[2:, 2:] - (
        smooth[:-2, :-2] + 2 * smooth[:-2, 1:-1] + smooth[:-2, 2:])
    return np.sum(np.sqrt(gx ** 2 + gy ** 2 + 1e-3))


@program(np.array([1.0, 0.4]), 0.7, 0.2)
def sampler_with_fixed_draws(start, coupling, step):
    """Hamiltonian Monte Carlo: the draws are constants, what is accepted depends on the path."""
    def energy(q):
        return 0.5 * np.sum(q ** 2) + 0.25 * coupling * np.sum(q ** 4)

    def force(q):
        return -(q + coupling * q ** 3)

    rng = np.random.default_rng(42)
    q = start
    samples, accepted = [], 0
    for _ in range(3):
        p = rng.standard_normal(2)
        before = energy(q) + 0.5 * np.sum(p ** 2)
        new = q
        p = p + 0.5 * step * force(new)
        for leap in range(3):
            new = new + step * p
            if leap < 2:
                p = p + step * force(new)
        p = p + 0.5 * step * force(new)
        after = energy(new) + 0.5 * np.sum(p ** 2)
        if rng.random() < np.exp(before - after):
            q = new
            accepted += 1
        samples.append(energy(q))
    return np.mean(np.array(samples)) + 0.1 * accepted
