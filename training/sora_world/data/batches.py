"""Batches for the autoencoder, drawn from the clip bank (or rendered on the spot on a GPU)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from sora_world.config import DEPTH_SCALE, FRAMES_PER_CHUNK, SPATIAL_SCALE


@dataclass
class FrameBatch:
    """Consecutive chunks of several clips. Depth and ids at 1/8 of the picture."""

    rgb: Tensor  # uint8 [B,T*F,H,W,3]
    inverse_depth: Tensor  # float32 [B,T*F,H/8,W/8]
    block_id: Tensor  # int64 [B,T*F,H/8,W/8]
    latents: Tensor | None = None  # normalised [B,T,C,h,w]: to be decoded instead of the encoded frames
    is_paired: bool = True  # False: these frames are not what the latents should show


class Shard:
    """One folder of the bank; big arrays stay on disk until sliced."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.rgb = np.load(folder / "rgb.npy", mmap_mode="r")
        self.inverse_depth = np.load(folder / "inverse_depth.npy", mmap_mode="r")
        self.block_id = np.load(folder / "block_id.npy", mmap_mode="r")

    def __len__(self) -> int:
        return self.rgb.shape[0]

    @property
    def frames(self) -> int:
        return self.rgb.shape[1]

    def labels(self) -> dict:
        """actions [B,T,21], motion [B,T,6], attributes [B,T,3] as arrays and captions as [B][T] strings."""
        arrays = {name: np.load(self.folder / f"{name}.npy") for name in ("actions", "motion", "attributes")}
        return arrays | {"captions": json.loads((self.folder / "captions.json").read_text())}


class ClipBank:
    """All shards below a folder, grouped by picture size; `refresh` picks up shards written since."""

    def __init__(self, root: Path):
        self.root = root
        self.sizes: dict[str, list[Shard]] = {}
        self.known: set[Path] = set()
        self.refresh()

    def refresh(self) -> int:
        """Number of shards after looking for new ones."""
        for folder in sorted(self.root.glob("*x*/shard-*")):
            if folder not in self.known:
                self.known.add(folder)
                self.sizes.setdefault(folder.parent.name, []).append(Shard(folder))
        return len(self.known)

    def clip_count(self) -> int:
        return sum(len(shard) for shards in self.sizes.values() for shard in shards)

    def sample(self, rng: np.random.Generator, count: int, chunks: int) -> FrameBatch:
        """`count` clips of `chunks` chunks of one size, at random places; half of them mirrored."""
        names = sorted(self.sizes)
        weights = np.array([len(self.sizes[name]) for name in names], dtype=float)
        shards = self.sizes[names[rng.choice(len(names), p=weights / weights.sum())]]
        length = chunks * FRAMES_PER_CHUNK
        parts: list[tuple[np.ndarray, ...]] = []
        for _ in range(count):
            shard = shards[rng.integers(len(shards))]
            clip, start = rng.integers(len(shard)), rng.integers(shard.frames - length + 1)
            cut = (clip, slice(start, start + length))
            part = (shard.rgb[cut], shard.inverse_depth[cut], shard.block_id[cut])
            if rng.random() < 0.5:
                part = tuple(array[:, :, ::-1] for array in part)
            parts.append(part)
        rgb, depth, ids = (torch.from_numpy(np.stack(arrays)) for arrays in zip(*parts, strict=True))
        return FrameBatch(rgb, depth.float(), ids.long())


def as_pictures(batch: FrameBatch, rows: int) -> FrameBatch:
    """The first `rows` clips become still pictures: each chunk repeats its first frame F times."""

    def still(values: Tensor) -> Tensor:
        chunks = values[:rows].unflatten(1, (-1, FRAMES_PER_CHUNK))
        frozen = chunks[:, :, :1].expand_as(chunks).flatten(1, 2)
        return torch.cat([frozen, values[rows:]])

    return FrameBatch(still(batch.rgb), still(batch.inverse_depth), still(batch.block_id))


def random_crop(batch: FrameBatch, rng: np.random.Generator, side: int) -> FrameBatch:
    """A window of at most `side` x `side` pixels, the same for all clips, on the grid of the latent cells.

    More clips a step for the same work: while textures are learned, their variety counts for more than whole pictures.
    """
    height, width = batch.rgb.shape[2:4]
    top = SPATIAL_SCALE * int(rng.integers(max(0, height - side) // SPATIAL_SCALE + 1))
    left = SPATIAL_SCALE * int(rng.integers(max(0, width - side) // SPATIAL_SCALE + 1))

    def cut(values: Tensor, scale: int) -> Tensor:
        rows = slice(top // scale, (top + side) // scale)
        return values[:, :, rows, left // scale : (left + side) // scale]

    depth, ids = (cut(values, DEPTH_SCALE) for values in (batch.inverse_depth, batch.block_id))
    latents = batch.latents
    if latents is not None:
        latents = cut(latents.movedim(2, -1), SPATIAL_SCALE).movedim(-1, 2)
    return FrameBatch(cut(batch.rgb, 1), depth, ids, latents, batch.is_paired)
