"""Building blocks of both judges."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sora_world.config import VERTICAL_FOV_DEGREES


def convolution(before: int, after: int, stride: int = 1, kernel: int = 3) -> nn.Sequential:
    """Convolution with batch norm, which the export folds into it."""
    layer = nn.Conv2d(before, after, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(after))


class Step(nn.Module):
    """Convolution, batch norm, ReLU."""

    def __init__(self, before: int, after: int, stride: int = 1, kernel: int = 3):
        super().__init__()
        self.layer = convolution(before, after, stride, kernel)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.layer(x))


class Residual(nn.Module):
    """arXiv 1512.03385, basic block."""

    def __init__(self, width: int):
        super().__init__()
        self.first, self.second = Step(width, width), convolution(width, width)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.second(self.first(x)))


def to_cells(frames: Tensor, scale: int) -> Tensor:
    """uint8 (or float 0..255) [N,H,W,3] -> float32 [N,3*scale^2,H/scale,W/scale] in -1..1: pixels as channels."""
    count, height, width = frames.shape[0], frames.shape[1] // scale, frames.shape[2] // scale
    squares = frames.reshape(count, height, scale, width, scale, 3)  # sizes spelled out keep them dynamic in ONNX
    channels = squares.permute(0, 2, 4, 5, 1, 3).reshape(count, 3 * scale * scale, height, width)
    return channels.float() / 127.5 - 1.0


def slopes_of_grid(height: int, width: int, device: torch.device | None = None) -> Tensor:
    """float32 [2,height,width]: right and down component of the ray of each cell, forward being 1.

    The vertical field of view is fixed, so these say how many degrees a cell is wide whatever the picture's shape.
    """
    down = (torch.arange(height, device=device) + 0.5) * 2 / height - 1
    right = ((torch.arange(width, device=device) + 0.5) * 2 - width) / height
    slopes = torch.stack([right[None, :].expand(height, -1), down[:, None].expand(-1, width)])
    return slopes * math.tan(math.radians(VERTICAL_FOV_DEGREES / 2))


def with_slopes(x: Tensor) -> Tensor:
    """`x` [N,C,h,w] with two channels of ray slopes behind its own."""
    slopes = slopes_of_grid(*x.shape[-2:], x.device).to(x.dtype)
    return torch.cat([x, slopes[None].expand(x.shape[0], -1, -1, -1)], 1)


def enlarged(x: Tensor, like: Tensor) -> Tensor:
    """Twice the size, cut to that of `like`: an odd size was rounded up on the way down."""
    return F.interpolate(x, scale_factor=2.0)[..., : like.shape[-2], : like.shape[-1]]
