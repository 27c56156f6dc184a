"""Action files: played as they are written, refused by name otherwise."""

import pytest
import torch

from sora_world.world.action_files import read_actions
from sora_world.world.actions import INDEX
from sora_world.world.clips import render_clips


def test_stretches_follow_each_other_and_are_played(tmp_path):
    path = tmp_path / "turn.json"
    path.write_text('[{"frames": 2, "held": ["use"]}, {"frames": 1, "axes": {"camera.yaw": 4}}]')
    played = read_actions(path)
    assert played.shape == (3, 21) and played[:, INDEX["use"]].tolist() == [1, 1, 0]
    clips = render_clips(1, 6, 16, 16, 3, played=played)
    assert torch.equal(clips.actions[0, 1:4], played) and not clips.actions[0, [0, 4, 5]].any()
    assert clips.motion[0, 3, 3] == pytest.approx(4, abs=1e-3)


@pytest.mark.parametrize(
    "text",
    ["{", "[]", '[{"frames": 0}]', '[{"frames": 1, "held": ["fly"]}]', '[{"frames": 1, "axes": {"camera.yaw": 9}}]'],
)
def test_odd_files_are_refused_by_name(tmp_path, text):
    path = tmp_path / "odd.json"
    path.write_text(text)
    with pytest.raises(ValueError, match="odd.json"):
        read_actions(path)
