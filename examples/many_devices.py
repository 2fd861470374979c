"""A model of a pendulum, trained on many devices.

What pulls a pendulum is learned from how eight times sixteen of them swing: a small network gives the acceleration, a
loop over time integrates it, and the misfit is that of all angles on the way. The data are split among devices, the
parameters are on all of them. Nothing in `misfit` knows of this: arrays of JAX that are sharded stay sharded, and XLA
puts sums over devices (all-reduce) where the gradient of a parameter needs them. In a loop it needs them in each trip;
under `jax.shard_map` each device has the gradient of its own part, and one sum at the end does.

    python examples/many_devices.py                   eight devices of this process
    python examples/many_devices.py --processes 2     two processes with four each, by jax.distributed
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import time

import numpy as np

from srcad import value_and_grad

DEVICES, PER_DEVICE, TIMES, DT = 8, 16, 30, 0.1
PATIENCE = 300  # seconds that processes get


def pull(params, angle, speed):
    hidden = np.tanh(np.outer(np.sin(angle), params["sine"]) + np.outer(speed, params["speed"]) + params["bias"])
    return hidden @ params["out"]


@value_and_grad
def misfit(params, start, seen):
    """The mean square of what is wrong with the angles, from a start on."""
    angle, speed = start[:, 0], start[:, 1]
    wrong = np.zeros(len(start))
    for t in range(seen.shape[1]):
        speed = speed + DT * pull(params, angle, speed)
        angle = angle + DT * speed
        wrong = wrong + (angle - seen[:, t]) ** 2
    return np.mean(wrong) / seen.shape[1]


def swings(count=DEVICES * PER_DEVICE):
    """Where pendulums start, and their angles at later times."""
    rng = np.random.default_rng(0)
    start = np.stack([rng.uniform(-2.5, 2.5, count), rng.uniform(-1, 1, count)], axis=1)
    angle, speed, seen = start[:, 0], start[:, 1], []
    for _ in range(TIMES):
        speed = speed - DT * (np.sin(angle) + 0.1 * speed)
        angle = angle + DT * speed
        seen.append(angle)
    return start, np.stack(seen, axis=1)


def first_guess(hidden=16):
    rng = np.random.default_rng(1)
    return {"sine": rng.normal(size=hidden), "speed": rng.normal(size=hidden), "bias": np.zeros(hidden),
            "out": 0.1 * rng.normal(size=hidden)}


def train(gradient, params, start, seen, rounds, rate=0.03):
    """Adam, on arrays of NumPy or of JAX."""
    history = []
    mean = {k: 0 * v for k, v in params.items()}
    square = dict(mean)
    for t in range(1, rounds + 1):
        value, slope = gradient(params, start, seen)
        mean = {k: 0.9 * mean[k] + 0.1 * slope[k] for k in params}
        square = {k: 0.99 * square[k] + 0.01 * slope[k] ** 2 for k in params}
        step = rate * (1 - 0.99 ** t) ** 0.5 / (1 - 0.9 ** t)
        params = {k: params[k] - step * mean[k] / (square[k] ** 0.5 + 1e-8) for k in params}
        history.append(float(value))
    return params, history


def train_on_devices(rounds):
    """The same with the data on all devices there are, of all processes; what was found, as plain data."""
    import jax
    from jax.sharding import Mesh, NamedSharding, PartitionSpec

    jax.config.update("jax_enable_x64", True)  # to compare with one device to the last digits
    mesh = Mesh(np.array(jax.devices()), ("data",))
    split, everywhere = NamedSharding(mesh, PartitionSpec("data")), NamedSharding(mesh, PartitionSpec())
    start, seen = (jax.make_array_from_callback(a.shape, split, a.__getitem__) for a in swings())
    params = {k: jax.make_array_from_callback(v.shape, everywhere, v.__getitem__) for k, v in first_guess().items()}
    average = jax.shard_map(lambda *args: jax.lax.pmean(misfit(*args), "data"), mesh=mesh, out_specs=PartitionSpec(),
                            in_specs=(PartitionSpec(), PartitionSpec("data"), PartitionSpec("data")), check_vma=False)
    collectives = {}
    for how, gradient in (("sharded arrays", misfit), ("shard_map", average)):
        lowered = jax.jit(gradient).lower(params, start, seen)
        require_same_everywhere(lowered.as_text())
        collectives[how] = lowered.compile().as_text().count(" all-reduce(")
    value, slope = misfit(params, start, seen)
    assert start.sharding == split and all(v.sharding.is_fully_replicated for v in slope.values())
    params, history = train(jax.jit(average), params, start, seen, rounds)
    return {"devices": jax.device_count(), "processes": jax.process_count(), "collectives": collectives,
            "value": float(value), "slope": plain(slope), "history": history, "params": plain(params)}


def plain(arrays):
    """Arrays that are the same on all devices, as lists."""
    return {k: np.asarray(v.addressable_data(0)).tolist() for k, v in arrays.items()}


def require_same_everywhere(program):
    """Processes that compile different programs would wait for each other for ever."""
    import hashlib

    from jax.experimental import multihost_utils

    digest = int(hashlib.sha256(program.encode()).hexdigest()[:7], 16)
    multihost_utils.assert_equal(np.array(digest), "the processes have different programs")


def work(number, count, port, rounds):
    """One process of several."""
    import jax

    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    address = f"127.0.0.1:{port}"
    jax.distributed.initialize(address, count, number, coordinator_bind_address=address)
    found = train_on_devices(rounds)
    if number == 0:
        print(json.dumps(found))
    sys.stdout.flush()
    jax.distributed.shutdown()


def launch(count, rounds):
    """Start processes that share the devices, and give what the first of them found."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    commands = [[sys.executable, __file__, "--rounds", str(rounds), "--worker", str(k), str(count), str(port)]
                for k in range(count)]
    workers = [subprocess.Popen(c, env=with_devices(DEVICES // count), stdout=subprocess.PIPE, text=True)
               for c in commands]
    deadline = time.monotonic() + PATIENCE
    try:
        outputs = [w.communicate(timeout=max(1.0, deadline - time.monotonic()))[0] for w in workers]
    finally:
        for w in workers:
            w.kill()  # JAX does not listen to anything milder
    if any(w.returncode for w in workers):
        raise RuntimeError(f"processes ended with {[w.returncode for w in workers]}")
    return json.loads(outputs[0].splitlines()[-1])


def with_devices(count):
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count={count}"
    return {**os.environ, "JAX_PLATFORMS": "cpu", "XLA_FLAGS": flags}


def main(processes=1, rounds=150):
    found = launch(processes, rounds)
    history = found["history"]
    sums = ", ".join(f"{count} with {how}" for how, count in found["collectives"].items())
    print(f"{found['devices']} devices of {found['processes']} process(es); sums over devices in the program: {sums}")
    print(f"misfit {history[0]:.4f} at first, {history[-1]:.6f} after {rounds} rounds")
    return found


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--processes", type=int, default=1)
    options.add_argument("--rounds", type=int, default=150)
    options.add_argument("--worker", type=int, nargs=3, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.worker:
        work(*given.worker, given.rounds)
    else:
        main(given.processes, given.rounds)
