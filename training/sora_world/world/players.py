"""Scripted players that move and look like people.

Each player follows one mode for some frames (walk, turn, look back, break, ...), then draws the next. A mode only
wishes: turn rates are smoothed and bounded, walls are avoided and steps are jumped the same way in all modes.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from .actions import ACTION_SIZE, INDEX, MAX_CAMERA
from .camera import basis
from .editing import Aim, Editor, cast
from .grid import Grid
from .hashing import choice, uniform
from .physics import Body, in_water

MODES = ["idle", "walk", "sprint", "strafe", "back", "turn", "look", "look_back", "walk_back", "break", "place", "dig",
         "tunnel", "hop", "sneak", "hold"]
M = {name: index for index, name in enumerate(MODES)}

# Weights of the modes in a free clip, and in clips forced to one theme.
FREE = {"idle": 4, "walk": 20, "sprint": 11, "strafe": 13, "back": 9, "turn": 10, "look": 6, "look_back": 5,
        "walk_back": 5, "break": 10, "place": 13, "dig": 3, "tunnel": 4, "hop": 6, "sneak": 7}
THEMES = {
    "idle": {"hold": 1},
    "forward": {"walk": 2, "sprint": 1},
    "turn": {"turn": 1},
    "jump": {"hop": 1},
    "look_back": {"look_back": 1},
    "walk_back": {"walk_back": 1},
    "edit": {"break": 1, "place": 1},
    "mine": {"dig": 1, "tunnel": 2},
    "village": {"walk": 4, "turn": 1, "look": 1, "sprint": 1, "strafe": 1},
    "water": {"walk": 3, "sprint": 2, "look": 1, "turn": 1},
    "events": {"walk": 3, "look": 1, "turn": 1, "idle": 1},
}
SHORTEST, LONGEST = 10, 42  # frames of one mode

YAW_ACCELERATION = 1.7  # degrees per frame squared
WALL_NEAR, WALL_CLOSE = 2.2, 1.0  # blocks

(DRAW_MODE, DRAW_LENGTH, DRAW_SIDE, DRAW_SPEED, DRAW_EXTRA, DRAW_PITCH, DRAW_TAP, DRAW_SLOT, DRAW_YAW,
 DRAW_TILT, DRAW_DRIFT) = range(60, 71)


@dataclass
class Script:
    """Inner state of the players [B]."""

    rng_seed: Tensor  # int64
    weights: Tensor  # float32 [B, MODES], cumulative
    mode: Tensor  # int64
    age: Tensor  # frames since the mode began
    length: Tensor  # frames of the mode
    start_yaw: Tensor  # degrees at its beginning
    side: Tensor  # -1 or 1
    speed: Tensor  # 0..1
    extra: Tensor  # 0..1
    goal_pitch: Tensor  # degrees
    yaw_rate: Tensor  # degrees per frame, smoothed
    pitch_rate: Tensor


def theme_weights(theme: str | None) -> Tensor:
    """Cumulative mode probabilities float32 [MODES]."""
    weights = THEMES.get(theme, FREE) if theme else FREE
    row = torch.tensor([float(weights.get(name, 0)) for name in MODES])
    return (row / row.sum()).cumsum(0)


def start_script(rng_seed: Tensor, weights: Tensor, yaw: Tensor) -> Script:
    """Players about to draw their first mode; weights [B, MODES] cumulative."""
    zero = torch.zeros_like(yaw)
    return Script(rng_seed, weights, zero.long(), zero.clone(), zero.clone(), yaw.clone(), zero + 1, zero.clone(),
                  zero.clone(), zero.clone(), zero.clone(), zero.clone())


def _next_mode(script: Script, body: Body, frame: int) -> None:
    """Draws a new mode where the old one has ended; in place."""

    def draw(purpose: int) -> Tensor:
        return uniform(script.rng_seed, purpose, frame)

    ended = script.age >= script.length
    mode = (draw(DRAW_MODE)[:, None] > script.weights).sum(1).clamp(max=len(MODES) - 1)
    length = SHORTEST + (LONGEST - SHORTEST) * draw(DRAW_LENGTH)
    pitch = draw(DRAW_PITCH)
    goal = 14 * pitch - 2
    goal = torch.where(mode == M["look"], 80 * pitch - 38, goal)
    goal = torch.where((mode == M["break"]) | (mode == M["place"]), 22 + 30 * pitch, goal)
    goal = torch.where(mode == M["dig"], 66 + 14 * pitch, goal)
    goal = torch.where(mode == M["tunnel"], 12 + 26 * pitch, goal)
    script.mode = torch.where(ended, mode, script.mode)
    script.length = torch.where(ended, length.floor(), script.length)
    script.start_yaw = torch.where(ended, body.yaw, script.start_yaw)
    script.side = torch.where(ended, torch.where(draw(DRAW_SIDE) < 0.5, -1.0, 1.0), script.side)
    script.speed = torch.where(ended, draw(DRAW_SPEED), script.speed)
    script.extra = torch.where(ended, draw(DRAW_EXTRA), script.extra)
    script.goal_pitch = torch.where(ended, goal, script.goal_pitch)
    script.age = torch.where(ended, 0.0, script.age + 1)


def _wander(script: Script, frame: int, purpose: int, period: int) -> Tensor:
    """Smooth noise in -1..1 over time [B]."""
    step, part = frame // period, (frame % period) / period
    part = part * part * (3 - 2 * part)
    near, far = uniform(script.rng_seed, purpose, step), uniform(script.rng_seed, purpose, step + 1)
    return (near + (far - near) * part) * 2 - 1


def _is(script: Script, *names: str) -> Tensor:
    mask = script.mode == M[names[0]]
    for name in names[1:]:
        mask = mask | (script.mode == M[name])
    return mask


def _half(script: Script) -> Tensor:
    """Share of the mode that has passed, 0..1."""
    return script.age / script.length.clamp(min=1)


def _wished_yaw_rate(script: Script, body: Body, frame: int) -> Tensor:
    """Degrees per frame before smoothing [B]."""
    wander = _wander(script, frame, DRAW_YAW, 17)
    rate = torch.where(_is(script, "walk", "sprint", "hop", "sneak", "strafe", "back"), wander * 3.2, 0.0)
    rate = torch.where(_is(script, "look"), wander * 4.5, rate)
    rate = torch.where(_is(script, "place"), script.side * 1.5, rate)
    # Gentle sides keep the aim on one block while it breaks.
    rate = torch.where(_is(script, "break", "tunnel"), wander * 0.4, rate)
    rate = torch.where(_is(script, "turn"), script.side * (1.5 + 5.5 * script.speed), rate)
    part = _half(script)
    there = script.start_yaw + script.side * (70 + 110 * script.speed)
    goal = torch.where(_is(script, "look_back") & (part < 0.5), there, script.start_yaw)
    goal = torch.where(_is(script, "walk_back") & (part > 0.35), script.start_yaw + script.side * 180, goal)
    to_goal = ((goal - body.yaw) * 0.22).clamp(-7.4, 7.4)
    return torch.where(_is(script, "look_back", "walk_back"), to_goal, rate)


def _avoid_walls(grid: Grid, body: Body) -> tuple[Tensor, Tensor]:
    """Free distance ahead [B] at the height of the knees and of the eyes, up to 4 blocks."""
    _, _, forward = basis(body.yaw, torch.zeros_like(body.pitch))
    low, high = body.position.clone(), body.position.clone()
    low[:, 1] += 0.45
    high[:, 1] += 1.55
    _, t = cast(grid, torch.stack([low, high], 1), forward[:, None].expand(-1, 2, -1), 4.0)
    return t[:, 0], t[:, 1]


def step_script(grid: Grid, body: Body, editor: Editor, aim: Aim, script: Script, frame: int) -> Tensor:
    """Action float32 [B, A] that leads into `frame`; advances the script in place."""
    _next_mode(script, body, frame)
    action = torch.zeros((body.yaw.shape[0], ACTION_SIZE), device=body.yaw.device)

    def press(name: str, mask: Tensor) -> None:
        action[:, INDEX[name]] = torch.maximum(action[:, INDEX[name]], mask.float())

    low, high = _avoid_walls(grid, body)
    wet = in_water(grid, body.position, 0.4)
    still = _is(script, "hold")
    part = _half(script)

    ahead = _is(script, "walk", "sprint", "hop", "tunnel")
    ahead = ahead | (_is(script, "sneak") & (script.extra < 0.8))
    ahead = ahead | (_is(script, "strafe", "turn") & (script.extra < 0.4))
    facing_back = ((body.yaw - script.start_yaw).abs() - 180).abs() < 40
    ahead = ahead | (_is(script, "walk_back") & ((part < 0.35) | facing_back))
    wall = (low < WALL_NEAR) & (high < WALL_NEAR) & ahead & ~_is(script, "tunnel")
    press("forward", ahead & ~(wall & (high < WALL_CLOSE)))
    press("back", _is(script, "back"))
    # People drift sideways while they walk.
    drift = _wander(script, frame, DRAW_DRIFT, 11)
    drifts = _is(script, "walk", "sprint", "back", "sneak", "hop")
    press("left", (_is(script, "strafe") & (script.side < 0)) | (drifts & (drift < -0.62)))
    press("right", (_is(script, "strafe") & (script.side > 0)) | (drifts & (drift > 0.62)))
    press("sprint", _is(script, "sprint") | (_is(script, "hop") & (script.extra < 0.5)))
    press("sneak", _is(script, "sneak"))

    tap = uniform(script.rng_seed, DRAW_TAP, frame)
    step_ahead = ahead & (low < 1.1) & (high > low + 0.7)
    press("jump", step_ahead | (wet & ~still & (script.extra < 0.85)))
    press("jump", _is(script, "hop") | (_is(script, "sprint", "walk") & (tap < 0.035)))
    _use_hands(action, press, script, aim, tap, frame)

    rate = _wished_yaw_rate(script, body, frame)
    rate = torch.where(wall, script.side * 6.5, rate)
    script.yaw_rate = script.yaw_rate + (rate - script.yaw_rate).clamp(-YAW_ACCELERATION, YAW_ACCELERATION)
    goal = script.goal_pitch + _wander(script, frame, DRAW_TILT, 23) * 5
    tilt = ((goal - body.pitch) * 0.16).clamp(-5.5, 5.5)
    script.pitch_rate = script.pitch_rate + (tilt - script.pitch_rate).clamp(-1.4, 1.4)
    moves = (~still).float()
    action[:, INDEX["camera.yaw"]] = (script.yaw_rate / MAX_CAMERA).clamp(-1, 1) * moves
    action[:, INDEX["camera.pitch"]] = (script.pitch_rate / MAX_CAMERA).clamp(-1, 1) * moves
    return action


def _use_hands(action: Tensor, press, script: Script, aim: Aim, tap: Tensor, frame: int) -> None:
    """Attack, use, drop and hotbar keys; adds to the action in place."""
    still = _is(script, "hold", "idle")
    ready = script.age > 5
    press("attack", _is(script, "break", "dig", "tunnel") & ready & aim.near)
    press("attack", _is(script, "break") & (script.age > 10) | (~still & (tap > 0.99)))
    # Placing: short presses with pauses, sometimes held.
    rhythm = (script.age % 8 < 3) | (script.extra < 0.25)
    press("use", _is(script, "place") & (script.age > 7) & aim.near & rhythm)
    press("use", ~still & (tap > 0.975) & (tap < 0.985))
    press("drop", ~still & (tap > 0.955) & (tap < 0.968))
    wants = ~still & (((tap > 0.90) & (tap < 0.955)) | (_is(script, "place") & (script.age == 3)))
    slot = choice(script.rng_seed, 9, DRAW_SLOT, frame)
    for index in range(9):
        press(f"hotbar.{index + 1}", wants & (slot == index))
