from __future__ import annotations

import torch

from sora_world.config import FRAMES_PER_CHUNK
from sora_world.memory.body import chunk_poses
from sora_world.memory.camera import moved
from sora_world.world.clips import render_clips


def test_poses_follow_the_ground_truth_and_are_foreseen():
    """Motion adds up to the world's own pose; up to four frames ahead the body is right where no wall stops it."""
    clips = render_clips(4, 24, 16, 16, 11, scenario="forward")
    pose, steps = clips.pose[:, 0].clone(), []
    foreseen, still = [], []
    for t in range(1, 24):
        if t + FRAMES_PER_CHUNK <= 24:
            ahead = chunk_poses(pose, clips.motion[:, t - 1], clips.actions[:, t : t + FRAMES_PER_CHUNK])
            truth = clips.pose[:, t : t + FRAMES_PER_CHUNK]
            foreseen.append((ahead - truth).abs().flatten(0, 1))
            still.append((pose[:, None] - truth).abs().flatten(0, 1))
        pose = moved(pose, clips.motion[:, t])
        steps.append((pose - clips.pose[:, t]).abs().max())
    assert max(steps) < 1e-3
    error, without = torch.cat(foreseen), torch.cat(still)
    assert error[:, 3:].max() < 1e-3
    assert error[:, [0, 2]].median() < 0.02
    assert error[:, :3].mean() < 0.5 * without[:, :3].mean()
