"""The convolutional block that the autoencoder is made of."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class ResidualBlock(nn.Module):
    """Nothing follows the sum: with a ReLU there the last block died twice, and neither loss nor gradients told."""

    def __init__(self, width: int, memory: bool = False):
        super().__init__()
        self.memory = memory
        self.first = nn.Conv2d(width * 2 if memory else width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        self.start_anew()

    def start_anew(self) -> None:
        """Random first half, second half zero: the block passes its input on unchanged."""
        self.first.reset_parameters()
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)

    def forward(self, x: Tensor, before: Tensor | None = None) -> Tensor:
        inside = torch.cat([x, before], 1) if self.memory else x
        return x + self.second(F.relu(self.first(inside)))
