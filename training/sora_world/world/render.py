"""One picture per clip: rays, blocks, water, haze, sky, rain and the held block.

On a CPU the rays are drawn in slices: large ones, since the cost of starting an operation is shared by its rays, but
not so large that the working set leaves the last cache. On a GPU one slice holds everything.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from .blocks import box_table, partial_table
from .camera import Lens, directions
from .grid import HEIGHT, Grid
from .march import Rays, exit_of_grid, safe_slope
from .overlay import Hand, draw_hand, draw_weather
from .shade import Marks, Palette, add_haze, add_sky, surface
from .sky import MAX_VIEW, Atmosphere, haze_colour
from .trace import first_hits
from .water import look_into_water, tint_submerged

RAYS_PER_SLICE = 262144


@dataclass
class Picture:
    """One frame of each clip."""

    rgb: Tensor  # uint8 [B, H, W, 3]
    inverse_depth: Tensor  # float16 [B, H, W]
    block_id: Tensor  # uint8 [B, H, W]
    face: Tensor  # uint8 [B, H, W]


@dataclass
class View:
    """All that a frame depends on besides the grid; first axis is the clip."""

    eye: Tensor  # float32 [B, 3] local blocks
    yaw: Tensor  # degrees [B]
    pitch: Tensor
    air: Atmosphere
    marks: Marks
    hand: Hand
    in_water: Tensor  # bool [B]
    frame: int


class Renderer:
    """Draws frames of one size on one device."""

    def __init__(self, height: int, width: int, device: torch.device, rays_per_slice: int = RAYS_PER_SLICE):
        self.lens = Lens(height, width)
        self.palette = Palette.create(device)
        self.boxes = box_table(device)
        self.partial = partial_table(device)
        is_cpu = device.type == "cpu"
        self.clips_per_slice = max(1, rays_per_slice // (height * width)) if is_cpu else 1 << 30
        self.rows_per_slice = max(1, min(height, rays_per_slice // width)) if is_cpu else height

    def draw(self, grid: Grid, view: View) -> Picture:
        """Renders one frame of all clips."""
        count = view.eye.shape[0]
        step = self.clips_per_slice
        parts = [self._draw_clips(grid, view, slice(start, start + step)) for start in range(0, count, step)]
        return Picture(*(torch.cat([getattr(p, name) for p in parts]) for name in Picture.__dataclass_fields__))

    def _draw_clips(self, grid: Grid, view: View, chosen: slice) -> Picture:
        grid, view = slice_of(grid, chosen), slice_of(view, chosen)
        # Cells are counted over all clips of a grid, and this one begins with another.
        cells_before = chosen.start * grid.side * grid.side * HEIGHT
        cracked = view.marks.crack_index
        view.marks.crack_index = torch.where(cracked >= 0, cracked - cells_before, cracked).int()
        height, width, step = self.lens.height, self.lens.width, self.rows_per_slice
        bands = [self._draw_rows(grid, view, row, min(row + step, height)) for row in range(0, height, step)]
        picture = [torch.cat(channel, 1).view(-1, height, width) for channel in zip(*bands, strict=True)]
        draw_weather(picture[:3], view.air, view.frame)
        draw_hand(picture, self.lens, view.hand, view.air, self.palette, self.boxes)
        rgb = torch.stack(picture[:3], -1).mul_(255.99).clamp_(0, 255).byte()
        return Picture(rgb, picture[3].half(), picture[4], picture[5])

    def _rays(self, grid: Grid, view: View, slopes: tuple[Tensor, Tensor], length: Tensor) -> Rays:
        direction = tuple(safe_slope(d) for d in directions(slopes, view.yaw, view.pitch))
        origin = tuple(view.eye[:, axis : axis + 1] for axis in range(3))
        clip = torch.arange(view.eye.shape[0], device=view.eye.device, dtype=torch.int32)[:, None]
        first_cell = clip * (grid.side * grid.side * HEIGHT)
        rays = Rays(origin, direction, first_cell, torch.zeros_like(direction[0]), direction[0])
        rays.t_end = torch.minimum(exit_of_grid(rays, grid.side), MAX_VIEW / length)
        return rays

    def _draw_rows(self, grid: Grid, view: View, first: int, last: int) -> tuple[Tensor, ...]:
        """r, g, b, inverse depth, block and face [B, N] of some rows of the picture."""
        slopes = self.lens.slopes(view.eye.device, first, last)
        length = (1 + slopes[0] * slopes[0] + slopes[1] * slopes[1]).sqrt()[None]
        rays = self._rays(grid, view, slopes, length)
        hits = first_hits(grid, rays, self.boxes, self.partial)
        air = view.air
        rise = rays.direction[1] / length
        haze = haze_colour(air, rise)
        colour, face = surface(grid, rays, hits, length, self.lens.focal, air, view.marks, self.palette)
        look_into_water(grid, rays, hits, colour, length, view.in_water, air, self.palette)
        colour = add_haze(colour, haze, hits.t * length, air)
        is_sky = hits.block == 0
        colour = [torch.where(is_sky, h, c) for c, h in zip(colour, haze, strict=True)]
        add_sky(colour, rays, hits.block, rise, air, grid.origin, view.frame, self.palette)
        colour = tint_submerged(colour, view.in_water, air)
        inverse_depth = torch.where(is_sky, 0.0, 1 / hits.t)
        return (*colour, inverse_depth, hits.block, torch.where(is_sky, 0, face))


def slice_of(record, chosen: slice):
    """The same dataclass with every tensor cut along the clip axis; nested dataclasses too."""
    values = {}
    for name in record.__dataclass_fields__:
        value = getattr(record, name)
        if isinstance(value, Tensor):
            value = value[chosen]
        elif hasattr(value, "__dataclass_fields__"):
            value = slice_of(value, chosen)
        values[name] = value
    return type(record)(**values)
