"""The golden fixture of the world memory: what `packages/server/src/memory` must reproduce.

    python -m sora_world.export.golden_memory --out ../test/fixtures/golden

Needs no trained model: two made-up worlds in which somebody walks, jumps and turns. The fixture has the layout of
golden.py.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from sora_world.config import ACTION_WIDTH, DEPTH_SCALE, FRAMES_PER_CHUNK, MAX_CAMERA, POSE_FIELDS
from sora_world.export.golden import Fixture
from sora_world.memory.body import FORWARD, JUMPS, LEFT, PITCH, SNEAKS, SPRINTS, YAW, chunk_poses, next_motion
from sora_world.memory.camera import moved, start_pose
from sora_world.memory.clips import clip_memories

WORLDS, CHUNKS, WIDTH, HEIGHT = 2, 5, 64, 48
RNG_SEED = 14


def made_up_actions() -> Tensor:
    """[B,T,F,A]: keys that change from chunk to chunk, turns that change from frame to frame."""
    actions = torch.zeros(WORLDS, CHUNKS, FRAMES_PER_CHUNK, ACTION_WIDTH)
    keys = torch.rand(WORLDS, CHUNKS, 1, 7).expand(-1, -1, FRAMES_PER_CHUNK, -1)
    rare = torch.zeros(7)
    rare[[JUMPS, SNEAKS, SPRINTS]] = 0.3
    rare[[FORWARD, LEFT]] = -0.3
    actions[..., :7] = (keys > 0.5 + rare).float()
    actions[0, 3, :, :7], actions[1, 2, :, :7] = held(FORWARD, SNEAKS), held(FORWARD, LEFT, SPRINTS)
    actions[..., YAW] = torch.rand(actions.shape[:3]) * 2 - 1
    actions[..., PITCH] = torch.rand(actions.shape[:3]) * 0.6 - 0.3
    return actions


def held(*buttons: int) -> Tensor:
    keys = torch.zeros(7)
    keys[list(buttons)] = 1
    return keys


def made_up_pose(actions: Tensor) -> Tensor:
    """[B,T,F,Q] as a pose head gives it: nearly what the body would do, turns not quite right, onGround as a logit."""
    motion = torch.zeros(WORLDS, len(POSE_FIELDS))
    motion[:, 5] = 1
    rows = []
    for action in actions.flatten(1, 2).unbind(1):
        motion = next_motion(motion, action)
        # Lands again now and then.
        motion[:, 5] = torch.maximum(motion[:, 5], (torch.rand(WORLDS) > 0.7).float())
        rows.append(motion + 0.02 * torch.randn_like(motion))
    pose = torch.stack(rows, 1).unflatten(1, actions.shape[1:3])
    pose[..., 5] = (pose[..., 5] - 0.5) * 8
    return pose


def motion_of(pose: Tensor, actions: Tensor) -> Tensor:
    """The motion that the memory makes of a pose head's output: turns are the action's, onGround is 0 or 1."""
    motion = pose.clone()
    motion[..., 3], motion[..., 4] = actions[..., YAW] * MAX_CAMERA, actions[..., PITCH] * MAX_CAMERA
    motion[..., 5] = (pose[..., 5] > 0).float()
    return motion


def made_up_pictures() -> tuple[Tensor, Tensor]:
    """frames uint8 [B,T*F,H,W,3] and smooth inverse depth [B,T*F,H/8,W/8] from near to the sky."""
    count = WORLDS * CHUNKS * FRAMES_PER_CHUNK
    frames = torch.randint(0, 256, (WORLDS, CHUNKS * FRAMES_PER_CHUNK, HEIGHT, WIDTH, 3), dtype=torch.uint8)
    coarse = torch.rand(count, 1, 3, 4) * 0.5 - 0.02
    size = (HEIGHT // DEPTH_SCALE, WIDTH // DEPTH_SCALE)
    depth = F.interpolate(coarse, size=size, mode="bicubic", align_corners=False).clamp(min=0)
    return frames, depth[:, 0].unflatten(0, (WORLDS, CHUNKS * FRAMES_PER_CHUNK))


def poses_along(actions: Tensor, motion: Tensor) -> tuple[Tensor, Tensor]:
    """[B,T,5] pose after each chunk, and [B,T,F,5] poses from which the memory is looked at before each chunk."""
    pose, last = start_pose(WORLDS), torch.zeros(WORLDS, len(POSE_FIELDS))
    last[:, 5] = 1
    after, seen_from = [], []
    for t in range(CHUNKS):
        seen_from.append(chunk_poses(pose, last, actions[:, t]))
        for frame in range(FRAMES_PER_CHUNK):
            pose = moved(pose, motion[:, t, frame])
        last = motion[:, t, -1]
        after.append(pose)
    return torch.stack(after, 1), torch.stack(seen_from, 1)


def write_memory(out: Path) -> None:
    """Inputs of two rollouts, the poses and the memory images [B,T,F*6,H/2,W/2] that follow from them."""
    torch.manual_seed(RNG_SEED)
    actions = made_up_actions()
    pose = made_up_pose(actions)
    motion = motion_of(pose, actions)
    frames, inverse_depth = made_up_pictures()
    images = clip_memories(frames, inverse_depth, actions, motion)
    after, seen_from = poses_along(actions, motion)
    last = slice(FRAMES_PER_CHUNK - 1, None, FRAMES_PER_CHUNK)  # nothing else of a chunk is remembered
    fixture = Fixture("memory")
    arrays = {
        "actions": actions,
        "pose": pose,
        "frames": frames[:, last],
        "inverseDepth": inverse_depth[:, last],
        "after": after,
        "seenFrom": seen_from,
        "images": images,
    }
    for name, value in arrays.items():
        fixture.add(name, value)
    fixture.write(out, {"poseTolerance": 1e-4, "imageTolerance": 1e-3, "equalShare": 0.99})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    torch.set_num_threads(1)
    options.out.mkdir(parents=True, exist_ok=True)
    with torch.no_grad():
        write_memory(options.out)
    print(f"{(options.out / 'memory.bin').stat().st_size / 1e6:.2f} MB in {options.out / 'memory.bin'}")


if __name__ == "__main__":
    main()
