"""The pinhole camera: pose to rays.

Right-handed coordinates with y up. Yaw 0 looks along -z, yaw grows to the right; pitch grows downwards.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

VERTICAL_FOV_DEGREES = 60.0
EYE_HEIGHT = 1.62


@dataclass(frozen=True)
class Lens:
    """Picture size in pixels and what follows from it."""

    height: int
    width: int

    @property
    def half_height(self) -> float:
        """Tangent of half the vertical field of view."""
        return math.tan(math.radians(VERTICAL_FOV_DEGREES) / 2)

    @property
    def half_width(self) -> float:
        return self.half_height * self.width / self.height

    @property
    def focal(self) -> float:
        """Pixels per unit slope."""
        return self.height / 2 / self.half_height

    def slopes(self, device: torch.device, first: int = 0, last: int | None = None) -> tuple[Tensor, Tensor]:
        """Slopes to the right and upwards of the pixel centres of rows first..last, [N] each, row by row."""
        last = self.height if last is None else last
        column = (torch.arange(self.width, device=device) + 0.5 - self.width / 2) / self.focal
        row = (torch.arange(first, last, device=device) + 0.5 - self.height / 2) / self.focal
        right = column[None, :].expand(last - first, -1)
        up = -row[:, None].expand(-1, self.width)
        return right.reshape(-1), up.reshape(-1)


def basis(yaw: Tensor, pitch: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Unit vectors right, up and forward [B, 3] of the camera for yaw and pitch in degrees [B]."""
    sy, cy = torch.sin(torch.deg2rad(yaw)), torch.cos(torch.deg2rad(yaw))
    sp, cp = torch.sin(torch.deg2rad(pitch)), torch.cos(torch.deg2rad(pitch))
    right = torch.stack([cy, torch.zeros_like(cy), sy], 1)
    forward = torch.stack([cp * sy, -sp, -cp * cy], 1)
    up = torch.linalg.cross(right, forward)
    return right, up, forward


def directions(slopes: tuple[Tensor, Tensor], yaw: Tensor, pitch: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """x, y and z [B, N] of the ray directions for slopes [N], with component 1 along the view axis."""
    u, v = slopes
    right, up, forward = basis(yaw, pitch)
    return tuple(
        torch.addcmul(forward[:, a : a + 1] + right[:, a : a + 1] * u, up[:, a : a + 1], v[None]) for a in range(3)
    )
