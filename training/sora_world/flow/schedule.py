"""Noise levels. sigma 1 is pure noise, 0 is clean: noisy = (1 - sigma) clean + sigma noise."""

from __future__ import annotations

from torch import Tensor


def sigmas_for(steps: int) -> list[float]:
    """steps + 1 levels from 1 down to 0, evenly: the grid shortcut steps were trained on."""
    return [1 - i / steps for i in range(steps + 1)]


def step_size_for(steps: int) -> float:
    """The length in sigma that the denoiser is told for a run of `steps` steps."""
    return 1.0 / steps


def add_noise(clean: Tensor, noise: Tensor, sigma: Tensor) -> Tensor:
    """clean, noise [B,T,C,h,w]; sigma [B,T]"""
    level = sigma[:, :, None, None, None]
    return (1 - level) * clean + level * noise


def euler(noisy: Tensor, clean: Tensor, sigma: Tensor | float, next_sigma: Tensor | float) -> Tensor:
    """Moves `noisy` at `sigma` along the line through the predicted `clean` down to `next_sigma`."""
    return clean + (next_sigma / sigma) * (noisy - clean)
