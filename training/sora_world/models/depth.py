"""Depth in latents of its own: the last channels of a latent hold what the encoder was told of depth.

An encoder that sees colours alone cannot put into a latent how far things are: from such latents no decoder got below
13.9 % of error. So depth is a second modality beside the picture, as in joint RGB-D generation (LDM3D, arXiv
2305.10853): a few channels per cell, made from true depth and from the colours' latent, and generated with them.

Everything here works on the latent grid. The sixteen inverse depths of a cell (four frames, 2x2 places) are its
channels, as logarithms, because errors count in percent.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sora_world.config import DEPTH_SCALE, FRAMES_PER_CHUNK, SPATIAL_SCALE, AutoencoderConfig
from sora_world.models.residual import ResidualBlock

SIDE = SPATIAL_SCALE // DEPTH_SCALE  # places of a cell along one axis
PLACES = FRAMES_PER_CHUNK * SIDE * SIDE
FARTHEST_INVERSE = 0.005  # 1/blocks, added before the logarithm: the sky is that far, twice as far as anything is seen
CENTRE, SPREAD = -2.5, 1.5  # of the logarithms, roughly


def to_code(inverse_depth: Tensor) -> Tensor:
    """Inverse depth [B,F,2h,2w] in 1/blocks -> scaled logarithms [B,16,h,w]."""
    logarithm = (inverse_depth.clamp(min=0) + FARTHEST_INVERSE).log()
    return F.pixel_unshuffle((logarithm - CENTRE) / SPREAD, SIDE)


def from_code(code: Tensor) -> Tensor:
    """The inverse of `to_code`; below 0 where a network says farther than the sky."""
    return (F.pixel_shuffle(code, SIDE) * SPREAD + CENTRE).exp() - FARTHEST_INVERSE


class DepthEncoder(nn.Module):
    """Raw depth channels from depth and the colours' raw latent; what the colours tell need not be said again."""

    def __init__(self, config: AutoencoderConfig):
        super().__init__()
        width, outside = config.depth_width, config.depth_channels
        self.linear = nn.Conv2d(PLACES, outside, 1)
        self.first = nn.Conv2d(PLACES + config.colour_channels, width, 3, padding=1)
        self.block = ResidualBlock(width)
        self.last = nn.Conv2d(width, outside, 3, padding=1)
        nn.init.zeros_(self.last.weight)

    def forward(self, inverse_depth: Tensor, colour: Tensor) -> Tensor:
        """inverse_depth [B,F,2h,2w], colour [B,C,h,w] -> [B,D,h,w]"""
        code = to_code(inverse_depth)
        return self.linear(code) + self.last(self.block(F.relu(self.first(torch.cat([code, colour], 1)))))


class DepthGuess(nn.Module):
    """Raw depth channels from the colours' raw latent alone: for pictures whose depth nobody knows."""

    def __init__(self, config: AutoencoderConfig):
        super().__init__()
        width = config.depth_width
        self.first = nn.Conv2d(config.colour_channels, width, 3, padding=1)
        self.blocks = nn.Sequential(ResidualBlock(width), ResidualBlock(width))
        self.last = nn.Conv2d(width, config.depth_channels, 3, padding=1)

    def forward(self, colour: Tensor) -> Tensor:
        """[B,C,h,w] -> [B,D,h,w]"""
        return self.last(self.blocks(F.relu(self.first(colour))))


class DepthDecoder(nn.Module):
    """Inverse depth of one chunk from its whole raw latent."""

    def __init__(self, config: AutoencoderConfig):
        super().__init__()
        width = config.depth_width
        self.linear = nn.Conv2d(config.depth_channels, PLACES, 1)
        self.first = nn.Conv2d(config.latent_channels, width, 3, padding=1)
        self.blocks = nn.Sequential(ResidualBlock(width), ResidualBlock(width))
        self.last = nn.Conv2d(width, PLACES, 3, padding=1)
        nn.init.zeros_(self.last.weight)
        self.depth_channels = config.depth_channels

    def forward(self, latent: Tensor) -> Tensor:
        """[B,C+D,h,w] -> inverse depth [B,F,2h,2w] in 1/blocks"""
        return from_code(self.code(latent))

    def code(self, latent: Tensor) -> Tensor:
        """The same as scaled logarithms [B,16,h,w]."""
        plain = self.linear(latent[:, -self.depth_channels :])
        return plain + self.last(self.blocks(F.relu(self.first(latent))))
