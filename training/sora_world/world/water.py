"""Looking into water from above and through it from within."""

import torch
from torch import Tensor

from .grid import Grid
from .march import WATER_VALUE, Hits, Rays, march, resolve
from .shade import Palette
from .sky import Atmosphere
from .textures import SIDES, TEXTURE_SIZE
from .trace import select_rays

WATER_VIEW = 9.0  # blocks until water hides the ground below
DIVE_VIEW = 15.0  # blocks that a submerged eye can see
SURFACE_SHARE = 0.35  # how much of the surface itself is seen at no depth
DIVE_TINT = 0.35
WATER_COLOUR = (0.10, 0.26, 0.50)


def mean_colour(hits: Hits, clip: Tensor, air: Atmosphere, palette: Palette) -> list[Tensor]:
    """Mean colour of the hit blocks under the light of their clips; flat rays."""
    index = (hits.block.int() * SIDES + (hits.axis != 1).int()) * TEXTURE_SIZE + TEXTURE_SIZE - 1
    shade = torch.where(hits.axis == 1, 0.9, 0.7)
    return [palette.texture[c].index_select(0, index) * shade * air.light[:, c][clip] for c in range(3)]


def look_into_water(grid: Grid, rays: Rays, hits: Hits, colour: list[Tensor], length: Tensor, in_water: Tensor,
                    air: Atmosphere, palette: Palette) -> None:
    """Blends what lies in the water into the rays [B, N] that met it; colour and hits in place.

    length [1, N] is the ray length per unit of z-depth, in_water [B] says which eyes are submerged. For those, depth
    and block become those of the solid behind the water, since the water is all around.
    """
    wet = (hits.block == WATER_VALUE).view(-1).nonzero().view(-1)
    if wet.numel() == 0:
        return
    clip = wet // hits.block.shape[1]
    some = select_rays(rays, wet)
    surface_t = hits.t.view(-1).index_select(0, wet)
    some.t = surface_t
    deep = resolve(grid, some, march(grid, some, through_water=True))
    per_depth = length.expand(hits.block.shape).reshape(-1).index_select(0, wet)
    within = in_water[clip]
    path = (deep.t - torch.where(within, 0.0, surface_t)) * per_depth
    share = SURFACE_SHARE + (1 - SURFACE_SHARE) * (path / WATER_VIEW).clamp(0, 1)
    share = torch.where(within, (path / DIVE_VIEW).clamp(0.25, 1), share)
    bottom = mean_colour(deep, clip, air, palette)
    for channel in range(3):
        flat = colour[channel].view(-1)
        body = torch.where(within, WATER_COLOUR[channel] * air.light[:, channel][clip], flat.index_select(0, wet))
        flat[wet] = torch.lerp(bottom[channel], body, share)
    inside = within.nonzero().view(-1)
    if inside.numel():
        target = wet[inside]
        hits.t.view(-1)[target] = deep.t[inside]
        hits.block.view(-1)[target] = deep.block[inside]


def tint_submerged(colour: list[Tensor], in_water: Tensor, air: Atmosphere) -> list[Tensor]:
    """Gives everything that a submerged eye sees a blue cast."""
    share = in_water.float()[:, None] * DIVE_TINT
    return [
        c + (WATER_COLOUR[a] * air.light[:, a : a + 1] - c) * share for a, c in enumerate(colour)
    ]
