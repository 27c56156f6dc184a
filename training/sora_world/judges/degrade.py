"""Spoils pictures a little, the way generated ones are spoilt: soft, grainy, blocky. Truth stays truth."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

SPOILT_SHARE = 0.4  # of the rows; the others stay as rendered
MOST_NOISE = 8.0  # standard deviation in levels of 0..255
MOST_QUANTISATION = 24.0  # levels per step of the lowest frequencies


def degrade(frames: Tensor) -> Tensor:
    """uint8 [N,T,H,W,3] -> float32 of the same shape, 0..255, sides multiples of 8.

    Each spoilt row is spoilt in its own measure, all its frames alike but with grain of their own.
    """
    pictures = frames.float()
    picked = (torch.rand(frames.shape[0]) < SPOILT_SHARE).nonzero()[:, 0]
    if len(picked):
        pictures[picked] = spoilt(pictures[picked]).clamp(0, 255)
    return pictures


def spoilt(pictures: Tensor) -> Tensor:
    """float [N,T,H,W,3] -> the same, soft, blocky and grainy, each only in some of the rows."""

    def draw() -> Tensor:
        return torch.rand(pictures.shape[0], 1, 1, 1, 1)

    changed = softened(pictures, draw() * (draw() < 0.7))
    blocky, grainy = ((draw() < 0.4).flatten().nonzero()[:, 0] for _ in range(2))
    if len(blocky):
        changed[blocky] = quantised(changed[blocky], 4 + MOST_QUANTISATION * draw()[: len(blocky)])
    if len(grainy):
        changed[grainy] += torch.randn_like(changed[grainy]) * (MOST_NOISE * draw()[: len(grainy)])
    return changed


def softened(frames: Tensor, amount: Tensor) -> Tensor:
    """Mixes in `amount` 0..1 of the picture drawn at half its size."""
    pictures = frames.flatten(0, 1).permute(0, 3, 1, 2)
    small = F.avg_pool2d(pictures, 2)
    soft = F.interpolate(small, scale_factor=2.0, mode="bilinear")
    soft = soft.permute(0, 2, 3, 1).unflatten(0, frames.shape[:2])
    return torch.lerp(frames, soft, amount)


def cosines() -> Tensor:
    """The orthonormal 8-point cosine transform [8,8]."""
    place, frequency = torch.arange(8.0), torch.arange(8.0)[:, None]
    matrix = torch.cos(math.pi / 8 * (place + 0.5) * frequency) / 2
    matrix[0] /= math.sqrt(2)
    return matrix


def quantised(frames: Tensor, step: Tensor) -> Tensor:
    """Rounds the cosine coefficients of each 8x8 square to multiples of `step`, coarser for high frequencies."""
    transform = cosines()
    squares = frames.unflatten(3, (-1, 8)).unflatten(2, (-1, 8))  # [N,T,h,8,w,8,3]
    coefficients = torch.einsum("ai,bj,nthiwjc->nthawbc", transform, transform, squares)
    order = torch.arange(8.0)
    coarseness = (1 + (order[:, None] + order[None, :]) / 3)[:, None, :, None]
    size = step[..., None, None] * coarseness
    rounded = (coefficients / size).round() * size
    back = torch.einsum("ai,bj,nthawbc->nthiwjc", transform, transform, rounded)
    return back.flatten(4, 5).flatten(2, 3)
