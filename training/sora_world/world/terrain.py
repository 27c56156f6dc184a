"""Ground of the endless world: biome and height as functions of integer coordinates.

The plane carries a lattice of biomes. Height parameters are blended between the four lattice points around a
column, the surface takes the strongest of them, so that borders are gentle in height and sharp in colour.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from .biomes import BIOMES, SEA_LEVEL, biome_floats
from .hashing import choice, lattice_hash, uniform, value_noise

BIOME_PERIOD = 112  # blocks between lattice points
REGION = 40  # lattice points on each side of the origin in which clips begin, so that float32 poses stay exact to 1 mm

# Purposes of hashes; any fixed distinct numbers.
PURPOSE_BIOME, PURPOSE_HILLS, PURPOSE_BUMPS, PURPOSE_LAKES, PURPOSE_PATCH, PURPOSE_CAVE, PURPOSE_DEPTH = range(7)


@dataclass
class Columns:
    """Per column of the ground; all [B, X, Z]."""

    biome: Tensor  # int64
    height: Tensor  # int64, y of the first cell above the ground
    patch: Tensor  # float32 in 0..1, smooth noise for patches of other soil
    cave_floor: Tensor  # int64, y of the floor of a tunnel
    cave: Tensor  # bool, a tunnel runs through this column


def lattice_biome(world_seed: Tensor, i: Tensor, j: Tensor) -> Tensor:
    """Biome index at a lattice point."""
    if i.ndim == 3:
        return lattice_hash(world_seed, PURPOSE_BIOME, i, j) % len(BIOMES)
    return choice(world_seed, len(BIOMES), PURPOSE_BIOME, i, j)


def _blend(world_seed: Tensor, x: Tensor, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Biome, base height and swing of each column."""
    wobble = value_noise(world_seed, x, z, 19.0, PURPOSE_PATCH) * 24 - 12
    u, v = (x + wobble) / BIOME_PERIOD, (z - wobble) / BIOME_PERIOD
    i, j = torch.floor(u), torch.floor(v)
    # Steep in the middle: most columns belong to one biome alone.
    fu, fv = (((f - 0.5) * 3 + 0.5).clamp(0, 1) for f in (u - i, v - j))
    i, j = i.long(), j.long()
    base_of, swing_of = (biome_floats(field, x.device) for field in ("base", "swing"))
    base = swing = best = strongest = 0
    for di, dj in [(0, 0), (1, 0), (0, 1), (1, 1)]:
        weight = (fu if di else 1 - fu) * (fv if dj else 1 - fv)
        biome = lattice_biome(world_seed, i + di, j + dj)
        base = base + weight * base_of[biome]
        swing = swing + weight * swing_of[biome]
        best = biome if (di, dj) == (0, 0) else torch.where(weight > strongest, biome, best)
        strongest = weight if (di, dj) == (0, 0) else torch.maximum(weight, strongest)
    return best, base, swing


def ground_height(world_seed: Tensor, x: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
    """Biome and height, int64, of columns at integer x and z (broadcast)."""
    biome, base, swing = _blend(world_seed, x, z)
    hills = value_noise(world_seed, x, z, 31.0, PURPOSE_HILLS) * 2 - 1
    bumps = value_noise(world_seed, x, z, 11.0, PURPOSE_BUMPS) * 2 - 1
    lakes = (value_noise(world_seed, x, z, 43.0, PURPOSE_LAKES) - 0.72).clamp(min=0) * 40
    wet = (swing < 8).float()  # no lakes inside mountains
    # Mountains swing upwards only: hills^2 keeps valleys at the base.
    shape = torch.where(swing > 8, hills.abs() * 1.1, hills)
    height = base + swing * shape + swing.clamp(max=6) * 0.3 * bumps - lakes * wet
    return biome, height.clamp(5, 38).round().long()


def columns(world_seed: Tensor, x: Tensor, z: Tensor) -> Columns:
    """Ground for world_seed [B, 1, 1], x [B, X, 1], z [B, 1, Z] (int64, world coordinates)."""
    x, z = torch.broadcast_tensors(x, z)
    biome, height = ground_height(world_seed, x, z)
    patch = value_noise(world_seed, x, z, 13.0, PURPOSE_LAKES + 100)
    tunnel = (value_noise(world_seed, x, z, 23.0, PURPOSE_CAVE) - 0.5).abs() < 0.07
    floor = (8 + 12 * value_noise(world_seed, x, z, 37.0, PURPOSE_DEPTH)).long()
    dry = height > SEA_LEVEL + 1
    return Columns(biome, height, patch, floor, tunnel & dry)


def find_biome(world_seed: Tensor, clip_seed: Tensor, biome: Tensor) -> tuple[Tensor, Tensor]:
    """A random lattice point with the wanted biome: x and z int64 [B] for seeds and biomes [B]."""
    draws = torch.arange(96, device=world_seed.device)[None]
    i = choice(clip_seed[:, None], 2 * REGION + 1, 11, draws) - REGION
    j = choice(clip_seed[:, None], 2 * REGION + 1, 12, draws) - REGION
    match = (lattice_biome(world_seed[:, None], i, j) == biome[:, None]).float()
    first = (match - draws * 1e-3).argmax(1, keepdim=True)
    jitter_x = (uniform(clip_seed, 13) * 24 - 12).long()
    jitter_z = (uniform(clip_seed, 14) * 24 - 12).long()
    x, z = (k.gather(1, first)[:, 0] * BIOME_PERIOD for k in (i, j))
    return x + jitter_x, z + jitter_z
