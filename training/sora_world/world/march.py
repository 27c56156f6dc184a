"""Ray marching through the block grids.

A ray is `origin + t * direction` with a direction whose component along the view axis is 1, so t is the z-depth.
The only state of a ray is t. Each step reads one cell: in air that is `d` cells from the next block, the ray leaps
to the border of the empty box around the cell; in a block it stays. So finished rays need no mask, and one step is a
chain of elementwise operations with one gather, which a compiler can fuse. Rays that are still under way after a few
steps are gathered into a smaller set and go on.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from .blocks import AIR, ID
from .grid import HEIGHT, Grid

NUDGE = 2e-4  # blocks; puts a point on a border into the cell behind it
MIN_SLOPE = 1e-3  # smallest direction component, so that inverses stay harmless
STEPS_PER_ROUND = [6, 8, 12, 24, 48]
WATER_VALUE = ID["water"]


@dataclass
class Rays:
    """Any number of rays; per-axis tuples of tensors of one broadcastable shape."""

    origin: tuple[Tensor, Tensor, Tensor]  # local blocks
    direction: tuple[Tensor, Tensor, Tensor]
    first_cell: Tensor  # int32, flat index of the clip's cell 0
    t: Tensor  # where the march begins
    t_end: Tensor  # where it ends at the latest, inside the grid


def safe_slope(direction: Tensor) -> Tensor:
    """The direction component, never nearer to 0 than MIN_SLOPE."""
    return torch.where(direction.abs() < MIN_SLOPE, torch.copysign(torch.full_like(direction, MIN_SLOPE), direction),
                       direction)


def exit_of_grid(rays: Rays, side: int) -> Tensor:
    """t at which each ray leaves the grid."""
    ends = []
    for origin, direction, size in zip(rays.origin, rays.direction, (side, HEIGHT, side), strict=True):
        border = torch.where(direction > 0, size - 0.01, 0.01)
        ends.append((border - origin) / direction)
    return torch.minimum(torch.minimum(ends[0], ends[1]), ends[2]).clamp(min=0)


def _prepare(rays: Rays) -> tuple[Tensor, ...]:
    """Per axis: nudged origin, direction, inverse, its magnitude and the offset of border times."""
    parts = []
    for origin, direction in zip(rays.origin, rays.direction, strict=True):
        inverse = 1 / direction
        sign = torch.sign(direction)
        origin, direction = torch.broadcast_tensors(origin, direction)
        parts += [origin + sign * NUDGE, direction, inverse, inverse.abs(), (0.5 - 0.5 * sign - origin) * inverse]
    return tuple(parts)


def march_steps(flat: Tensor, side: int, first_cell: Tensor, t: Tensor, t_end: Tensor, parts: tuple[Tensor, ...],
                steps: int, through_water: bool) -> tuple[Tensor, Tensor]:
    """Advances rays by at most `steps` leaps; returns t and the last leap (0 = inside a block)."""
    ox, dx, ix, ax, kx, oy, dy, iy, ay, ky, oz, dz, iz, az, kz = parts
    leap = t
    for _ in range(steps):
        cx, cy, cz = (torch.addcmul(o, d, t).floor_() for o, d in ((ox, dx), (oy, dy), (oz, dz)))
        # Exact in float32: one clip's grid has fewer than 2^24 cells.
        cell = cz.mul(HEIGHT).add_(cx, alpha=side * HEIGHT).add_(cy).int().add_(first_cell)
        value = flat.index_select(0, cell.view(-1)).view(cell.shape)
        leap = value.float().sub_(AIR).clamp_(min=0)
        if through_water:
            leap = torch.where(value == WATER_VALUE, 1.0, leap)
        exit_x = torch.addcmul(kx, cx, ix).addcmul_(leap, ax)
        exit_y = torch.addcmul(ky, cy, iy).addcmul_(leap, ay)
        exit_z = torch.addcmul(kz, cz, iz).addcmul_(leap, az)
        step_end = torch.minimum(torch.minimum(exit_x, exit_y), exit_z)
        t = torch.maximum(t, torch.minimum(step_end, t_end))
    return t, leap


def use_compiler() -> None:
    """Lets torch.compile fuse the steps of all later marches: for GPUs and long runs, since it first takes a minute."""
    global march_steps
    torch._dynamo.config.cache_size_limit = max(64, torch._dynamo.config.cache_size_limit)
    march_steps = torch.compile(march_steps, dynamic=True)


def march(grid: Grid, rays: Rays, through_water: bool = False) -> Tensor:
    """t of the first block on each ray, or t_end: float32 in the shape of rays.t (contiguous)."""
    flat = grid.cells.view(-1)
    parts = _prepare(rays)
    t, leap = march_steps(flat, grid.side, rays.first_cell, rays.t, rays.t_end, parts, STEPS_PER_ROUND[0],
                          through_water)
    result = t.contiguous()
    active = _active(t, rays.t_end, leap)
    state = None
    for steps in STEPS_PER_ROUND[1:]:
        if active.numel() == 0:
            break
        if state is None:
            columns = (rays.t_end, *parts)
            state = torch.stack([c.expand(t.shape).reshape(-1).index_select(0, active) for c in columns])
            first = rays.first_cell.expand(t.shape).reshape(-1).index_select(0, active)
            where = active
            t = t.reshape(-1).index_select(0, active)
        else:
            state, first = state.index_select(1, active), first.index_select(0, active)
            where, t = where.index_select(0, active), t.index_select(0, active)
        t, leap = march_steps(flat, grid.side, first, t, state[0], tuple(state[1:]), steps, through_water)
        result.view(-1)[where] = t
        active = _active(t, state[0], leap)
    return result


def _active(t: Tensor, t_end: Tensor, leap: Tensor) -> Tensor:
    """Flat indices int64 of rays that are neither inside a block nor at their end."""
    return ((leap > 0) & (t < t_end)).view(-1).nonzero().view(-1)


@dataclass
class Hits:
    """What each ray met, in the shape of the rays."""

    t: Tensor  # float32, exact z-depth of the face; t_end where nothing was met
    cell: tuple[Tensor, Tensor, Tensor]  # float32 integer cell
    index: Tensor  # int32 flat index of the cell
    block: Tensor  # uint8, 0 = nothing
    axis: Tensor  # uint8 axis of the face normal: 0 x, 1 y, 2 z


def resolve(grid: Grid, rays: Rays, t: Tensor) -> Hits:
    """Reads cell, block and face at the ends of marched rays."""
    cells, nears = [], []
    for origin, direction in zip(rays.origin, rays.direction, strict=True):
        sign = torch.sign(direction)
        cell = torch.addcmul(origin + sign * NUDGE, direction, t).floor_()
        cells.append(cell)
        nears.append((cell + (0.5 - 0.5 * sign) - origin) / direction)
    index = cells[2].mul(HEIGHT).add_(cells[0], alpha=grid.side * HEIGHT).add_(cells[1]).int().add_(rays.first_cell)
    value = grid.cells.view(-1).index_select(0, index.view(-1)).view(index.shape)
    block = torch.where((value < AIR) & (t < rays.t_end), value, 0)
    near, axis = nears[0], torch.zeros_like(value)
    axis = torch.where(nears[1] > near, 1, axis)
    near = torch.maximum(near, nears[1])
    axis = torch.where(nears[2] > near, 2, axis)
    near = torch.maximum(near, nears[2])
    exact = torch.where(block > 0, near.clamp(min=0.02), t)
    return Hits(exact, tuple(cells), index, block, axis.byte())
