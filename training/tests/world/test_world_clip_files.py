"""Clips on disk: our own round trip and a line of a real recording."""

import json

import torch

from sora_world.world.actions import INDEX
from sora_world.world.clip_files import VPT_DEGREES_PER_PIXEL, action_of_line, read_clip, write_clip
from sora_world.world.clips import render_clips


def test_round_trip(tmp_path):
    clips = render_clips(1, 12, 48, 64, 3, scenario="edit")
    write_clip(tmp_path / "one", clips.rgb[0], clips.actions[0], clips.pose[0], clips.captions[0], clips.hotbar[0])
    back = read_clip(tmp_path / "one")
    assert back.frames.shape == clips.rgb[0].shape
    assert (back.frames.float() - clips.rgb[0].float()).abs().mean() < 6
    assert torch.allclose(back.actions, clips.actions[0], atol=1e-4)
    assert torch.allclose(back.pose, clips.pose[0], atol=1e-3)
    assert back.captions == clips.captions[0]


def test_a_line_leads_to_the_next_frame(tmp_path):
    clips = render_clips(1, 6, 16, 16, 4, scenario="forward")
    write_clip(tmp_path / "one", clips.rgb[0], clips.actions[0], clips.pose[0], clips.captions[0], clips.hotbar[0])
    lines = [json.loads(line) for line in (tmp_path / "one.jsonl").read_text().splitlines()]
    assert torch.allclose(action_of_line(lines[2]), clips.actions[0, 3], atol=1e-4)


def test_reads_lines_of_real_recordings():
    line = {
        "mouse": {"x": 640.0, "y": 360.0, "dx": 12.0, "dy": -4.0, "buttons": [0], "newButtons": []},
        "keyboard": {"keys": ["key.keyboard.w", "key.keyboard.left.control", "key.keyboard.3", "key.keyboard.e"]},
        "hotbar": 2,
        "isGuiOpen": False,
    }
    action = action_of_line(line)
    pressed = {name for name, index in INDEX.items() if action[index] == 1.0}
    assert pressed == {"forward", "sprint", "hotbar.3", "attack"}
    assert abs(float(action[INDEX["camera.yaw"]]) - 12 * VPT_DEGREES_PER_PIXEL / 8) < 1e-6
    assert action[INDEX["camera.pitch"]] < 0
