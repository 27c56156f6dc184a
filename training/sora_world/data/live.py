"""Clips rendered where they are used: the source for a GPU, where rendering is cheaper than reading a disk."""

from __future__ import annotations

import numpy as np
import torch

from sora_world.config import FRAMES_PER_CHUNK, Tier
from sora_world.data.bank import CLIP_FRAMES, cell_centres, load_renderer
from sora_world.data.batches import FrameBatch


class LiveClips:
    """Keeps a pool of rendered clips, replaces an eighth of it every `refresh`, samples like a ClipBank."""

    def __init__(self, tier: Tier, device: torch.device, rng_seed: int, pool: int = 512, renderer: str = "world"):
        self.tier, self.device, self.rng_seed = tier, device, rng_seed
        self.render = load_renderer(renderer)
        self.pool: list[FrameBatch] = []
        self.part = max(1, pool // 8)
        for _ in range(8):
            self.refresh()

    def refresh(self) -> int:
        """Renders one part of the pool, in the tier's sizes in turn; returns the number of parts."""
        width, height = self.tier.sizes[self.rng_seed % len(self.tier.sizes)]
        clips = self.render(self.part, CLIP_FRAMES, height, width, self.rng_seed, device=str(self.device))
        self.rng_seed += 1
        small = cell_centres(clips.inverse_depth).float(), cell_centres(clips.block_id).long()
        self.pool.append(FrameBatch(clips.rgb, *small))
        del self.pool[:-8]
        return len(self.pool)

    def sample(self, rng: np.random.Generator, count: int, chunks: int) -> FrameBatch:
        """`count` clips of one part at one random start; mirrored or not as a whole."""
        part = self.pool[rng.integers(len(self.pool))]
        length = chunks * FRAMES_PER_CHUNK
        start = int(rng.integers(part.rgb.shape[1] - length + 1))
        rows = torch.from_numpy(rng.integers(part.rgb.shape[0], size=count)).to(part.rgb.device)
        fields = (part.rgb, part.inverse_depth, part.block_id)
        values = [value[rows, start : start + length] for value in fields]
        if rng.random() < 0.5:
            values = [value.flip(3) for value in values]
        return FrameBatch(*values)
