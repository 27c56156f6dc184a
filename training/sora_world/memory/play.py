"""The memory of B rollouts in step: pose and last motion go along with the points."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from sora_world.config import MAX_CAMERA, MEMORY_CELL, MEMORY_CHANNELS
from sora_world.memory.body import PITCH, YAW, chunk_poses
from sora_world.memory.camera import moved, start_pose
from sora_world.memory.points import PointMemory


class PlayMemory:
    """What the server keeps of each rollout, for all of a batch. `height`, `width` of the latent grid."""

    def __init__(self, batch: int, height: int, width: int):
        self.size = (height * MEMORY_CELL, width * MEMORY_CELL)
        self.points, self.pose = PointMemory(batch), start_pose(batch)
        self.motion = torch.zeros(batch, 6)
        self.motion[:, 5] = 1
        self.state: np.ndarray | None = None  # of the decoder
        self.chunk = 0
        self.shown: tuple[Tensor, Tensor] | None = None  # actions and the image for them: denoise steps share it

    def image(self, actions: Tensor) -> Tensor:
        """[B,F*6,8h,8w] before the coming chunk, which will be under `actions` [B,F,A]."""
        if self.shown is None or not torch.equal(self.shown[0], actions):
            if self.chunk == 0:
                image = torch.zeros(len(self.pose), MEMORY_CHANNELS, *self.size)
            else:
                seen_from = chunk_poses(self.pose, self.motion, actions)
                image = self.points.image(seen_from, self.chunk, *self.size)
            self.shown = (actions, image)
        return self.shown[1]

    def observe(self, frame: Tensor, inverse_depth: Tensor, pose: Tensor, actions: Tensor) -> None:
        """After a chunk: its last frame [B,H,W,3] and depth [B,H/8,W/8], the pose head's reading [B,F,Q], its actions.

        Turning is what the actions say; only walking is read from the picture.
        """
        motion = torch.cat([pose[..., :3], actions[..., [YAW, PITCH]] * MAX_CAMERA, (pose[..., 5:] > 0).float()], -1)
        for step in motion.unbind(1):
            self.pose = moved(self.pose, step)
        self.motion = motion[:, -1]
        self.points.observe(frame, inverse_depth, self.pose, self.chunk)
        self.chunk += 1
        self.shown = None
