"""Action files: what a scripted player does, whatever it sees. The layout is that of `sora-world generate --actions`:

    [
      { "frames": 20, "held": ["forward"] },
      { "frames": 30, "axes": { "camera.yaw": 6 } }
    ]

Stretches follow each other; axes are in degrees per frame.
"""

import json
from pathlib import Path

import torch
from torch import Tensor

from .actions import ACTION_SIZE, AXES, BUTTONS, INDEX, MAX_CAMERA

FIELDS = {"frames", "held", "axes"}


def read_actions(path: Path) -> Tensor:
    """Actions float32 [T, A] of all stretches, one after the other.

    Raises ValueError naming file and stretch when something is not an action; OSError when there is no such file.
    """
    try:
        stretches = json.loads(path.read_text())
    except ValueError as error:
        raise ValueError(f"{path} is not JSON: {error}") from error
    if not isinstance(stretches, list) or not stretches:
        raise ValueError(f"{path} is not a list of stretches")
    parts = []
    for number, stretch in enumerate(stretches):
        try:
            parts.append(_rows(stretch))
        except ValueError as error:
            raise ValueError(f"{path}, stretch {number}: {error}") from error
    return torch.cat(parts)


def _rows(stretch: dict) -> Tensor:
    """One stretch as [frames, A]."""
    if not isinstance(stretch, dict) or not stretch.keys() <= FIELDS:
        raise ValueError(f"it may only have {', '.join(sorted(FIELDS))}")
    frames, held, axes = stretch.get("frames"), stretch.get("held", []), stretch.get("axes", {})
    if not isinstance(frames, int) or frames < 1:
        raise ValueError("frames is not a whole number above 0")
    action = torch.zeros(ACTION_SIZE)
    for name in held:
        if name not in BUTTONS:
            raise ValueError(f"there is no button {name!r}")
        action[INDEX[name]] = 1
    for name, degrees in axes.items():
        if name not in AXES or not abs(degrees) <= MAX_CAMERA:
            raise ValueError(f"{name!r} is no axis or turns by more than {MAX_CAMERA} degrees a frame")
        action[INDEX[name]] = degrees / MAX_CAMERA
    return action.expand(frames, -1)
