"""Colour of what the rays met: textures, face and shadow shading, held light, haze, and the sky behind it all."""

from dataclasses import dataclass

import torch
from torch import Tensor

from .blocks import glow_table
from .grid import Grid
from .march import Hits, Rays
from .sky import DISC, Atmosphere, disc_directions
from .textures import LEVEL_OFFSETS, LEVEL_SIZES, SIDES, TEXTURE_SIZE, crack_table, texture_table

FACE_LIGHT = (0.74, 1.0, 0.86)  # x, y and z faces; the underside is darker
UNDERSIDE_LIGHT = 0.52
CLOUD_HEIGHT = 62.0
CLOUD_SIZE = 11.0  # blocks
CLOUD_TILE = 64  # clouds repeat after this many
CLOUD_SPEED = 0.03  # blocks per frame


@dataclass
class Palette:
    """Lookup tables of one device."""

    texture: tuple[Tensor, Tensor, Tensor]  # float32 [256 * SIDES * TEXTURE_SIZE] per channel
    crack: Tensor
    glow: Tensor
    level_size: Tensor
    level_offset: Tensor
    disc: Tensor
    cloud: Tensor  # float32 [CLOUD_TILE * CLOUD_TILE], 1 where there is a cloud

    @staticmethod
    def create(device: torch.device) -> "Palette":
        texture = texture_table(device)
        return Palette(
            texture=tuple(texture[:, channel].contiguous() for channel in range(3)),
            crack=crack_table(device),
            glow=glow_table(device),
            level_size=torch.tensor(LEVEL_SIZES, device=device),
            level_offset=torch.tensor(LEVEL_OFFSETS, device=device),
            disc=disc_directions(device),
            cloud=_cloud_table().to(device),
        )


def _cloud_table() -> Tensor:
    generator = torch.Generator().manual_seed(5)
    noise = torch.rand((1, 1, CLOUD_TILE, CLOUD_TILE), generator=generator)
    smooth = torch.nn.functional.avg_pool2d(torch.nn.functional.pad(noise, (1, 1, 1, 1), mode="circular"), 3, 1)
    return (smooth.flatten() > 0.56).float()


@dataclass
class Marks:
    """What the player does to the picture, per clip [B]."""

    crack_index: Tensor  # int32 flat cell index being broken, -1 for none
    crack_stage: Tensor  # int64 0..3
    torch_light: Tensor  # float32 0..1, light of the held block


def texel_index(block: Tensor, side: Tensor, u: Tensor, v: Tensor, level: Tensor, palette: Palette) -> Tensor:
    """int32 index into the texture tables; u, v in 0..1 with v downwards, level int32 0..3."""
    size = palette.level_size.index_select(0, level.reshape(-1)).view(level.shape)
    offset = palette.level_offset.index_select(0, level.reshape(-1)).view(level.shape)
    column = torch.minimum((u * size).int().clamp_(min=0), size - 1)
    row = torch.minimum((v * size).int().clamp_(min=0), size - 1)
    return ((block.int() * SIDES + side) * TEXTURE_SIZE + offset + row * size + column).int()


def lookup(table: Tensor, index: Tensor) -> Tensor:
    """Values of a 1-D table at an index of any shape."""
    return table.index_select(0, index.reshape(-1)).view(index.shape)


def surface(grid: Grid, rays: Rays, hits: Hits, length: Tensor, focal: float, air: Atmosphere, marks: Marks,
            palette: Palette) -> tuple[list[Tensor], Tensor]:
    """Lit colour without haze, three channels [B, N], and the face number uint8 [B, N].

    length [N] is the ray length per unit of z-depth.
    """
    inside = [torch.addcmul(o, d, hits.t).sub_(c) for o, d, c in
              zip(rays.origin, rays.direction, hits.cell, strict=True)]
    is_x, is_y = hits.axis == 0, hits.axis == 1
    slope = torch.where(is_x, rays.direction[0], torch.where(is_y, rays.direction[1], rays.direction[2]))
    away = slope > 0  # the ray runs along the axis, so it meets the face that looks the other way
    face = torch.where(hits.block > 0, hits.axis * 2 + 1 + away.byte(), 0)
    u = torch.where(is_x, inside[2], inside[0])
    v = torch.where(is_y, inside[2], 1 - inside[1])

    # Pixels per texel, with grazing faces counted as smaller.
    footprint = hits.t * (8 / focal) * (length / slope.abs().clamp(min=0.12)).sqrt_()
    level = (footprint > 1.5).int() + (footprint > 3.0).int() + (footprint > 6.0).int()
    side = torch.where(is_y, away.int() * 2, 1)
    index = texel_index(hits.block, side, u, v, level, palette)

    light = torch.where(is_x, FACE_LIGHT[0], FACE_LIGHT[2])
    light = torch.where(is_y, torch.where(away, UNDERSIDE_LIGHT, FACE_LIGHT[1]), light)
    share, lamps = _column_light(grid, hits, face)
    light = light * share
    glow = lookup(palette.glow, hits.block.int())
    near = (1 - hits.t * length / 11).clamp_(min=0)
    # Held light fills what the sky leaves dark; by day it hardly shows.
    gloom = (1 - air.light.mean(1)).clamp(min=0.05)
    held = near * near * (marks.torch_light * gloom)[:, None]
    held = torch.maximum(held, lamps * lamps * gloom[:, None]) * light.clamp(min=0.5)
    crack = _cracks(hits, u, v, marks, palette)
    colour = []
    for channel, warmth in enumerate((1.0, 0.85, 0.6)):
        lit = torch.addcmul(held * warmth, light, air.light[:, channel : channel + 1])
        lit = torch.maximum(lit, glow)
        if crack is not None:
            lit = lit * crack
        colour.append(lookup(palette.texture[channel], index) * lit)
    return colour, face


