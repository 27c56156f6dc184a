"""Places from which a task can be done: a tree, a slope, water, a door ahead. See task_clips.py.

Players start on a middle of a block and look along an axis. What lies ahead of a start is its profile: the columns
that a player who walks straight on would cross.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from .biomes import SEA_LEVEL
from .blocks import AIR, ID, solid_table
from .grid import HEIGHT, Grid
from .spawn import GROUND

SPAN = 24  # blocks around the middle in which players may start
TRIED = 600  # starts looked at per clip
REACH = 46  # blocks ahead that are looked at
YAWS = [(0, 0, -1), (90, 1, 0), (180, 0, 1), (270, -1, 0)]  # degrees, and the step of one block in x and z
LOGS = ["log", "dark log", "cactus"]


@dataclass
class Profile:
    """What lies ahead of N starts in each of B worlds; column 0 of K is the start itself."""

    feet: Tensor  # float32 [B, N, 3]
    yaw: Tensor  # float32 [B, N]
    rise: Tensor  # int64 [B, N, K], height of each column above the start
    surface: Tensor  # uint8 [B, N, K], its highest block
    low: Tensor  # uint8 [B, N, K], cells at the height of the feet, of the eyes and above the head
    high: Tensor
    over: Tensor
    biome: Tensor  # int64 [B, N, K]
    uneven: Tensor  # float32 [B, N], spread of the ground three blocks around


def survey(grid: Grid, rng_seed: int) -> Profile:
    """Random starts with their profiles."""
    generator = torch.Generator().manual_seed(rng_seed)
    count, middle = grid.cells.shape[0], grid.side // 2
    x, z = (middle + torch.randint(-SPAN, SPAN, (count, TRIED), generator=generator) for _ in range(2))
    side = torch.randint(4, (count, TRIED), generator=generator)
    return profile(grid, x, z, side)


def profile(grid: Grid, x: Tensor, z: Tensor, side: Tensor, floor: Tensor | None = None) -> Profile:
    """Profiles of starts [B, N] at columns x, z; side: which of YAWS; floor: height of the feet, ground by default."""
    table = torch.tensor(YAWS)[side]
    ahead = torch.arange(REACH)
    clip = torch.arange(x.shape[0])[:, None, None]
    px = (x[..., None] + ahead * table[..., 1:2]).clamp(1, grid.side - 2)
    pz = (z[..., None] + ahead * table[..., 2:3]).clamp(1, grid.side - 2)
    top = grid.top[clip, px, pz].long()
    base = top[..., :1] if floor is None else floor[..., None]

    def cells(y: Tensor) -> Tensor:
        return grid.cells[clip, px, pz, y.expand_as(px).clamp(0, HEIGHT - 1)]

    near = torch.arange(-3, 4)
    around = grid.top[torch.arange(x.shape[0])[:, None, None, None], (x[..., None] + near)[..., None],
                      (z[..., None] + near)[..., None, :]].float()
    uneven = around.amax((-1, -2)) - around.amin((-1, -2))
    feet = torch.stack([x + 0.5, base[..., 0].float(), z + 0.5], -1)
    return Profile(feet, table[..., 0].float(), top - base, cells(top - 1), cells(base), cells(base + 1),
                   cells(base + 2), grid.biome[clip, px, pz], uneven)


def is_block(cells: Tensor, names: list[str]) -> Tensor:
    """bool [...]: which cells hold one of these blocks."""
    return torch.isin(cells, torch.tensor([ID[name] for name in names], dtype=torch.uint8))


def on_ground(p: Profile) -> Tensor:
    """bool [B, N]: dry ground under the feet and room for the player."""
    return is_block(p.surface[..., 0], GROUND) & (p.low[..., 0] >= AIR) & (p.high[..., 0] >= AIR)


def _free(p: Profile, first: int, last: int) -> Tensor:
    span = slice(first, last + 1)
    return ((p.low[..., span] >= AIR) & (p.high[..., span] >= AIR)).all(-1)


def anywhere(p: Profile) -> Tensor:
    return on_ground(p) & _free(p, 1, 6)


def flat(p: Profile) -> Tensor:
    return on_ground(p) & _free(p, 1, 6) & (p.uneven == 0)


def tree_ahead(p: Profile) -> Tensor:
    logs = is_block(p.high, LOGS) & is_block(p.low, LOGS)
    first = torch.where(logs.any(-1), logs.float().argmax(-1), 99)
    free = torch.stack([_free(p, 1, k - 1) & (first == k) for k in range(6, 11)]).any(0)
    return on_ground(p) & free & (p.rise[..., 1:6].abs() < 1).all(-1)


def _walkable(p: Profile, last: int) -> Tensor:
    step = p.rise[..., 1 : last + 1] - p.rise[..., :last]
    return (step <= 1).all(-1) & (step >= -4).all(-1) & is_block(p.surface[..., : last + 1], GROUND).all(-1)


def slope_ahead(p: Profile) -> Tensor:
    return on_ground(p) & _walkable(p, 16) & (p.rise[..., 12:17].amin(-1) >= 5)


def water_ahead(p: Profile) -> Tensor:
    wet = is_block(p.surface, ["water"])
    return on_ground(p) & ~wet[..., :4].any(-1) & wet[..., 6:9].all(-1) & _free(p, 1, 7) & (
        p.rise[..., :5].abs() <= 1).all(-1)


def border_ahead(p: Profile) -> Tensor:
    here, there = p.biome[..., :9], p.biome[..., 20:36]
    one = (here == here[..., :1]).all(-1) & (there == there[..., :1]).all(-1)
    return on_ground(p) & one & (here[..., 0] != there[..., 0]) & _walkable(p, 36)


def long_way(p: Profile) -> Tensor:
    return on_ground(p) & _walkable(p, REACH - 1) & (p.rise.abs() <= 6).all(-1)


def door_starts(grid: Grid) -> Profile | None:
    """Starts four blocks before doors, looking through them; None where a world has no door. Padded by repetition."""
    found = [_doors(grid, clip) for clip in range(grid.cells.shape[0])]
    most = max(len(rows) for rows in found)
    if most == 0:
        return None
    rows = torch.tensor([(rows * most)[:most] if rows else [(8, 8, 0, SEA_LEVEL)] * most for rows in found])
    return profile(grid, rows[..., 0], rows[..., 1], rows[..., 2], rows[..., 3])


def _doors(grid: Grid, clip: int) -> list[tuple[int, int, int, int]]:
    """x, z, side and floor of starts before the doors of one world."""
    solid = solid_table(grid.cells.device)[grid.cells[clip].long()]
    free = grid.cells[clip] >= AIR
    low = grid.side // 2 - SPAN
    starts = []
    gap = free[..., 1:-2] & free[..., 2:-1] & solid[..., 3:] & solid[..., :-3]
    for x, z, y in gap.nonzero().tolist():
        if not (low < x < grid.side - low and low < z < grid.side - low):
            continue
        y += 1
        for side, (_, dx, dz) in enumerate(YAWS):
            jamb = all(solid[x + s * dz, z + s * dx, y + up] for s in (-1, 1) for up in (0, 1))
            clear = all(free[x + k * dx, z + k * dz, y + up] for k in range(-4, 3) for up in (0, 1))
            if jamb and clear and solid[x - 4 * dx, z - 4 * dz, y - 1]:
                starts.append((x - 4 * dx, z - 4 * dz, side, y))
    return starts


def in_doorway(p: Profile) -> Tensor:
    """All starts of `door_starts` do; those of padding stand in the ground."""
    return (p.low[..., 0] >= AIR) & (p.high[..., 0] >= AIR)
