"""The local block grid of each clip: a piece of the endless world that can be read, edited and marched through."""

from dataclasses import dataclass

import torch
from torch import Tensor

from .biomes import BIOME_INDEX, SEA_LEVEL, biome_blocks
from .blocks import AIR, ID
from .structures import add_houses, add_plants, add_trees, house_slots
from .terrain import columns

HEIGHT = 48  # cells in y
MAX_LEAP = 10  # longest distance stored in an air cell
CLIPS_PER_BUILD = 4
GLOW_REACH = 6  # blocks that the light of a lamp reaches


@dataclass
class Grid:
    """Blocks around one place per clip. Local coordinates start at 0 in the corner; y is up."""

    cells: Tensor  # uint8 [B, X, Z, Y], y fastest, since rays and columns run through it
    top: Tensor  # uint8 [B, X, Z], first y above the highest block
    biome: Tensor  # int64 [B, X, Z]
    village: Tensor  # bool [B, X, Z], part of a house
    origin: Tensor  # int64 [B, 2], world x and z of the corner
    glow: Tensor | None = None  # float32 [B, X, Z], light of lamps and torches around each column
    boxes: Tensor | None = None  # float32 [B, N, 6], moving boxes in local blocks, see movers.py
    box_blocks: Tensor | None = None  # uint8 [B, N], what they look like

    @property
    def side(self) -> int:
        return self.cells.shape[1]

    def index_in(self, clip: Tensor, cell: Tensor) -> Tensor:
        """Flat index int64 of integer cells [..., 3] of given clips [...]; outside places move to the border."""
        side = self.side
        x, y, z = cell[..., 0].clamp(0, side - 1), cell[..., 1].clamp(0, HEIGHT - 1), cell[..., 2].clamp(0, side - 1)
        return ((clip * side + x) * side + z) * HEIGHT + y

    def index(self, cell: Tensor) -> Tensor:
        """Flat index int64 [B, ...] of integer cells [B, ..., 3], one row per clip."""
        clip = torch.arange(self.cells.shape[0], device=cell.device)
        return self.index_in(clip.view(-1, *[1] * (cell.ndim - 2)), cell)

    def value(self, cell: Tensor) -> Tensor:
        """Cell values uint8 [B, ...] at integer cells [B, ..., 3]."""
        return self.cells.view(-1)[self.index(cell)]

    def shorten_leaps(self, clip: Tensor, low: Tensor, high: Tensor) -> None:
        """Lets no ray leap over cells low..high int64 [N, 3] of clips int64 [N] any more; in place.

        low..high must have one size for all.
        """
        size = (high - low).amax(0) + 2 * MAX_LEAP - 1
        span = [torch.arange(int(count), device=low.device) for count in size]
        cell = low[:, None] - (MAX_LEAP - 1) + torch.cartesian_prod(*span)[None]
        gap = torch.maximum(low[:, None] - cell, cell - high[:, None]).amax(-1).clamp(min=1)
        index, flat = self.index_in(clip[:, None], cell), self.cells.view(-1)
        old = flat[index]
        # Places outside repeat border cells, for which a too short leap is merely slow; amin does not mind the order.
        new = torch.where(old >= AIR, torch.minimum(old, (AIR + gap.clamp(max=MAX_LEAP)).byte()), old)
        flat.scatter_reduce_(0, index.flatten(), new.flatten(), "amin")

    def put(self, clip: Tensor, cell: Tensor, block: Tensor) -> None:
        """Writes blocks uint8 [N] into cells int64 [N, 3] of different clips int64 [N]; in place."""
        self.shorten_leaps(clip, cell, cell)
        self.cells.view(-1)[self.index_in(clip, cell)] = block
        x, z = cell[:, 0].clamp(0, self.side - 1), cell[:, 2].clamp(0, self.side - 1)
        self.top[clip, x, z] = torch.maximum(self.top[clip, x, z], (cell[:, 1] + 1).clamp(0, HEIGHT).byte())

    def shine(self, clip: Tensor, cell: Tensor) -> None:
        """Adds the light of lamps in cells int64 [N, 3] of different clips int64 [N]; in place."""
        near = torch.arange(-GLOW_REACH, GLOW_REACH + 1, device=cell.device)
        dx, dz = (k.flatten() for k in torch.meshgrid(near, near, indexing="ij"))
        x, z = (cell[:, 0:1] + dx).clamp(0, self.side - 1), (cell[:, 2:3] + dz).clamp(0, self.side - 1)
        light = (1 - (dx * dx + dz * dz).float().sqrt() / GLOW_REACH).clamp(min=0).expand(x.shape)
        index = ((clip[:, None] * self.side + x) * self.side + z).flatten()
        self.glow.view(-1).scatter_reduce_(0, index, light.flatten(), "amax")

    def clear(self, clip: Tensor, cell: Tensor) -> None:
        """Empties cells int64 [N, 3] of clips int64 [N]; in place.

        The new air leaps one cell only: its surroundings may be solid and a longer leap is never needed.
        """
        self.cells.view(-1)[self.index_in(clip, cell)] = AIR + 1


