"""Trees, plants and houses: one candidate per slot of a jittered lattice, drawn into the block grid.

Each function works on whole grids [B, Y, X, Z] with masks, since a mask costs the same for one clip or a thousand; y is
int16 [Y, 1, 1]. While a world is built, columns run along the outer axis: columns broadcast fastest that way.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from .biomes import SEA_LEVEL, biome_blocks, biome_floats
from .blocks import ID
from .hashing import lattice_uniform, uniform
from .terrain import Columns, ground_height

TREE_SLOT = 6
HOUSE_SLOT = 14
VILLAGE_SLOT = 56  # a village covers whole house slots


@dataclass
class Slots:
    """Candidates seen from each column [B, X, Z]: offset to the centre, its ground height and its draw."""

    dx: Tensor  # int64
    dz: Tensor
    ground: Tensor  # int64, first free y at the centre
    biome: Tensor  # int64 at the centre
    i: Tensor  # int64 slot indices
    j: Tensor

    def of(self, clips: Tensor) -> "Slots":
        """The same for some of the clips."""
        return Slots(*(getattr(self, name)[clips] for name in self.__dataclass_fields__))


def _slots(world_seed: Tensor, x: Tensor, z: Tensor, size: int, margin: int, purpose: int) -> Slots:
    """Slots of `size` blocks whose centres keep `margin` blocks from the slot border."""
    x, z = torch.broadcast_tensors(x, z)
    j = torch.floor(z / size).long()
    # Every second row is shifted, which hides the lattice.
    shift = (j % 2) * (size // 2)
    i = torch.floor((x + shift) / size).long()
    span = size - 2 * margin
    cx = i * size - shift + margin + (lattice_uniform(world_seed, purpose, i, j) * span).long()
    cz = j * size + margin + (lattice_uniform(world_seed, purpose + 100, i, j) * span).long()
    biome, ground = ground_height(world_seed, cx, cz)
    return Slots(x - cx, z - cz, ground, biome, i, j)


def add_trees(cells: Tensor, y: Tensor, world_seed: Tensor, x: Tensor, z: Tensor, blocked: Tensor) -> Tensor:
    """Draws trunks and crowns; blocked bool [B, X, Z] columns whose slot must stay free."""
    slot = _slots(world_seed, x, z, TREE_SLOT, 2, 31)
    device = cells.device
    draw = lattice_uniform(world_seed, 32, slot.i, slot.j)
    exists = (draw < biome_floats("tree_chance", device)[slot.biome]) & (slot.ground > SEA_LEVEL) & ~blocked
    shape = biome_floats("tree_shape", device)[slot.biome].long()
    tall = (lattice_uniform(world_seed, 33, slot.i, slot.j) * 3).long()
    trunk_height = torch.tensor([4, 6, 2, 5], device=device)[shape] + tall
    crown = biome_blocks("crown", device)[slot.biome]
    other = (crown == ID["orange leaves"]) & (lattice_uniform(world_seed, 34, slot.i, slot.j) < 0.45)
    crown = torch.where(other, torch.tensor(ID["red leaves"], dtype=torch.uint8, device=device), crown)
    trunk = biome_blocks("trunk", device)[slot.biome]

    r2 = slot.dx * slot.dx + slot.dz * slot.dz
    reach = torch.maximum(slot.dx.abs(), slot.dz.abs())
    top = slot.ground + trunk_height
    low, high = _crown_span(shape, r2, reach, top, slot)
    is_crown = exists & (shape != 2) & (high > low)
    level = y[None]
    air = cells == 0
    inside = (level >= low[:, None].short()) & (level < high[:, None].short()) & is_crown[:, None] & air
    # A cone is a stack of shrinking rings: odd levels are one ring narrower.
    narrow = (shape == 1)[:, None] & ((top[:, None].short() - level) % 2 == 1) & (reach >= 2)[:, None]
    cells = torch.where(inside & ~narrow, crown[:, None], cells)
    is_trunk = (exists & (reach == 0))[:, None] & (level >= slot.ground[:, None].short())
    return torch.where(is_trunk & (level < top[:, None].short()), trunk[:, None], cells)


def _crown_span(shape: Tensor, r2: Tensor, reach: Tensor, top: Tensor, slot: Slots) -> tuple[Tensor, Tensor]:
    """First and one-past-last y of leaves in each column, for all tree shapes."""
    never = torch.zeros_like(top)
    round_low = torch.where(r2 <= 5, top - 2, never)
    round_high = torch.where(r2 <= 2, top + 2, torch.where(r2 <= 5, top + 1, never))
    cone_low = torch.where(reach <= 2, slot.ground + 2, never)
    cone_high = torch.where(r2 == 0, top + 2, torch.where(r2 <= 1, top + 1, torch.where(r2 <= 5, top - 2, never)))
    arm = (slot.dx == 0) | (slot.dz == 0)
    palm_low = torch.where(reach == 2, top - 1, top)
    palm_high = torch.where(arm & (reach <= 2), palm_low + 1, never)
    low = torch.where(shape == 0, round_low, torch.where(shape == 1, cone_low, palm_low))
    high = torch.where(shape == 0, round_high, torch.where(shape == 1, cone_high, palm_high))
    return low, high


def add_plants(cells: Tensor, y: Tensor, world_seed: Tensor, x: Tensor, z: Tensor, ground: Columns) -> Tensor:
    """Flowers, grass and reeds on free dry ground."""
    device = cells.device
    x, z = torch.broadcast_tensors(x, z)
    draw = uniform(world_seed, 41, x, z)
    exists = (draw < biome_floats("plant_chance", device)[ground.biome]) & (ground.height > SEA_LEVEL)
    plant = biome_blocks("plant", device)[ground.biome]
    grass = (uniform(world_seed, 42, x, z) < 0.4) & (plant == ID["yellow flower"])
    plant = torch.where(grass, torch.tensor(ID["tall grass"], dtype=torch.uint8, device=device), plant)
    here = exists[:, None] & (y == ground.height[:, None].short()) & (cells == 0)
    return torch.where(here, plant[:, None], cells)


def village_here(world_seed: Tensor, x: Tensor, z: Tensor) -> Tensor:
    """bool: does a village cover this place (before asking the biome)."""
    i, j = torch.floor(x / VILLAGE_SLOT).long(), torch.floor(z / VILLAGE_SLOT).long()
    draw = lattice_uniform if i.ndim == 3 else uniform
    return draw(world_seed, 51, i, j) < 0.3


def house_slots(world_seed: Tensor, x: Tensor, z: Tensor) -> tuple[Slots, Tensor]:
    """House candidates and whether each exists, bool [B, X, Z]."""
    slot = _slots(world_seed, x, z, HOUSE_SLOT, 5, 52)
    x, z = torch.broadcast_tensors(x, z)
    village = village_here(world_seed, x - slot.dx, z - slot.dz)
    draw = lattice_uniform(world_seed, 53, slot.i, slot.j)
    chance = biome_floats("house_chance", x.device)[slot.biome] + 0.35
    return slot, village & (draw < chance) & (slot.ground > SEA_LEVEL)


def add_houses(cells: Tensor, y: Tensor, world_seed: Tensor, slot: Slots, exists: Tensor) -> Tensor:
    """Houses of 7 x 7: floor, walls with windows, a door, a stepped roof and a lamp beside the door."""
    device = cells.device

    def block(name: str) -> Tensor:
        return torch.tensor(ID[name], dtype=torch.uint8, device=device)

    reach = torch.maximum(slot.dx.abs(), slot.dz.abs())
    turned = lattice_uniform(world_seed, 54, slot.i, slot.j) < 0.5
    along = torch.where(turned, slot.dx, slot.dz)  # the door faces -along
    across = torch.where(turned, slot.dz, slot.dx)
    level = y[None] - slot.ground[:, None].short()  # 0 = first cell above the floor
    body = (exists & (reach <= 3))[:, None]
    wall = biome_blocks("house_wall", device)[slot.biome][:, None]

    cells = torch.where(body & (level >= 0) & (level < 4), torch.zeros_like(cells), cells)
    cells = torch.where(body & (level < 0) & (level > -6), block("cobblestone"), cells)
    is_wall = (exists & (reach == 3))[:, None] & (level >= 0) & (level < 4)
    cells = torch.where(is_wall, wall, cells)
    corner = (slot.dx.abs() == 3) & (slot.dz.abs() == 3)
    cells = torch.where(is_wall & corner[:, None], block("log"), cells)
    window = is_wall & ((across.abs() == 3) & (along.abs() <= 1))[:, None] & (level == 1)
    cells = torch.where(window, block("glass"), cells)
    door = is_wall & ((along == -3) & (across == 0))[:, None] & (level < 2)
    cells = torch.where(door, torch.zeros_like(cells), cells)
    step = (4 - across.abs()).short()[:, None]
    roof = (exists & (along.abs() <= 4) & (across.abs() <= 4))[:, None] & (level == 3 + step)
    cells = torch.where(roof, block("roof tiles"), cells)
    gable = (exists & (along.abs() == 3) & (across.abs() <= 3))[:, None] & (level >= 4) & (level < 3 + step)
    cells = torch.where(gable, wall, cells)
    lamp = (exists & (along == -4) & (across.abs() == 1))[:, None]
    cells = torch.where(lamp & (level == 2), block("lamp"), cells)
    inside_lamp = (exists & (along == 2) & (across == 0))[:, None] & (level == 3)
    return torch.where(inside_lamp, block("lamp"), cells)
