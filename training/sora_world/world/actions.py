"""The action space: names, order and scale of the numbers in one action vector.

The same names stand in the manifest of the model package (`actionSpace`).
"""

from torch import Tensor

BUTTONS = [
    "forward",
    "back",
    "left",
    "right",
    "jump",
    "sneak",
    "sprint",
    "attack",
    "use",
    "drop",
    *[f"hotbar.{slot}" for slot in range(1, 10)],
]
AXES = ["camera.yaw", "camera.pitch"]
ACTION_NAMES = BUTTONS + AXES
ACTION_SIZE = len(ACTION_NAMES)
INDEX = {name: index for index, name in enumerate(ACTION_NAMES)}

# Keys are down while held, except those that mean one event.
BINDINGS = {name: "hold" for name in BUTTONS} | {
    name: "press" for name in ["drop", *[f"hotbar.{slot}" for slot in range(1, 10)]]
}

MAX_CAMERA = 8.0  # degrees per frame; a turn is never faster
FRAMES_PER_SECOND = 20


def button(action: Tensor, name: str) -> Tensor:
    """Is the button down: bool [...] from action [..., A]."""
    return action[..., INDEX[name]] > 0.5


def camera_degrees(action: Tensor) -> tuple[Tensor, Tensor]:
    """Yaw and pitch in degrees per frame, right and down positive, from action [..., A]."""
    return action[..., INDEX["camera.yaw"]] * MAX_CAMERA, action[..., INDEX["camera.pitch"]] * MAX_CAMERA


def action_space() -> dict:
    """The `actionSpace` of the manifest."""
    return {
        "buttons": [{"name": name, "binding": BINDINGS[name]} for name in BUTTONS],
        "axes": [{"name": n, "binding": "pointer", "unit": "degrees/frame", "max": MAX_CAMERA} for n in AXES],
    }
