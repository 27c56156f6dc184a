"""How well the judges judge: figures on ground truth they have never seen, through the exported files.

    python -m sora_world.judges.measure --judges ../assets/judges --held-out .runs/judge-held-out

What a figure of a generated world can say ends at these: a turn error below the judge's own is no turn error.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from sora_world.judges.config import ATTRIBUTES, FACES, FRAMES, KEYS, MOVE_KEYS
from sora_world.judges.data import FADING, DynamicsBatch, JudgeBank, SceneBatch, stack
from sora_world.judges.degrade import softened

EVERY = 4  # frames between two judged pictures of a clip
SIDEWAYS, AHEAD = 0, 2  # fields of `motion`
LEAST_MOVE = 0.03  # blocks per frame; a wall or a bank allows less, and then no eye could tell the key


class Judge:
    """One exported judge."""

    def __init__(self, path: Path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.outputs = [output.name for output in self.session.get_outputs()]

    def __call__(self, frames: np.ndarray) -> dict[str, np.ndarray]:
        return dict(zip(self.outputs, self.session.run(None, {"frames": frames}), strict=True))


def scene_batches(bank: JudgeBank) -> Iterator[SceneBatch]:
    """Every EVERY-th frame of every clip, a clip at a time."""
    for shard in bank.shards():
        clips, frames = shard.shape
        for clip in range(clips):
            yield SceneBatch(*(torch.from_numpy(v) for v in shard.scenes(clip, slice(0, frames, EVERY))))


def dynamics_batches(bank: JudgeBank) -> Iterator[tuple[DynamicsBatch, np.ndarray]]:
    """Every transition once, a clip at a time, with `motion` [N,4,6]."""
    for shard in bank.shards():
        clips, frames = shard.shape
        starts = range(0, frames - FRAMES + 1, FRAMES - 1)
        for clip in range(clips):
            motion = np.stack([shard.motion[clip, start + 1 : start + FRAMES] for start in starts])
            yield stack(DynamicsBatch, [shard.transitions(clip, start) for start in starts]), motion


def as_rendered(frames: np.ndarray) -> np.ndarray:
    return frames


def half_soft(frames: np.ndarray) -> np.ndarray:
    """uint8 [..,H,W,3] drawn at half its size and enlarged: about as soft as what a small model paints."""
    pictures = torch.from_numpy(frames).float()
    clips = pictures if pictures.ndim == 5 else pictures[:, None]
    return softened(clips, torch.ones(())).add(0.5).byte().reshape(frames.shape).numpy()


def scene_figures(judge: Judge, bank: JudgeBank, change: Callable = as_rendered) -> dict[str, float]:
    """Shares of right answers, and the median relative error of depth where there is no sky."""
    right: dict[str, list[np.ndarray]] = {}
    errors = []
    for batch in scene_batches(bank):
        answers = judge(change(batch.frames.numpy()))
        truth = {name: value.numpy() for name, value in vars(batch).items()}
        face, true_face = answers["face"].argmax(1), truth["face"]
        hits = {
            "blockId": answers["block_id"].argmax(1) == truth["block_id"],
            "face": face == true_face,
            "faceAxis": unsigned(face) == unsigned(true_face),
        }
        for place, name in enumerate(ATTRIBUTES):
            settled = truth["attributes"][:, place] != FADING
            hits[name] = (answers[name].argmax(1) == truth["attributes"][:, place])[settled]
        for name, values in hits.items():
            right.setdefault(name, []).append(values.ravel())
        depth, true_depth = answers["inverse_depth"], truth["inverse_depth"]
        seen = true_depth > 0
        errors.append(np.abs(depth[seen] / true_depth[seen] - 1))
    shares = {name: float(np.concatenate(values).mean()) for name, values in right.items()}
    return shares | {"inverseDepthError": float(np.median(np.concatenate(errors)))}


def unsigned(face: np.ndarray) -> np.ndarray:
    """Opposite walls made one class, up and down not: a world turned by 180 degrees looks the same."""
    walls = (FACES.index("+x"), FACES.index("+z"))
    result = face.copy()
    for wall in walls:
        result[face == wall + 1] = wall
    return result


def yaw_and_pitch(values: np.ndarray) -> dict[str, float]:
    return dict(zip(("yaw", "pitch"), values.tolist(), strict=True))


def f1(pressed: np.ndarray, read: np.ndarray) -> float:
    """1 when nothing was pressed and nothing read."""
    wrong = (pressed != read).sum()
    both = (pressed & read).sum()
    return float(2 * both / (2 * both + wrong)) if both or wrong else 1.0


def dynamics_figures(judge: Judge, bank: JudgeBank, change: Callable = as_rendered) -> dict:
    """Mean error of the turn in degrees per frame; F1 of each key, of five keys together, and where one can move."""
    turns, keys, truths, pressed, moving = [], [], [], [], []
    for batch, motion in dynamics_batches(bank):
        answers = judge(change(batch.frames.numpy()))
        turns.append(answers["turn"])
        truths.append(batch.turn.numpy())
        keys.append(answers["keys"] > 0)
        pressed.append(batch.keys.numpy() > 0)
        moving.append(np.hypot(motion[..., SIDEWAYS], motion[..., AHEAD]) > LEAST_MOVE)
    error = np.abs(np.concatenate(turns) - np.concatenate(truths)).reshape(-1, 2)
    read, true = (np.concatenate(values).reshape(-1, len(KEYS)) for values in (keys, pressed))
    free = np.concatenate(moving).reshape(-1) | ~true[:, :4].any(1)
    each = {name: f1(true[:, place], read[:, place]) for place, name in enumerate(KEYS)}
    count = len(MOVE_KEYS)
    return {
        "turnErrorDeg": yaw_and_pitch(error.mean(0)),
        "turnErrorDegP95": yaw_and_pitch(np.quantile(error, 0.95, axis=0)),
        "keyF1": each,
        "keyF1WhereFree": {name: f1(true[free, place], read[free, place]) for place, name in enumerate(KEYS)},
        "keyF1Mean": float(np.mean(list(each.values()))),
        "keyF1MeanMove": float(np.mean([each[name] for name in MOVE_KEYS])),
        "keyF1MicroMove": f1(true[:, :count], read[:, :count]),
    }


def rounded(values):
    """Four digits everywhere in a nested dict."""
    if isinstance(values, dict):
        return {name: rounded(value) for name, value in values.items()}
    return round(values, 4) if isinstance(values, float) else values


def measure(folder: Path, bank: JudgeBank) -> dict:
    """The manifest's `accuracy`: both judges of a folder on a held-out bank, as rendered and softened."""
    scene, dynamics = Judge(folder / "scene.onnx"), Judge(folder / "dynamics.onnx")
    clips = sum(shard.shape[0] for shard in bank.shards())
    figures = {"clips": clips}
    for name, change in (("", as_rendered), ("soft", half_soft)):
        print(f"measuring {clips} clips, {name or 'as rendered'}", flush=True)
        found = scene_figures(scene, bank, change) | dynamics_figures(dynamics, bank, change)
        figures |= {name: found} if name else found
    return rounded(figures)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--judges", type=Path, required=True)
    parser.add_argument("--held-out", type=Path, required=True)
    options = parser.parse_args()
    torch.set_num_threads(1)
    try:
        bank = JudgeBank(options.held_out)
        figures = measure(options.judges, bank)
    except (OSError, ValueError, onnxruntime.capi.onnxruntime_pybind11_state.NoSuchFile) as error:
        parser.error(str(error))
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
