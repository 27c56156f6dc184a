"""A stand-in for the renderer: a striped cylinder seen by a turning camera. For tests and for trainers without a world.

It has the fields of `sora_world.world.clips.ClipBatch` and one law worth learning: yaw shifts the picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from sora_world.config import ACTION_WIDTH, MAX_CAMERA

YAW_AXIS = ACTION_WIDTH - 2
CAPTIONS = ("a red world", "a green world", "a blue world")


@dataclass
class SyntheticClips:
    rgb: Tensor  # uint8 [B,T,H,W,3]
    inverse_depth: Tensor  # float16 [B,T,H,W]
    block_id: Tensor  # uint8 [B,T,H,W]
    actions: Tensor  # float32 [B,T,21]
    motion: Tensor  # float32 [B,T,6]
    pose: Tensor  # float32 [B,T,5]
    captions: list[list[str]]  # [B][T]
    attributes: Tensor  # int64 [B,T,3]


def render_clips(
    count: int, frames: int, height: int, width: int, rng_seed: int, device: str = "cpu", scenario: str | None = None
) -> SyntheticClips:
    """Signature and alignment of the real renderer; `scenario` is ignored."""
    generator = torch.Generator().manual_seed(rng_seed)
    colour = torch.randint(0, 3, (count,), generator=generator)
    turn = torch.randint(-2, 3, (count, 1), generator=generator) * 2.0
    yaw_step = turn.expand(count, frames).clone()
    yaw_step[:, 0] = 0
    yaw = yaw_step.cumsum(1)

    actions = torch.zeros(count, frames, ACTION_WIDTH)
    actions[..., YAW_AXIS] = yaw_step / MAX_CAMERA
    motion = torch.zeros(count, frames, 6)
    motion[..., 3], motion[..., 5] = yaw_step, 1.0

    column = torch.arange(width) * (90.0 / width)  # degrees
    stripe = ((column + yaw[..., None]) / 15.0).floor().long() % 3  # [B,T,W]
    sky = (torch.arange(height) < height // 3)[:, None]
    tint = torch.nn.functional.one_hot(colour, 3).float()[:, None, None, None, :]
    ground = (stripe[:, :, None, :, None] + 1) / 3 * (0.3 + 0.7 * tint)
    rgb = torch.where(sky[None, None, :, :, None], torch.tensor(0.8), ground)
    return SyntheticClips(
        rgb=(rgb * 255).to(torch.uint8).to(device),
        inverse_depth=torch.where(sky, 0.0, 0.25).expand(count, frames, height, width).half().to(device),
        block_id=torch.where(sky, 0, stripe[:, :, None] + 1).to(torch.uint8).to(device),
        actions=actions.to(device),
        motion=motion.to(device),
        pose=torch.cat([torch.zeros(count, frames, 3), yaw[..., None], torch.zeros(count, frames, 1)], -1).to(device),
        captions=[[CAPTIONS[c]] * frames for c in colour.tolist()],
        attributes=colour[:, None, None].expand(count, frames, 3).to(device),
    )
