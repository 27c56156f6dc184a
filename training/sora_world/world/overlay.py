"""What lies on top of the picture: the held block at the lower right, rain and snow."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from .blocks import HAND
from .camera import Lens
from .shade import Palette, texel_index
from .sky import Atmosphere

HAND_TURN = math.radians(38.0)
HAND_TILT = math.radians(16.0)
RAIN_SPEED = 0.11  # picture heights per frame
SNOW_SPEED = 0.022


@dataclass
class Hand:
    """The held block per clip [B]."""

    block: Tensor  # uint8
    bob: Tensor  # float32 phase in radians of the walk
    stride: Tensor  # float32 0..1, how strongly it bobs
    swing: Tensor  # float32 0..1, 0 at rest, rises to 1 in the middle of a blow
    dip: Tensor  # float32 0..1, lowered while changing blocks


def draw_hand(picture: list[Tensor], lens: Lens, hand: Hand, air: Atmosphere, palette: Palette,
              boxes: Tensor) -> None:
    """Draws the held block as a small turned cube; picture holds r, g, b, inverse depth, block, face [B, H, W]."""
    device = picture[0].device
    size = 0.30 * min(1.0, lens.half_width / lens.half_height)
    row0, column0 = int(lens.height * 0.52), int(lens.width * 0.55)
    rows, columns = slice(row0, lens.height), slice(column0, lens.width)
    right, up = (s.view(lens.height, lens.width)[rows, columns][None] for s in lens.slopes(device))
    hits, near, axis, point = _cube_hits(lens, hand, size, right, up, boxes)
    is_x, is_y = axis == 0, axis == 1
    u = torch.where(is_x, point[2], point[0])
    v = torch.where(is_y, point[2], 1 - point[1])
    block = hand.block[:, None, None].expand(near.shape)
    side = torch.where(is_y, 0, 1)
    index = texel_index(block, side, u, v, torch.zeros_like(side), palette)
    shade = torch.where(is_x, 0.72, torch.where(is_y, 1.0, 0.88))
    glow = palette.glow[hand.block.long()][:, None, None]
    for channel in range(3):
        light = torch.maximum(shade * air.light[:, channel, None, None].clamp(min=0.2), glow)
        colour = palette.texture[channel].index_select(0, index.reshape(-1)).view(index.shape) * light
        target = picture[channel][:, rows, columns]
        target.copy_(torch.where(hits, colour, target))
    for index, value in ((3, 1 / near), (4, torch.full_like(block, HAND)), (5, (axis * 2 + 1).byte())):
        target = picture[index][:, rows, columns]
        target.copy_(torch.where(hits, value, target))


def _cube_hits(lens: Lens, hand: Hand, size: float, right: Tensor, up: Tensor,
               boxes: Tensor) -> tuple[Tensor, Tensor, Tensor, list[Tensor]]:
    """Ray-box test in camera space: hit mask, z-depth, face axis and the point in the block's 0..1 cube."""
    sway = torch.sin(hand.bob) * hand.stride * 0.035
    lift = -torch.cos(hand.bob).abs() * hand.stride * 0.03
    x = 0.74 * lens.half_width + sway - hand.swing * 0.16 * lens.half_width
    y = -0.46 + lift - hand.dip * 0.35 + hand.swing * 0.05
    z = 0.95 + hand.swing * 0.22
    turn, tilt = HAND_TURN + hand.swing * 0.35, HAND_TILT - hand.swing * 0.55
    ct, st, cp, sp = (k[:, None, None] for k in (turn.cos(), turn.sin(), _cos(tilt), _sin(tilt)))

    def to_block(px: Tensor, py: Tensor, pz: Tensor) -> list[Tensor]:
        # Tilt about the right axis shows the upper face, then turn about the vertical one.
        py, pz = cp * py + sp * pz, -sp * py + cp * pz
        return [(ct * px + st * pz) / size, py / size, (-st * px + ct * pz) / size]

    one = torch.ones_like(right)
    slope = to_block(right, up, one)
    start = to_block(*(-k[:, None, None] for k in (x, y, z)))
    box = boxes[:, hand.block.long()]
    near, far = torch.full_like(slope[0], -1e9), torch.full_like(slope[0], 1e9)
    axis = torch.zeros_like(slope[0], dtype=torch.int32)
    for a in range(3):
        inverse = 1 / torch.where(slope[a].abs() < 1e-5, 1e-5, slope[a])
        low = (box[a][:, None, None] - 0.5 - start[a]) * inverse
        high = (box[a + 3][:, None, None] - 0.5 - start[a]) * inverse
        enter, leave = torch.minimum(low, high), torch.maximum(low, high)
        axis = torch.where(enter > near, a, axis)
        near, far = torch.maximum(near, enter), torch.minimum(far, leave)
    point = [torch.addcmul(start[a] + 0.5, slope[a], near) for a in range(3)]
    return (near < far) & (near > 0), near, axis, point


def _cos(angle: Tensor | float) -> Tensor:
    return torch.cos(torch.as_tensor(angle))


def _sin(angle: Tensor | float) -> Tensor:
    return torch.sin(torch.as_tensor(angle))


def draw_weather(colour: list[Tensor], air: Atmosphere, frame: int) -> None:
    """Sparse streaks of rain and flakes of snow, fixed to the picture; r, g, b [B, H, W] in place.

    The pattern moves by a constant step, so that it can be predicted from the frames before.
    """
    if not bool(((air.rain > 0) | (air.snow > 0)).any()):
        return
    _, height, width = colour[0].shape
    device = colour[0].device
    column = torch.arange(width, device=device)
    phase = (column * 0.618034 * 7.13) % 1.0
    row = torch.arange(height, device=device)[:, None] / height
    streak = ((row - phase - frame * RAIN_SPEED) % 1.0 < 0.09) & (column % 5 == 2)
    flake_column = column // 2
    flake_phase = (flake_column * 0.618034 * 3.7) % 1.0
    fall = (row * 2 - flake_phase - frame * SNOW_SPEED * 2) % 1.0
    flake = (fall < 4.5 / height) & (flake_column % 5 == (flake_column // 5) % 3)
    for channel in range(3):
        tone = 0.9 if channel < 2 else 1.0
        rain = streak * (0.22 * air.rain)[:, None, None]
        snow = flake * (0.75 * air.snow)[:, None, None]
        light = air.horizon[:, channel, None, None].clamp(min=0.15) * tone
        colour[channel].copy_(colour[channel].lerp(light.expand_as(colour[channel]), rain))
        colour[channel].copy_(colour[channel].lerp((light * 1.15).clamp(max=1).expand_as(colour[channel]), snow))
