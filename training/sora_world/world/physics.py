"""Movement of the players: walking, jumping, falling, swimming and collision, for all clips at once.

Units are blocks and frames (20 per second); the rules follow the habits of voxel games: gravity 0.08 blocks per
frame squared, a jump reaches 1.25 blocks, the player is a box of 0.6 x 1.8 x 0.6.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from .actions import button, camera_degrees
from .blocks import ID
from .camera import EYE_HEIGHT
from .grid import HEIGHT, Grid

HALF_WIDTH = 0.3
BODY_HEIGHT = 1.8
WALK, SPRINT, SNEAK, SWIM = 4.317 / 20, 5.612 / 20, 1.3 / 20, 2.2 / 20  # blocks per frame
JUMP, GRAVITY, DRAG = 0.42, 0.08, 0.98
GRIP_GROUND, GRIP_AIR, GRIP_WATER = 0.55, 0.15, 0.3  # share of the wished velocity taken on per frame
SNEAK_DROP = 0.3  # blocks by which the eye sinks
PITCH_LIMIT = 85.0
BORDER = 2.0  # blocks kept from the edge of the local grid
GAP = 1e-3  # blocks kept from a wall, above the rounding of float32


@dataclass
class Body:
    """State of the players [B]; position is the middle of the feet in local blocks."""

    position: Tensor  # float32 [B, 3]
    velocity: Tensor  # float32 [B, 3] blocks per frame
    yaw: Tensor  # degrees, not wrapped
    pitch: Tensor
    on_ground: Tensor  # bool
    eye_drop: Tensor  # blocks
    blocked: Tensor  # bool, a wall stopped the last move

    @staticmethod
    def at(position: Tensor, yaw: Tensor, pitch: Tensor) -> "Body":
        """A body at rest; it settles on the ground with the first steps."""
        still = torch.zeros_like(yaw)
        return Body(position, torch.zeros_like(position), yaw, pitch, still > 1, still.clone(), still > 1)

    def eye(self) -> Tensor:
        """Position of the eye [B, 3]."""
        up = torch.zeros_like(self.position)
        up[:, 1] = EYE_HEIGHT - self.eye_drop
        return self.position + up


def collides(grid: Grid, position: Tensor, solid: Tensor) -> Tensor:
    """bool [B]: does the body's box at `position` [B, 3] touch a solid block."""
    offsets = [
        (x, y, z)
        for x in (-HALF_WIDTH, HALF_WIDTH)
        for y in (0.0, BODY_HEIGHT / 2, BODY_HEIGHT - GAP)
        for z in (-HALF_WIDTH, HALF_WIDTH)
    ]
    corners = position[:, None] + torch.tensor(offsets, device=position.device)
    return solid[grid.value(corners.floor().long()).long()].any(1)


def _move_axis(grid: Grid, body: Body, axis: int, delta: Tensor, solid: Tensor) -> Tensor:
    """Moves along one axis as far as the blocks allow, in place; returns bool [B] where a block stopped it."""
    old = body.position[:, axis].clone()
    target = old + delta
    body.position[:, axis] = target
    hit = collides(grid, body.position, solid)
    low, high = (0.0, BODY_HEIGHT) if axis == 1 else (HALF_WIDTH, HALF_WIDTH)
    up_to = (target + high).floor() - high - GAP
    down_to = (target - low).floor() + 1 + low + (0.0 if axis == 1 else GAP)
    contact = torch.where(delta > 0, up_to, down_to)
    # Never move backwards or beyond the wish, even when the start already touched a block.
    contact = torch.where(delta > 0, torch.minimum(torch.maximum(contact, old), target),
                          torch.maximum(torch.minimum(contact, old), target))
    body.position[:, axis] = torch.where(hit, contact, target)
    return hit


def _wish(action: Tensor, yaw: Tensor) -> Tensor:
    """Wished horizontal direction x, z [B, 2], length 0 or 1."""
    ahead = button(action, "forward").float() - button(action, "back").float()
    aside = button(action, "right").float() - button(action, "left").float()
    length = (ahead * ahead + aside * aside).sqrt().clamp(min=1)
    sine, cosine = torch.sin(torch.deg2rad(yaw)), torch.cos(torch.deg2rad(yaw))
    return torch.stack([ahead * sine + aside * cosine, -ahead * cosine + aside * sine], 1) / length[:, None]


def turn(body: Body, action: Tensor) -> None:
    """Applies the camera axes of action [B, A] in place."""
    yaw, pitch = camera_degrees(action)
    body.yaw = body.yaw + yaw
    body.pitch = (body.pitch + pitch).clamp(-PITCH_LIMIT, PITCH_LIMIT)


def in_water(grid: Grid, position: Tensor, height: float) -> Tensor:
    """bool [B]: is the point `height` blocks above position [B, 3] in water."""
    point = position.clone()
    point[:, 1] += height
    return grid.value(point.floor().long()) == ID["water"]


def step_body(grid: Grid, body: Body, action: Tensor, solid: Tensor) -> None:
    """One frame of movement under action [B, A]; updates the body in place."""
    turn(body, action)
    wet = in_water(grid, body.position, 0.4)
    sneaks = button(action, "sneak")
    runs = button(action, "sprint") & button(action, "forward") & ~sneaks
    speed = torch.where(runs, SPRINT, WALK)
    speed = torch.where(sneaks, SNEAK, speed)
    speed = torch.where(wet, SWIM, speed)
    grip = torch.where(wet, GRIP_WATER, torch.where(body.on_ground, GRIP_GROUND, GRIP_AIR))[:, None]
    flat = body.velocity[:, [0, 2]]
    flat = flat + (_wish(action, body.yaw) * speed[:, None] - flat) * grip

    rise = body.velocity[:, 1]
    jumps = button(action, "jump")
    rise = torch.where(jumps & body.on_ground & ~wet, JUMP, rise)
    # At a bank a swimmer climbs out.
    rise = torch.where(wet & jumps, torch.where(body.blocked, 0.34, rise + 0.055), rise)
    rise = torch.where(wet & sneaks, rise - 0.03, rise).clamp(-0.95, 0.95)

    hit_y = _move_axis(grid, body, 1, rise, solid)
    hit_x = _move_axis(grid, body, 0, flat[:, 0], solid)
    hit_z = _move_axis(grid, body, 2, flat[:, 1], solid)
    body.on_ground = hit_y & (rise <= 0)
    body.blocked = hit_x | hit_z
    rise = torch.where(hit_y, 0.0, rise)
    rise = torch.where(wet, (rise - 0.02) * 0.8, (rise - GRAVITY) * DRAG)
    body.velocity = torch.stack([torch.where(hit_x, 0.0, flat[:, 0]), rise, torch.where(hit_z, 0.0, flat[:, 1])], 1)
    low = torch.tensor([BORDER, 1.0, BORDER], device=rise.device)
    high = torch.tensor([grid.side - BORDER, HEIGHT - 3.0, grid.side - BORDER], device=rise.device)
    body.position = body.position.clamp(low, high)
    body.eye_drop = body.eye_drop + (sneaks.float() * SNEAK_DROP - body.eye_drop) * 0.5
