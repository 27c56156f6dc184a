"""Random numbers as a pure function of integers, equal on every device.

Every draw in the world names what it is for (seed, purpose, place or time), so no generator has to be carried
around, clips do not depend on each other and the result never depends on the order of evaluation.
"""

import torch
from torch import Tensor

MASK = 0xFFFFFFFF


def _mix(value: Tensor) -> Tensor:
    """Avalanche of a 32 bit number kept in int64 (the `lowbias32` constants)."""
    value = ((value ^ (value >> 16)) * 0x7FEB352D) & MASK
    value = ((value ^ (value >> 15)) * 0x846CA68B) & MASK
    return value ^ (value >> 16)


def hash_integers(rng_seed: Tensor, *keys: Tensor | int) -> Tensor:
    """Broadcast integers to a 32 bit hash in int64."""
    value = _mix(rng_seed & MASK)
    for key in keys:
        if isinstance(key, int):
            key = torch.tensor(key, dtype=torch.int64, device=rng_seed.device)
        value = _mix((value ^ (key * 0x9E3779B1)) & MASK)
    return value


def uniform(rng_seed: Tensor, *keys: Tensor | int) -> Tensor:
    """Float32 in [0, 1), broadcast over the keys."""
    return (hash_integers(rng_seed, *keys) >> 8).float() * (1.0 / (1 << 24))


def choice(rng_seed: Tensor, count: int, *keys: Tensor | int) -> Tensor:
    """int64 in [0, count), broadcast over the keys."""
    return hash_integers(rng_seed, *keys) % count


def value_noise(rng_seed: Tensor, x: Tensor, z: Tensor, period: float, purpose: int) -> Tensor:
    """Smooth noise in [0, 1) over the plane with features about `period` blocks wide."""
    u, v = x / period, z / period
    i, j = torch.floor(u), torch.floor(v)
    fu, fv = u - i, v - j
    fu, fv = fu * fu * (3 - 2 * fu), fv * fv * (3 - 2 * fv)
    i, j = i.long(), j.long()
    near = torch.lerp(uniform(rng_seed, purpose, i, j), uniform(rng_seed, purpose, i + 1, j), fu)
    far = torch.lerp(uniform(rng_seed, purpose, i, j + 1), uniform(rng_seed, purpose, i + 1, j + 1), fu)
    return torch.lerp(near, far, fv)
