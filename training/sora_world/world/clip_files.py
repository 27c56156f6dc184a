"""Clips on disk in the layout of VPT recordings: `NAME.mp4` and `NAME.jsonl`, one line a frame.

Two layouts of time meet here. On disk, line t holds the action taken while frame t is seen, which leads to frame
t + 1 (VPT). In memory, `actions[t]` is the action that led into frame t, with a no-op at frame 0. So
`actions[t] = line[t - 1]`, and the last line is a no-op that only fills its place.

Lines written here also carry `pose` and `caption`; recordings of the real game lack them and are read all the same.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import torch
from torch import Tensor

from .actions import ACTION_SIZE, FRAMES_PER_SECOND, INDEX, MAX_CAMERA

KEYS = {
    "forward": "key.keyboard.w",
    "back": "key.keyboard.s",
    "left": "key.keyboard.a",
    "right": "key.keyboard.d",
    "jump": "key.keyboard.space",
    "sneak": "key.keyboard.left.shift",
    "sprint": "key.keyboard.left.control",
    "drop": "key.keyboard.q",
    **{f"hotbar.{slot}": f"key.keyboard.{slot}" for slot in range(1, 10)},
}
BUTTON_OF_KEY = {key: name for name, key in KEYS.items()}
MOUSE_BUTTONS = {"attack": 0, "use": 1}

# VPT records mouse movement in pixels of its own sensitivity; this turns them into degrees.
VPT_DEGREES_PER_PIXEL = 360.0 / 2400.0


@dataclass
class ClipFile:
    """One clip read from disk."""

    frames: Tensor  # uint8 [T, H, W, 3]
    actions: Tensor  # float32 [T, A], led into frame t
    pose: Tensor | None  # float32 [T, 5]
    captions: list[str] | None  # [T]


def _line(action: Tensor | None, pose: Tensor, caption: str, hotbar: int) -> dict:
    """One jsonl line; a missing action is a no-op."""
    held = action if action is not None else torch.zeros(ACTION_SIZE)
    return {
        "mouse": {
            "dx": round(float(held[INDEX["camera.yaw"]]) * MAX_CAMERA, 5),
            "dy": round(float(held[INDEX["camera.pitch"]]) * MAX_CAMERA, 5),
            "unit": "degrees",
            "buttons": [number for name, number in MOUSE_BUTTONS.items() if held[INDEX[name]] > 0.5],
        },
        "keyboard": {"keys": [key for name, key in KEYS.items() if held[INDEX[name]] > 0.5]},
        "hotbar": hotbar,
        "isGuiOpen": False,
        "pose": [round(value, 4) for value in pose.tolist()],
        "caption": caption,
    }


def write_clip(path: Path, frames: Tensor, actions: Tensor, pose: Tensor, captions: list[str], hotbar: Tensor) -> None:
    """Writes `path`.mp4 and `path`.jsonl; frames uint8 [T, H, W, 3], actions [T, A] in our layout of time."""
    path = Path(path)
    _write_video(path.with_suffix(".mp4"), frames)
    write_lines(path.with_suffix(".jsonl"), actions, pose, captions, hotbar)


def write_lines(
    path: Path, actions: Tensor, pose: Tensor, captions: list[str], hotbar: Tensor, more: list[dict] | None = None
) -> None:
    """Writes the jsonl file of a clip of T frames; `more` [T] is added to the lines."""
    count = len(captions)
    with path.open("w") as file:
        for t in range(count):
            action = actions[t + 1] if t + 1 < count else None
            line = _line(action, pose[t], captions[t], int(hotbar[t])) | (more[t] if more else {})
            file.write(json.dumps(line) + "\n")


def _write_video(path: Path, frames: Tensor) -> None:
    count, height, width, _ = frames.shape
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FRAMES_PER_SECOND)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"crf": "16", "preset": "veryfast"}
        for t in range(count):
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frames[t].numpy()), format="rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode())


def _read_video(path: Path) -> Tensor:
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    return torch.from_numpy(np.stack(frames))


def action_of_line(line: dict) -> Tensor:
    """Action float32 [A] of one jsonl line, VPT's or ours."""
    action = torch.zeros(ACTION_SIZE)
    for key in line.get("keyboard", {}).get("keys", []):
        if key in BUTTON_OF_KEY:
            action[INDEX[BUTTON_OF_KEY[key]]] = 1.0
    mouse = line.get("mouse", {})
    for name, number in MOUSE_BUTTONS.items():
        if number in mouse.get("buttons", []):
            action[INDEX[name]] = 1.0
    scale = 1.0 if mouse.get("unit") == "degrees" else VPT_DEGREES_PER_PIXEL
    for name, field in (("camera.yaw", "dx"), ("camera.pitch", "dy")):
        action[INDEX[name]] = max(-1.0, min(1.0, mouse.get(field, 0.0) * scale / MAX_CAMERA))
    return action


def read_clip(path: Path) -> ClipFile:
    """Reads `path`.mp4 and `path`.jsonl (either suffix or none may be given)."""
    path = Path(path)
    frames = _read_video(path.with_suffix(".mp4"))
    lines = [json.loads(line) for line in path.with_suffix(".jsonl").read_text().splitlines() if line.strip()]
    count = min(frames.shape[0], len(lines))
    frames, lines = frames[:count], lines[:count]
    taken = torch.stack([action_of_line(line) for line in lines])
    actions = torch.cat([torch.zeros((1, ACTION_SIZE)), taken[:-1]])
    has_pose, has_caption = all("pose" in line for line in lines), all("caption" in line for line in lines)
    pose = torch.tensor([line["pose"] for line in lines]) if has_pose else None
    return ClipFile(frames, actions, pose, [line["caption"] for line in lines] if has_caption else None)
