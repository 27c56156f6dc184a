"""Clips rendered and encoded where the denoiser trains: the source for a GPU, without files in between."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from sora_world.config import FRAMES_PER_CHUNK, Tier
from sora_world.data.bank import CLIP_FRAMES, load_renderer
from sora_world.data.latents import (
    FIELDS,
    LatentBatch,
    encode_captions,
    encode_frames,
    remember_clips,
    unpack_memory,
)
from sora_world.models.autoencoder import Autoencoder
from sora_world.models.text import Tokenizer


class LiveLatents:
    """A growing pool of encoded clips in device memory; samples like a LatentBank.

    A latent clip is about 70 times smaller than its pictures, so nothing is thrown away until `limit` clips.
    """

    def __init__(
        self,
        tier: Tier,
        model: Autoencoder,
        tokenizer: Tokenizer,
        device: torch.device,
        rng_seed: int,
        part: int = 64,
        start: int = 8,
        limit: int = 100_000,
        renderer: str = "world",
    ):
        self.tier, self.model, self.tokenizer, self.device = tier, model, tokenizer, device
        self.rng_seed, self.part, self.limit = rng_seed, part, limit
        self.render = load_renderer(renderer)
        self.sizes: dict[tuple[int, int], list[dict[str, Tensor]]] = {}
        for _ in range(start):
            self.render_part()

    @property
    def chunks(self) -> int:
        return CLIP_FRAMES // FRAMES_PER_CHUNK

    def clip_count(self) -> int:
        return sum(len(part["latents"]) for parts in self.sizes.values() for part in parts)

    def refresh(self) -> int:
        """Renders a few more parts; returns the number of clips."""
        for _ in range(4):
            self.render_part()
        return self.clip_count()

    def render_part(self) -> None:
        size = self.tier.sizes[self.rng_seed % len(self.tier.sizes)]
        clips = self.render(self.part, CLIP_FRAMES, size[1], size[0], self.rng_seed, device=str(self.device))
        self.rng_seed += 1
        latents = torch.cat([encode_frames(self.model, rgb) for rgb in clips.rgb.split(8)])
        actions, pose = (v.unflatten(1, (-1, FRAMES_PER_CHUNK)) for v in (clips.actions, clips.motion))
        parts = zip(latents.split(8), actions.split(8), pose.split(8), strict=True)
        fields = {
            "latents": latents.half(),
            "actions": actions.half(),
            "pose": pose.half(),
            "tokens": encode_captions(self.tokenizer, clips.captions).to(self.device),
            "memory": torch.cat([remember_clips(self.model, *part) for part in parts]),
        }
        parts = self.sizes.setdefault(size, [])
        parts.append(fields)
        if len(parts) * self.part * len(self.tier.sizes) > self.limit:
            parts.pop(0)

    def sample(self, rng: np.random.Generator, count: int, cut: slice = slice(None)) -> LatentBatch:
        """`count` clips of one size, each from any part, whole or the chunks in `cut`."""
        sizes = list(self.sizes.values())
        parts = sizes[rng.integers(len(sizes))]
        which, rows = rng.integers(len(parts), size=count), rng.integers(self.part, size=count)
        picked = [torch.stack([parts[p][name][r, cut] for p, r in zip(which, rows, strict=True)]) for name in FIELDS]
        latents, actions, pose, tokens, memory = picked
        return LatentBatch(latents.float(), actions.float(), pose.float(), tokens.long(), unpack_memory(memory))
