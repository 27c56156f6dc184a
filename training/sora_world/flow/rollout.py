"""Chunk after chunk from the model's own output, exactly as the server plays.

The algorithm is "One chunk in play" in docs/model-package.md.

Ring cache: chunk i is committed to slot i mod W. Slots need no order, rotary time sits in the keys.
"""

from __future__ import annotations

import torch
from torch import Tensor

from sora_world.flow.sampler import sample
from sora_world.models.denoiser import Denoiser


class Rollout:
    """State of one rollout (or B in step): cache, filled slots, previous latent, chunk index."""

    def __init__(self, model: Denoiser, batch: int, height: int, width: int):
        config, tier = model.config, model.tier
        self.model, self.index = model, 0
        self.tokens = tier.tokens_per_chunk(height, width)
        layers, window = len(config.temporal_blocks), config.context_chunks
        shape = (layers, batch, config.heads, window * self.tokens, config.head_width)
        device = model.places.device
        self.key, self.value = torch.zeros(shape, device=device), torch.zeros(shape, device=device)
        self.mask = torch.zeros(batch, 1, window + 1, device=device)
        self.mask[..., window] = 1  # itself
        self.previous = torch.zeros(batch, 1, tier.autoencoder.latent_channels, height, width, device=device)

    def forward(
        self,
        noisy: Tensor,
        sigma: Tensor,
        step_size: Tensor,
        actions: Tensor,
        text: Tensor,
        pooled: Tensor,
        memory: Tensor | None,
    ):
        time = torch.full_like(sigma, float(self.index % self.model.config.time_period))
        told = (actions, text, pooled, time, self.mask, self.key, self.value, memory)
        return self.model(noisy, self.previous, sigma, step_size, *told)

    @torch.no_grad()
    def next_chunk(
        self,
        actions: Tensor,
        text: Tensor,
        pooled: Tensor,
        noise: Tensor,
        commit_noise: Tensor,
        steps: int,
        memory: Tensor | None = None,
    ) -> Tensor:
        """Denoises and commits one chunk.

        actions [B,1,F,A]; text [B,1,K,D]; pooled [B,1,E]; noise, commit_noise [B,1,C,h,w]; memory [B,1,F*6,8h,8w]
        -> clean [B,1,C,h,w]
        """
        told = (actions, text, pooled, memory)
        clean = sample(lambda z, sigma, step: self.forward(z, sigma, step, *told)[0], noise, steps)
        self.commit(clean, commit_noise, *told)
        return clean

    @torch.no_grad()
    def commit(
        self,
        clean: Tensor,
        noise: Tensor,
        actions: Tensor,
        text: Tensor,
        pooled: Tensor,
        memory: Tensor | None = None,
    ) -> Tensor:
        """Writes a chunk into the cache, slightly noised; returns the pose the model sees in it [B,1,F,Q]."""
        config = self.model.config
        sigma = clean.new_full(clean.shape[:2], config.context_noise)
        step_size = torch.full_like(sigma, 1.0 / config.max_steps)
        noisy = (1 - config.context_noise) * clean + config.context_noise * noise
        _, pose, key, value = self.forward(noisy, sigma, step_size, actions, text, pooled, memory)
        slot = self.index % config.context_chunks
        place = slice(slot * self.tokens, (slot + 1) * self.tokens)
        self.key[..., place, :], self.value[..., place, :] = key.float(), value.float()
        self.mask[..., slot] = 1
        self.previous = clean
        self.index += 1
        return pose


def band_mask(chunks: int, window: int) -> Tensor:
    """[T,T]: each chunk sees itself and `window` chunks before it; what the ring cache amounts to."""
    index = torch.arange(chunks)
    distance = index[:, None] - index[None, :]
    return ((distance >= 0) & (distance <= window)).float()


@torch.no_grad()
def uncached_chunk(
    model: Denoiser,
    committed: Tensor,
    committed_noise: Tensor,
    actions: Tensor,
    text: Tensor,
    pooled: Tensor,
    noise: Tensor,
    steps: int,
) -> Tensor:
    """The chunk after `committed` [B,t,C,h,w] with everything recomputed: slow, and equal to the cached rollout.

    committed_noise like committed; actions, text, pooled with t + 1 chunks; noise [B,1,C,h,w] -> clean [B,1,C,h,w]
    """
    config = model.config
    batch, past = committed.shape[:2]
    level = config.context_noise
    context = (1 - level) * committed + level * committed_noise
    previous = torch.cat([torch.zeros_like(noise), committed], 1)
    time = (torch.arange(past + 1) % config.time_period).float().expand(batch, -1)
    mask = band_mask(past + 1, config.context_chunks).expand(batch, -1, -1)

    def predict(noisy: Tensor, sigma: Tensor, step_size: Tensor) -> Tensor:
        sigmas = torch.cat([torch.full((batch, past), level), sigma], 1)
        step_sizes = torch.cat([torch.full((batch, past), 1.0 / config.max_steps), step_size], 1)
        everything = torch.cat([context, noisy], 1)
        clean = model(everything, previous, sigmas, step_sizes, actions, text, pooled, time, mask)[0]
        return clean[:, -1:]

    return sample(predict, noise, steps)
