"""Writes the judges as ONNX with their manifest.

    python -m sora_world.judges.export --scene .runs/judge-scene --dynamics .runs/judge-dynamics \\
        --calibrate .runs/judge-bank --held-out .runs/judge-held-out --out ../assets/judges

The figures in the manifest are measured on the written files.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from torch import Tensor, nn

from sora_world.export.graphs import write_graph
from sora_world.export.manifest import LICENCE, file_entry, write_manifest
from sora_world.judges.calibrate import calibrate
from sora_world.judges.config import ATTRIBUTES, BLOCK_NAMES, FACES, FRAMES, HEIGHTS, KEYS, SCALE
from sora_world.judges.data import JudgeBank
from sora_world.judges.measure import measure
from sora_world.judges.models import DynamicsJudge, SceneJudge, to_inverse_depth
from sora_world.judges.train import load_judge
from sora_world.train import checkpoint

VERSION = "0.1.0"
EXAMPLE = (80, 128)  # height, width the graphs are traced with; both stay dynamic
SCENE_OUTPUTS = ("block_id", "face", "inverse_depth", *ATTRIBUTES, "feature")
SUMMARY = (
    "Small convolutional networks, trained from scratch on rendered ground truth only, never on generated pictures. "
    "Their clips come from the random seeds 700000 to 700228 and from the banks of both tiers (0 and 500000 upwards), "
    "the figures of `accuracy` from 950000 to 950007. The dynamics judge learnt from the banks of the tiers only; "
    "where a key counts as pressed was set on the others."
)


class SceneGraph(nn.Module):
    """What is asked of a picture, in the order of SCENE_OUTPUTS."""

    def __init__(self, model: SceneJudge):
        super().__init__()
        self.model = model

    def forward(self, frames: Tensor) -> tuple[Tensor, ...]:
        answers = self.model(frames)
        answers["inverse_depth"] = to_inverse_depth(answers["log_depth"])
        return tuple(answers[name] for name in SCENE_OUTPUTS)


class DynamicsGraph(nn.Module):
    def __init__(self, model: DynamicsJudge):
        super().__init__()
        self.model = model

    def forward(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        answers = self.model(frames)
        return answers["turn"], answers["keys"]


def write_judges(out: Path, scene: SceneJudge, dynamics: DynamicsJudge) -> list[str]:
    """Writes both graphs; returns their file names."""
    out.mkdir(parents=True, exist_ok=True)
    grid = {0: "N", 2: f"H/{SCALE}", 3: f"W/{SCALE}"}
    write_graph(
        out / "scene.onnx",
        SceneGraph(scene),
        {"frames": torch.zeros(2, *EXAMPLE, 3, dtype=torch.uint8)},
        list(SCENE_OUTPUTS),
        {
            **{name: {0: "N"} for name in SCENE_OUTPUTS},
            "frames": {0: "N", 1: "H", 2: "W"},
            "block_id": grid,
            "face": grid,
            "inverse_depth": {0: "N", 1: f"H/{SCALE}", 2: f"W/{SCALE}"},
        },
    )
    write_graph(
        out / "dynamics.onnx",
        DynamicsGraph(dynamics),
        {"frames": torch.zeros(2, FRAMES, *EXAMPLE, 3, dtype=torch.uint8)},
        ["turn", "keys"],
        {"frames": {0: "N", 2: "H", 3: "W"}, "turn": {0: "N"}, "keys": {0: "N"}},
    )
    return ["scene.onnx", "dynamics.onnx"]


def build_manifest(folder: Path, files: list[str], width: int, accuracy: dict, training: dict) -> dict:
    """The manifest of the graphs lying in `folder`; `width` of the feature."""
    return {
        "manifestVersion": 1,
        "name": "judges",
        "version": VERSION,
        "licence": LICENCE,
        "blocks": BLOCK_NAMES,
        "faces": list(FACES),
        **{f"{name}s": list(values) for name, values in ATTRIBUTES.items()},
        "keys": list(KEYS),
        "scale": SCALE,
        "frames": FRAMES,
        "featureWidth": width,
        "heights": list(HEIGHTS),
        "files": {name: file_entry(folder / name) for name in files},
        "accuracy": accuracy,
        "training": training,
    }


def training_entry(scene: Path, dynamics: Path) -> dict:
    """How these judges came about, from their checkpoints."""
    runs = {name: checkpoint.load(folder / "judge.pt") for name, folder in (("scene", scene), ("dynamics", dynamics))}
    return {
        "summary": SUMMARY,
        "command": "training/runs/judges.sh",
        **{name: {"steps": run["steps"], "minutes": round(run["seconds"] / 60, 1)} for name, run in runs.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scene", type=Path, required=True, help="run folder of the scene judge")
    parser.add_argument("--dynamics", type=Path, required=True, help="run folder of the dynamics judge")
    parser.add_argument("--calibrate", type=Path, help="bank to set the keys' thresholds on; not one it learnt from")
    parser.add_argument("--held-out", type=Path, required=True, help="bank for the figures in the manifest")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    torch.set_num_threads(1)
    try:
        scene, dynamics = load_judge("scene", options.scene), load_judge("dynamics", options.dynamics)
        bank = JudgeBank(options.held_out)
        if options.calibrate:
            print(json.dumps({"moved": calibrate(dynamics, JudgeBank(options.calibrate))}), flush=True)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    files = write_judges(options.out, scene, dynamics)
    accuracy = measure(options.out, bank)
    training = training_entry(options.scene, options.dynamics)
    manifest = build_manifest(options.out, files, scene.config.feature_width, accuracy, training)
    write_manifest(options.out, manifest)
    print(json.dumps({"files": manifest["files"], "accuracy": accuracy}, indent=1))


if __name__ == "__main__":
    main()
