"""The denoise loop for one or more chunks; the cache is read, never written."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from sora_world.flow.schedule import euler, sigmas_for, step_size_for

# (noisy [B,T,C,h,w], sigma [B,T], step_size [B,T]) -> clean [B,T,C,h,w]
Predict = Callable[[Tensor, Tensor, Tensor], Tensor]


@torch.no_grad()
def sample(predict: Predict, noise: Tensor, steps: int) -> Tensor:
    """noise [B,T,C,h,w] -> clean latents of the same shape after `steps` Euler steps."""
    latent = noise
    levels = sigmas_for(steps)
    for sigma, next_sigma in zip(levels, levels[1:], strict=False):
        told = torch.full(noise.shape[:2], sigma), torch.full(noise.shape[:2], step_size_for(steps))
        clean = predict(latent, told[0].to(noise), told[1].to(noise))
        latent = euler(latent, clean, sigma, next_sigma)
    return latent
