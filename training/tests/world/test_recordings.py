"""What the environments in TypeScript record can be trained on: a recording of theirs, read as any other clip."""

from pathlib import Path

import pytest
import torch

from sora_world.world.actions import INDEX, MAX_CAMERA
from sora_world.world.clip_files import read_clip

# Written by `record` of packages/server, whose test holds its lines to this file.
RECORDING = Path(__file__).parents[3] / "test/fixtures/recording/episode-0001"


def test_a_recorded_session_is_a_clip():
    clip = read_clip(RECORDING)
    assert clip.frames.shape == (12, 48, 64, 3) and clip.frames.float().std() > 5
    assert clip.captions == ["a snowy forest"] * 12
    # The first view of four frames, then a step of walking and turning, then one of digging and looking up.
    assert clip.actions[:, INDEX["forward"]].tolist() == [0] * 4 + [1] * 4 + [0] * 4
    assert clip.actions[:, INDEX["sprint"]].tolist() == [0] * 4 + [1] * 4 + [0] * 4
    assert clip.actions[:, INDEX["attack"]].tolist() == [0] * 8 + [1] * 4
    assert clip.actions[:, INDEX["hotbar.4"]].tolist() == [0] * 8 + [1] + [0] * 3
    degrees = clip.actions[:, [INDEX["camera.yaw"], INDEX["camera.pitch"]]] * MAX_CAMERA
    assert degrees[4:8, 0].tolist() == pytest.approx([3] * 4) and degrees[8:, 1].tolist() == pytest.approx([-1.5] * 4)


def test_its_poses_turn_as_its_actions_do():
    clip = read_clip(RECORDING)
    turned = clip.pose[1:, 3:] - clip.pose[:-1, 3:]
    asked = clip.actions[1:, [INDEX["camera.yaw"], INDEX["camera.pitch"]]] * MAX_CAMERA
    assert torch.allclose(turned, asked, atol=1e-3)
