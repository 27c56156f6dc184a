"""Memory images of whole clips, made of what the decoder shows, as in play."""

from __future__ import annotations

import torch
from torch import Tensor

from sora_world.config import FRAMES_PER_CHUNK, MEMORY_CHANNELS
from sora_world.memory.body import chunk_poses
from sora_world.memory.camera import moved, start_pose
from sora_world.memory.points import IMAGE_SCALE, PointMemory


def clip_memories(frames: Tensor, inverse_depth: Tensor, actions: Tensor, motion: Tensor) -> Tensor:
    """The memory image before each chunk [B,T,F*6,H/2,W/2]; that of the first chunk is empty.

    frames uint8 [B,T*F,H,W,3] and inverse_depth [B,T*F,H/8,W/8] as decoded; actions [B,T,F,A]; motion [B,T,F,6]
    """
    batch, chunks = actions.shape[:2]
    height, width = (side // IMAGE_SCALE for side in frames.shape[2:4])
    memory, pose = PointMemory(batch, frames.device), start_pose(batch, frames.device)
    images = [torch.zeros(batch, MEMORY_CHANNELS, height, width, device=frames.device)]
    for t in range(chunks - 1):
        for frame in range(FRAMES_PER_CHUNK):
            pose = moved(pose, motion[:, t, frame])
        last = (t + 1) * FRAMES_PER_CHUNK - 1
        memory.observe(frames[:, last], inverse_depth[:, last], pose, t)
        seen_from = chunk_poses(pose, motion[:, t, -1], actions[:, t + 1])
        images.append(memory.image(seen_from, t + 1, height, width))
    return torch.stack(images, 1)
