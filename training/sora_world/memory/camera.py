"""Poses and projection of the memory. The camera is that of `world/camera.py`, at the memory image's own resolution.

A pose is [B,5]: eye x, y, z in blocks, yaw, pitch in degrees. Every memory starts at the origin looking along -z; where
the player really stands is not known to a generated world, and does not matter.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from sora_world.config import VERTICAL_FOV_DEGREES

START_PITCH = 6.0  # degrees; the middle of what worlds start with
PITCH_LIMIT = 85.0


def start_pose(batch: int, device: torch.device | str = "cpu") -> Tensor:
    pose = torch.zeros(batch, 5, device=device)
    pose[:, 4] = START_PITCH
    return pose


def moved(pose: Tensor, motion: Tensor) -> Tensor:
    """The pose after one frame. motion [B,>=5]: right, up, forward (blocks, in the yaw frame before), yaw, pitch."""
    yaw = torch.deg2rad(pose[:, 3])
    sine, cosine = yaw.sin(), yaw.cos()
    right, up, forward = motion[:, 0], motion[:, 1], motion[:, 2]
    shift = torch.stack([right * cosine + forward * sine, up, right * sine - forward * cosine], 1)
    pitch = (pose[:, 4] + motion[:, 4]).clamp(-PITCH_LIMIT, PITCH_LIMIT)
    return torch.cat([pose[:, :3] + shift, (pose[:, 3] + motion[:, 3])[:, None], pitch[:, None]], 1)


def axes(pose: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Unit vectors right, up, forward [B,3]."""
    yaw, pitch = torch.deg2rad(pose[:, 3]), torch.deg2rad(pose[:, 4])
    sy, cy, sp, cp = yaw.sin(), yaw.cos(), pitch.sin(), pitch.cos()
    right = torch.stack([cy, torch.zeros_like(cy), sy], 1)
    up = torch.stack([sp * sy, cp, -sp * cy], 1)
    forward = torch.stack([cp * sy, -sp, -cp * cy], 1)
    return right, up, forward


def focal(height: int) -> float:
    """Pixels per unit slope of a picture `height` pixels high."""
    return height / 2 / math.tan(math.radians(VERTICAL_FOV_DEGREES) / 2)


def unproject(pose: Tensor, depth: Tensor) -> Tensor:
    """Points [B,h*w,3] in the world of the pixel centres of a picture with z-depth [B,h,w] in blocks."""
    height, width = depth.shape[1:]
    across = (torch.arange(width, device=depth.device) + 0.5 - width / 2) / focal(height)
    above = -(torch.arange(height, device=depth.device) + 0.5 - height / 2) / focal(height)
    right, up, forward = axes(pose)
    ray = forward[:, None, None] + right[:, None, None] * across[None, None, :, None]
    ray = ray + up[:, None, None] * above[None, :, None, None]
    return (pose[:, None, None, :3] + ray * depth[..., None]).flatten(1, 2)


def project(pose: Tensor, points: Tensor, height: int, width: int) -> tuple[Tensor, Tensor, Tensor]:
    """Pixel coordinates x, y [B,N] (centres at .5) and z-depth [B,N] of points [B,N,3]; any z, also behind."""
    away = points - pose[:, None, :3]
    across, above, z = (torch.einsum("bnc,bc->bn", away, axis) for axis in axes(pose))
    scale = focal(height) / z.clamp(min=1e-3)
    return across * scale + width / 2, height / 2 - above * scale, z