def _soil(ground, y: Tensor) -> Tensor:
    """Stone, soil, surface and water of bare ground: uint8 [B, Y, X, Z]."""
    device = ground.height.device
    height = ground.height[:, None].short()
    surface = biome_blocks("surface", device)[ground.biome]
    under = biome_blocks("under", device)[ground.biome]

    def block(name: str) -> Tensor:
        return torch.tensor(ID[name], dtype=torch.uint8, device=device)

    is_mountain = ground.biome == BIOME_INDEX["mountains"]
    surface = torch.where(is_mountain & (ground.height > 31), block("snow"), surface)
    surface = torch.where(is_mountain & (ground.height < 22), block("grass"), surface)
    surface = torch.where(is_mountain & (ground.patch > 0.78), block("gravel"), surface)
    is_island = ground.biome == BIOME_INDEX["island"]
    surface = torch.where(is_island & (ground.height > SEA_LEVEL + 2), block("grass"), surface)
    # Shores: soil under water and one block above it is sand.
    shore = (ground.height <= SEA_LEVEL) & (ground.biome != BIOME_INDEX["swamp"])
    surface = torch.where(shore, block("sand"), surface)
    frozen = (ground.biome == BIOME_INDEX["snow"])[:, None]

    cells = torch.where(y < height - 3, block("stone"), under[:, None])
    cells = torch.where(y == height - 1, surface[:, None], cells)
    cells = torch.where(y >= height, torch.zeros_like(cells), cells)
    cave = ground.cave[:, None] & (y >= ground.cave_floor[:, None].short())
    cave = cave & (y < ground.cave_floor[:, None].short() + 3)
    cells = torch.where(cave, torch.zeros_like(cells), cells)
    water = (y >= height) & (y < SEA_LEVEL)
    cells = torch.where(water, block("water"), cells)
    return torch.where(water & frozen & (y == SEA_LEVEL - 1), block("ice"), cells)


def _dilate(solid: Tensor) -> Tensor:
    """uint8 [B, Y, X, Z]: 1 within one cell (Chebyshev) of a 1."""
    for axis in (1, 2, 3):
        size = solid.shape[axis]
        wide = solid.clone()
        low, high = wide.narrow(axis, 0, size - 1), wide.narrow(axis, 1, size - 1)
        torch.maximum(low, solid.narrow(axis, 1, size - 1), out=low)
        torch.maximum(high, solid.narrow(axis, 0, size - 1), out=high)
        solid = wide
    return solid


def with_leaps(cells: Tensor) -> Tensor:
    """Turns empty cells (0) into AIR + distance to the nearest block, capped at MAX_LEAP; any order of axes."""
    near = (cells > 0).byte()
    leap = torch.full_like(cells, AIR + MAX_LEAP)
    for _ in range(MAX_LEAP - 1):
        near = _dilate(near)
        leap -= near
    return torch.where(cells > 0, cells, leap)


def _lamp_light(cells: Tensor) -> Tensor:
    """Light float32 [B, X, Z] of all lamps in cells [B, Y, X, Z], which fades over GLOW_REACH columns."""
    light = (cells == ID["lamp"]).any(1).float()
    for _ in range(GLOW_REACH):
        wide = torch.nn.functional.pad(light[:, None], (1, 1, 1, 1))[:, 0]
        sides = torch.stack([wide[:, 2:, 1:-1], wide[:, :-2, 1:-1], wide[:, 1:-1, 2:], wide[:, 1:-1, :-2]]).amax(0)
        corners = torch.stack([wide[:, 2:, 2:], wide[:, :-2, 2:], wide[:, 2:, :-2], wide[:, :-2, :-2]]).amax(0)
        step = 1 / GLOW_REACH
        light = torch.maximum(light, torch.maximum(sides - step, corners - 1.4 * step))
    return light


def build_grid(world_seed: Tensor, centre: Tensor, side: int) -> Grid:
    """Realises the world `world_seed` [B] in a square of `side` blocks around `centre` int64 [B, 2] (world x, z).

    On a CPU a few clips at a time, so that their cells stay in the cache.
    """
    group = CLIPS_PER_BUILD if world_seed.device.type == "cpu" else max(1, world_seed.shape[0])
    parts = [_build(*pair, side) for pair in zip(world_seed.split(group), centre.split(group), strict=True)]
    names = ("cells", "top", "biome", "village", "origin", "glow")
    return Grid(*(torch.cat([getattr(part, name) for part in parts]) for name in names))


def _build(world_seed: Tensor, centre: Tensor, side: int) -> Grid:
    device = world_seed.device
    origin = centre - side // 2
    span = torch.arange(side, device=device)
    seeds = world_seed[:, None, None]
    x, z = origin[:, 0, None, None] + span[None, :, None], origin[:, 1, None, None] + span[None, None, :]
    y = torch.arange(HEIGHT, device=device, dtype=torch.int16)[:, None, None]
    ground = columns(seeds, x, z)
    slot, house = house_slots(seeds, x, z)
    near_house = house & (slot.dx.abs() <= 6) & (slot.dz.abs() <= 6)
    cells = _soil(ground, y)
    cells = add_plants(cells, y, seeds, x, z, ground)
    cells = add_trees(cells, y, seeds, x, z, near_house)
    settled = house.any((1, 2)).nonzero().view(-1)
    if settled.numel():
        cells[settled] = add_houses(cells[settled], y, seeds[settled], slot.of(settled), house[settled])
    top = ((cells > 0) * (y + 1).byte()).amax(1)
    inside = house & (torch.maximum(slot.dx.abs(), slot.dz.abs()) <= 4)
    leaps = with_leaps(cells).permute(0, 2, 3, 1).contiguous()
    return Grid(leaps, top, ground.biome, inside, origin, _lamp_light(cells))