def _column_light(grid: Grid, hits: Hits, face: Tensor) -> tuple[Tensor, Tensor]:
    """Share of sky light on each face (1 in the open, less under a roof, little deep below) and light of lamps."""
    x = hits.cell[0] + (face == 1).float() - (face == 2).float()
    z = hits.cell[2] + (face == 5).float() - (face == 6).float()
    side = grid.side
    clip = torch.arange(grid.cells.shape[0], device=x.device, dtype=torch.int32)[:, None] * (side * side)
    column = (x.clamp_(0, side - 1) * side + z.clamp_(0, side - 1)).int() + clip
    above = lookup(grid.top.view(-1), column).float() - hits.cell[1] - (face == 3).float() + (face == 4).float()
    return torch.where(above > 0, 0.84 - 0.033 * above.clamp(max=14), 1.0), lookup(grid.glow.view(-1), column)


def _cracks(hits: Hits, u: Tensor, v: Tensor, marks: Marks, palette: Palette) -> Tensor | None:
    """Factor [B, N] that draws cracks on the block being broken; None where no clip shows any."""
    broken = hits.index == marks.crack_index[:, None]
    touched = broken.view(-1).nonzero().view(-1)
    if touched.numel() == 0:
        return None
    texel = (v.clamp(0, 0.999) * 8).int() * 8 + (u.clamp(0, 0.999) * 8).int()
    index = (marks.crack_stage[:, None] * 64 + texel).reshape(-1).index_select(0, touched)
    factor = torch.ones_like(u).view(-1)
    factor[touched] = palette.crack.view(-1)[index]
    return factor.view(u.shape)


def add_haze(colour: list[Tensor], haze: list[Tensor], distance: Tensor, air: Atmosphere) -> list[Tensor]:
    """Fades surfaces into the sky behind them; distance [B, N] along the ray."""
    start, end = air.view_start[:, None], air.view_end[:, None]
    share = ((distance - start) / (end - start)).clamp_(0, 1)
    return [torch.lerp(c, h, share) for c, h in zip(colour, haze, strict=True)]


def add_sky(colour: list[Tensor], rays: Rays, block: Tensor, rise: Tensor, air: Atmosphere, origin: Tensor,
            frame: int, palette: Palette) -> None:
    """Draws sun, moon and clouds into the pixels without a block; in place.

    colour holds the haze there already; rise [B, N] is the sine of the elevation; origin int64 [B, 2] is the world
    position of the grid's corner.
    """
    count = block.shape[1]
    sky = (block == 0).view(-1).nonzero().view(-1)
    if sky.numel() == 0:
        return
    clip = sky // count

    def pick(value: Tensor) -> Tensor:
        return value.expand(block.shape).reshape(-1).index_select(0, sky)

    dx, dy, dz = (pick(d) for d in rays.direction)
    up = pick(rise)
    scale = up / torch.where(dy.abs() < 1e-4, 1e-4, dy)  # 1 / length
    world_shift = (origin % int(CLOUD_TILE * CLOUD_SIZE)).float()
    sky_colour = [c.view(-1).index_select(0, sky) for c in colour]
    for disc, tone in enumerate(DISC):
        sx, sy, sz = palette.disc[disc]
        aligned = (dx * sx + dy * sy + dz * sz) * scale
        shape = ((aligned - 0.9965) * 1500).clamp_(0, 1) + aligned.clamp(min=0).pow_(48).mul_(0.3)
        shape = shape.clamp_(max=1) * air.disc[:, disc][clip]
        sky_colour = [torch.lerp(c, torch.full_like(c, tone[a]), shape) for a, c in enumerate(sky_colour)]
    far = (CLOUD_HEIGHT - pick(rays.origin[1])) / dy.clamp(min=0.02)
    ox, oz = pick(rays.origin[0]) + world_shift[clip, 0], pick(rays.origin[2]) + world_shift[clip, 1]
    u = ((ox + far * dx + frame * CLOUD_SPEED) / CLOUD_SIZE).floor().remainder(CLOUD_TILE)
    v = ((oz + far * dz) / CLOUD_SIZE).floor().remainder(CLOUD_TILE)
    cloud = palette.cloud.index_select(0, (u * CLOUD_TILE + v).int().clamp_(0, CLOUD_TILE * CLOUD_TILE - 1))
    cloud = cloud * ((up - 0.06) * 4).clamp_(0, 1) * air.cloud[clip]
    for channel in range(3):
        white = air.horizon[:, channel][clip] * 0.4 + 0.6 * air.light[:, channel][clip]
        colour[channel].view(-1)[sky] = torch.lerp(sky_colour[channel], white, cloud)
