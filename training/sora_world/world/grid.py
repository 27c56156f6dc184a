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


@dataclass
class Grid:
    """Blocks around one place per clip. Local coordinates start at 0 in the corner; y is up."""

    cells: Tensor  # uint8 [B, X, Z, Y], y fastest, since rays and columns run through it
    top: Tensor  # uint8 [B, X, Z], first y above the highest block
    biome: Tensor  # int64 [B, X, Z]
    village: Tensor  # bool [B, X, Z], part of a house
    origin: Tensor  # int64 [B, 2], world x and z of the corner

    @property
    def side(self) -> int:
        return self.cells.shape[1]

    def index(self, cell: Tensor) -> Tensor:
        """Flat index int64 [B, ...] of integer cells [B, ..., 3]; places outside are moved to the border."""
        batch, side = self.cells.shape[0], self.side
        x, y, z = cell[..., 0].clamp(0, side - 1), cell[..., 1].clamp(0, HEIGHT - 1), cell[..., 2].clamp(0, side - 1)
        clip = torch.arange(batch, device=cell.device).view(-1, *[1] * (x.ndim - 1))
        return ((clip * side + x) * side + z) * HEIGHT + y

    def value(self, cell: Tensor) -> Tensor:
        """Cell values uint8 [B, ...] at integer cells [B, ..., 3]."""
        return self.cells.view(-1)[self.index(cell)]

    def put(self, cell: Tensor, block: Tensor, where: Tensor) -> None:
        """Writes blocks uint8 [B] into cells int64 [B, 3] where the mask [B] says so; in place."""
        near = torch.arange(-MAX_LEAP + 1, MAX_LEAP, device=cell.device)
        dx, dy, dz = torch.meshgrid(near, near, near, indexing="ij")
        leap = torch.stack([dx.abs(), dy.abs(), dz.abs()]).amax(0).flatten()
        around = cell[:, None] + torch.stack([dx, dy, dz], -1).view(1, -1, 3)
        index = self.index(around)
        flat = self.cells.view(-1)
        old = flat[index]
        # Clamped places repeat border cells, for which a too short leap is merely slow. amin keeps that order-free.
        new = torch.where((old >= AIR) & where[:, None], torch.minimum(old, (AIR + leap.clamp(min=1)).byte()), old)
        flat.scatter_reduce_(0, index.flatten(), new.flatten(), "amin")
        here = self.index(cell)
        flat[here] = torch.where(where, block, flat[here])
        x, z = cell[:, 0].clamp(0, self.side - 1), cell[:, 2].clamp(0, self.side - 1)
        clip = torch.arange(cell.shape[0], device=cell.device)
        old_top = self.top[clip, x, z]
        raised = torch.maximum(old_top, (cell[:, 1] + 1).clamp(0, HEIGHT).byte())
        self.top[clip, x, z] = torch.where(where, raised, old_top)

    def clear(self, cell: Tensor, where: Tensor) -> None:
        """Empties cells int64 [B, 3] where the mask [B] says so; in place.

        The new air leaps one cell only: its surroundings may be solid and a longer leap is never needed.
        """
        index, flat = self.index(cell), self.cells.view(-1)
        flat[index] = torch.where(where, torch.tensor(AIR + 1, dtype=torch.uint8, device=cell.device), flat[index])


def _soil(ground, y: Tensor) -> Tensor:
    """Stone, soil, surface and water of bare ground: uint8 [B, X, Z, Y]."""
    device = ground.height.device
    height = ground.height[..., None].short()
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
    frozen = (ground.biome == BIOME_INDEX["snow"])[..., None]

    cells = torch.where(y < height - 3, block("stone"), under[..., None])
    cells = torch.where(y == height - 1, surface[..., None], cells)
    cells = torch.where(y >= height, torch.zeros_like(cells), cells)
    cave = ground.cave[..., None] & (y >= ground.cave_floor[..., None].short())
    cave = cave & (y < ground.cave_floor[..., None].short() + 3)
    cells = torch.where(cave, torch.zeros_like(cells), cells)
    water = (y >= height) & (y < SEA_LEVEL)
    cells = torch.where(water, block("water"), cells)
    return torch.where(water & frozen & (y == SEA_LEVEL - 1), block("ice"), cells)


def _dilate(solid: Tensor) -> Tensor:
    """uint8 [B, X, Z, Y]: 1 within one cell (Chebyshev) of a 1."""
    for axis in (1, 2, 3):
        size = solid.shape[axis]
        wide = solid.clone()
        low, high = wide.narrow(axis, 0, size - 1), wide.narrow(axis, 1, size - 1)
        torch.maximum(low, solid.narrow(axis, 1, size - 1), out=low)
        torch.maximum(high, solid.narrow(axis, 0, size - 1), out=high)
        solid = wide
    return solid


def with_leaps(cells: Tensor) -> Tensor:
    """Turns empty cells (0) into AIR + distance to the nearest block, capped at MAX_LEAP."""
    near = (cells > 0).byte()
    leap = torch.full_like(cells, AIR + MAX_LEAP)
    for _ in range(MAX_LEAP - 1):
        near = _dilate(near)
        leap -= near
    return torch.where(cells > 0, cells, leap)


def build_grid(world_seed: Tensor, centre: Tensor, side: int) -> Grid:
    """Realises the world `world_seed` [B] in a square of `side` blocks around `centre` int64 [B, 2] (world x, z)."""
    device = world_seed.device
    origin = centre - side // 2
    span = torch.arange(side, device=device)
    seeds = world_seed[:, None, None]
    x, z = origin[:, 0, None, None] + span[None, :, None], origin[:, 1, None, None] + span[None, None, :]
    y = torch.arange(HEIGHT, device=device, dtype=torch.int16)
    ground = columns(seeds, x, z)
    slot, house = house_slots(seeds, x, z)
    near_house = house & (slot.dx.abs() <= 6) & (slot.dz.abs() <= 6)
    cells = _soil(ground, y)
    cells = add_plants(cells, y, seeds, x, z, ground)
    cells = add_trees(cells, y, seeds, x, z, near_house)
    cells = add_houses(cells, y, seeds, slot, house)
    top = ((cells > 0) * (y + 1)).amax(-1).byte()
    inside = house & (torch.maximum(slot.dx.abs(), slot.dz.abs()) <= 4)
    return Grid(with_leaps(cells).contiguous(), top, ground.biome, inside, origin)
