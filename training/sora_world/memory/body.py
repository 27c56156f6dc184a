"""Where the player is about to be: turning is exact, walking follows the habits of `world/physics.py` without walls.

The memory image must exist before the chunk does, so its pose is a prediction. What is wrong with it (a wall, water,
an unknown step) is small over four frames, and training sees the same mistakes.
"""

from __future__ import annotations

import torch
from torch import Tensor

from sora_world.config import MAX_CAMERA
from sora_world.memory.camera import moved

WALK, SPRINT, SNEAK = 4.317 / 20, 5.612 / 20, 1.3 / 20  # blocks per frame
JUMP, GRAVITY, DRAG = 0.42, 0.08, 0.98
GRIP_GROUND, GRIP_AIR = 0.55, 0.15
FORWARD, BACK, LEFT, RIGHT, JUMPS, SNEAKS, SPRINTS = range(7)  # places in an action
YAW, PITCH = -2, -1


def chunk_poses(pose: Tensor, motion: Tensor, actions: Tensor) -> Tensor:
    """Pose [B,F,5] of each frame of the coming chunk.

    pose [B,5] and motion [B,6] of the last frame (onGround as 0 or 1); actions [B,F,A] of the coming chunk
    """
    poses = []
    for action in actions.unbind(1):
        motion = next_motion(motion, action)
        pose = moved(pose, motion)
        poses.append(pose)
    return torch.stack(poses, 1)


def next_motion(motion: Tensor, action: Tensor) -> Tensor:
    """Motion [B,6] of one frame under `action` [B,A], from the motion of the frame before."""
    # Motion is given in the yaw frame before each move; the old one turns against the camera.
    turned = torch.deg2rad(motion[:, 3])
    sine, cosine = turned.sin(), turned.cos()
    right = motion[:, 0] * cosine - motion[:, 2] * sine
    forward = motion[:, 0] * sine + motion[:, 2] * cosine
    yaw, pitch = action[:, YAW] * MAX_CAMERA, action[:, PITCH] * MAX_CAMERA
    on_ground = motion[:, 5] > 0.5
    wish_right, wish_forward = wished(action, yaw)
    grip = torch.where(on_ground, GRIP_GROUND, GRIP_AIR)
    right, forward = right + (wish_right - right) * grip, forward + (wish_forward - forward) * grip
    jumps = action[:, JUMPS] > 0.5
    rise = torch.where(on_ground, torch.where(jumps, JUMP, 0.0), (motion[:, 1] - GRAVITY) * DRAG)
    return torch.stack([right, rise, forward, yaw, pitch, (on_ground & ~jumps).float()], 1)


def wished(action: Tensor, yaw: Tensor) -> tuple[Tensor, Tensor]:
    """Velocity to the right and forward [B] that the keys ask for, in the yaw frame before the turn by `yaw`."""
    held = action > 0.5
    ahead = held[:, FORWARD].float() - held[:, BACK].float()
    aside = held[:, RIGHT].float() - held[:, LEFT].float()
    runs = held[:, SPRINTS] & held[:, FORWARD] & ~held[:, SNEAKS]
    speed = torch.where(held[:, SNEAKS], SNEAK, torch.where(runs, SPRINT, WALK))
    speed = speed / (ahead.square() + aside.square()).sqrt().clamp(min=1)
    sine, cosine = torch.deg2rad(yaw).sin(), torch.deg2rad(yaw).cos()
    return speed * (aside * cosine + ahead * sine), speed * (ahead * cosine - aside * sine)
