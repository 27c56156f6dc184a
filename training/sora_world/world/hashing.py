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


def lattice_hash(rng_seed: Tensor, purpose: int, i: Tensor, j: Tensor) -> Tensor:
    """hash_integers(rng_seed, purpose, i, j) for seeds [B, 1, 1] and lattice points [B, X, Z] that repeat a lot.

    Neighbouring columns share lattice points, so each distinct point is hashed once and then looked up.
    """
    i, j = torch.broadcast_tensors(i, j)
    low_i, low_j = (k.amin((1, 2), keepdim=True) for k in (i, j))
    count_i, count_j = (int((k - low).max()) + 1 for k, low in ((i, low_i), (j, low_j)))
    if count_i * count_j >= i[0].numel():
        return hash_integers(rng_seed, purpose, i, j)
    span_i = torch.arange(count_i, device=i.device)[None, :, None]
    span_j = torch.arange(count_j, device=i.device)[None, None, :]
    table = hash_integers(rng_seed, purpose, low_i + span_i, low_j + span_j)
    clip = torch.arange(i.shape[0], device=i.device)[:, None, None]
    index = ((clip * count_i + i - low_i) * count_j + j - low_j).int()
    return table.view(-1).index_select(0, index.view(-1)).view(i.shape)


def lattice_uniform(rng_seed: Tensor, purpose: int, i: Tensor, j: Tensor) -> Tensor:
    """Float32 in [0, 1) [B, X, Z], see lattice_hash."""
    return (lattice_hash(rng_seed, purpose, i, j) >> 8).float() * (1.0 / (1 << 24))


def _corners(rng_seed: Tensor, purpose: int, i: Tensor, j: Tensor) -> list[Tensor]:
    """Draws at the four lattice points around each place: (i, j), (i+1, j), (i, j+1), (i+1, j+1)."""
    draw = lattice_uniform if i.ndim == 3 else (lambda seed, *keys: uniform(seed, *keys))
    return [draw(rng_seed, purpose, i + di, j + dj) for dj in (0, 1) for di in (0, 1)]


def value_noise(rng_seed: Tensor, x: Tensor, z: Tensor, period: float, purpose: int) -> Tensor:
    """Smooth noise in [0, 1) over the plane with features about `period` blocks wide; x and z of one shape."""
    u, v = x / period, z / period
    i, j = torch.floor(u), torch.floor(v)
    fu, fv = u - i, v - j
    fu, fv = fu * fu * (3 - 2 * fu), fv * fv * (3 - 2 * fv)
    here, right, up, across = _corners(rng_seed, purpose, i.long(), j.long())
    return torch.lerp(torch.lerp(here, right, fu), torch.lerp(up, across, fu), fv)
