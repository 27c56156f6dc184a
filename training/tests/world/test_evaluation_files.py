"""Clips of the evaluation: everything comes back from disk to the last bit."""

import json
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from sora_world.world import evaluation_files
from sora_world.world import render_clips as command
from sora_world.world.clip_files import action_of_line
from sora_world.world.clips import render_clips
from sora_world.world.evaluation_files import UNITS_PER_INVERSE_BLOCK, check_size, write_evaluation_clip


@pytest.fixture(scope="module")
def clips():
    return render_clips(2, 6, 24, 32, 5, scenario="turn")


def read_frames(folder, header):
    sheets = [np.array(Image.open(folder / sheet["file"])) for sheet in header["sheets"]]
    assert [len(s) // header["height"] for s in sheets] == [sheet["frames"] for sheet in header["sheets"]]
    return np.concatenate(sheets).reshape(-1, header["height"], header["width"], 3)


@pytest.mark.parametrize("tallest", [evaluation_files.SHEET_HEIGHT, 50])
def test_frames_and_depth_are_lossless(clips, tmp_path, monkeypatch, tallest):
    monkeypatch.setattr(evaluation_files, "SHEET_HEIGHT", tallest)
    write_evaluation_clip(tmp_path / "one", clips, 1, "turn", 5)
    header = json.loads((tmp_path / "one.json").read_text())
    assert len(header["sheets"]) == (1 if tallest > 50 else 3)
    assert np.array_equal(read_frames(tmp_path, header), clips.rgb[1].numpy())
    units = np.array(Image.open(tmp_path / "one.depth.png")).reshape(6, 3, 4)
    truth = clips.inverse_depth[1, :, 4::8, 4::8].float().numpy()
    assert units.max() > 0
    assert np.abs(units / UNITS_PER_INVERSE_BLOCK - truth).max() <= 0.5 / UNITS_PER_INVERSE_BLOCK


def test_lines_tell_the_truth_about_their_frame(clips, tmp_path):
    write_evaluation_clip(tmp_path / "one", clips, 0, None, 5)
    lines = [json.loads(line) for line in (tmp_path / "one.jsonl").read_text().splitlines()]
    assert json.loads((tmp_path / "one.json").read_text())["scenario"] == "mixed"
    assert torch.allclose(action_of_line(lines[2]), clips.actions[0, 3], atol=1e-4)
    assert np.allclose(lines[3]["motion"], clips.motion[0, 3], atol=1e-4)
    # A turn is done on one line and seen on the next.
    assert abs(lines[2]["mouse"]["dx"] - lines[3]["motion"][3]) < 1e-3
    assert set(lines[0]["attributes"]) == {"biome", "time", "weather"}


@pytest.mark.parametrize("height, width", [(20, 32), (24, 30), (0, 32), (16_384, 32)])
def test_refuses_sizes_without_whole_cells(height, width):
    with pytest.raises(ValueError, match="multiples of 8"):
        check_size(height, width)


def run(monkeypatch, *options):
    monkeypatch.setattr(sys, "argv", ["render_clips", *map(str, options)])
    command.main()


def test_command_writes_named_clips(tmp_path, monkeypatch):
    run(monkeypatch, "--format", "eval", "--count", 2, "--seconds", 0.2, "--seed", 9, "--size", "16x16", "--scenario",
        "idle", "--out", tmp_path)
    assert sorted(path.name for path in tmp_path.glob("*.json")) == ["idle-9-0.json", "idle-9-1.json"]


@pytest.mark.parametrize(
    "options, words",
    [
        (["--format", "eval", "--size", "20x16"], "multiples of 8"),
        (["--size", "21x16"], "must be even"),
        (["--size", "large"], "--size large"),
        (["--count", "0"], "--count must be"),
    ],
)
def test_command_refuses_what_it_cannot_write(tmp_path, monkeypatch, capsys, options, words):
    with pytest.raises(SystemExit):
        run(monkeypatch, *options, "--out", tmp_path / "clips")
    assert words in capsys.readouterr().err
    assert not (tmp_path / "clips").exists()
