"""Block types: their ids, what the player can do with them and which part of the cell they fill.

A grid cell is one uint8: ids below AIR are blocks; `AIR + d` is air whose nearest block is `d` cells away
(Chebyshev, capped), so that a ray may leap over empty space.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

AIR = 128

FULL = (0.0, 0.0, 0.0, 1.0, 1.0, 1.0)
POST = (0.4, 0.0, 0.4, 0.6, 0.7, 0.6)
STALK = (0.3, 0.0, 0.3, 0.7, 0.6, 0.7)
TUFT = (0.15, 0.0, 0.15, 0.85, 0.4, 0.85)


@dataclass(frozen=True)
class Block:
    """One block type; `box` is the filled part of the cell, x0 y0 z0 x1 y1 z1."""

    name: str
    colour: tuple[int, int, int]
    pattern: str = "grain"
    top: tuple[int, int, int] | None = None  # colour of the top face where it differs
    solid: bool = True
    break_frames: int = 8
    glow: float = 0.0
    box: tuple[float, ...] = FULL


BLOCKS = [
    Block("none", (0, 0, 0), solid=False),
    Block("stone", (128, 129, 133), break_frames=10),
    Block("dirt", (134, 96, 67), break_frames=6),
    Block("grass", (134, 96, 67), "turf", (104, 168, 72), break_frames=6),
    Block("forest grass", (122, 90, 62), "turf", (82, 150, 70), break_frames=6),
    Block("sand", (221, 205, 150), break_frames=6),
    Block("snow", (236, 242, 248), break_frames=6),
    Block("gravel", (134, 124, 120), "pebbles", break_frames=6),
    Block("water", (60, 118, 206), "ripples", solid=False),
    Block("log", (124, 94, 60), "bark", (172, 138, 88), break_frames=8),
    Block("leaves", (76, 146, 60), "foliage", break_frames=6),
    Block("pine leaves", (58, 110, 86), "foliage", break_frames=6),
    Block("orange leaves", (214, 128, 42), "foliage", break_frames=6),
    Block("red leaves", (186, 70, 44), "foliage", break_frames=6),
    Block("swamp leaves", (98, 118, 56), "foliage", break_frames=6),
    Block("dry grass", (134, 96, 67), "turf", (176, 150, 66), break_frames=6),
    Block("swamp grass", (96, 80, 56), "turf", (86, 104, 58), break_frames=6),
    Block("cactus", (74, 134, 62), "ribs", (98, 156, 80)),
    Block("planks", (178, 142, 88), "planks"),
    Block("cobblestone", (116, 116, 118), "pebbles", break_frames=10),
    Block("bricks", (164, 88, 72), "bricks", break_frames=10),
    Block("sandstone", (214, 194, 136), "layers", break_frames=8),
    Block("roof tiles", (122, 62, 56), "bricks"),
    Block("glass", (178, 214, 226), "pane"),
    Block("lamp", (250, 214, 122), "pane", glow=1.0),
    Block("torch", (246, 190, 84), "grain", solid=False, break_frames=4, glow=1.0, box=POST),
    Block("red flower", (212, 58, 58), "stalk", solid=False, break_frames=4, box=STALK),
    Block("yellow flower", (240, 212, 66), "stalk", solid=False, break_frames=4, box=STALK),
    Block("dark log", (92, 74, 60), "bark", (126, 98, 68)),
    Block("white wool", (228, 228, 226), "grain", break_frames=6),
    Block("blue wool", (60, 84, 176), "grain", break_frames=6),
    Block("ore", (122, 124, 130), "ore", break_frames=10),
    Block("ice", (166, 204, 240), "grain", break_frames=6),
    Block("palm leaves", (94, 164, 58), "foliage", break_frames=6),
    Block("tall grass", (92, 152, 64), "foliage", solid=False, break_frames=4, box=TUFT),
    Block("reeds", (166, 160, 92), "ribs", solid=False, break_frames=4, box=(0.3, 0.0, 0.3, 0.7, 0.9, 0.7)),
]

ID = {block.name: index for index, block in enumerate(BLOCKS)}
CREATURE = 48  # marks cells through which a moving box passes; never a block of its own
HAND = 49  # block id of pixels covered by the held block

# Parts of animals: body, head and legs have ids of their own, which never stand in a cell.
ANIMAL_COLOURS = {
    "pig": [(232, 158, 156), (238, 170, 166), (196, 122, 122)],
    "sheep": [(232, 230, 222), (120, 104, 92), (106, 92, 82)],
    "cow": [(112, 82, 60), (92, 66, 48), (226, 220, 210)],
}
ANIMALS = [50, 53, 56]  # id of the body of each kind; head and legs follow

HOTBAR = ["cobblestone", "planks", "dirt", "bricks", "log", "lamp", "torch", "white wool", "blue wool"]


def solid_table(device: torch.device) -> Tensor:
    """bool [256]: does a cell value stop the player."""
    table = torch.zeros(256, dtype=torch.bool)
    for index, block in enumerate(BLOCKS):
        table[index] = block.solid
    return table.to(device)


def break_table(device: torch.device) -> Tensor:
    """float32 [256]: frames of attack until the block is gone; 0 = cannot be broken."""
    table = torch.zeros(256)
    for index, block in enumerate(BLOCKS):
        table[index] = block.break_frames if block.name not in ("none", "water") else 0
    return table.to(device)


def box_table(device: torch.device) -> Tensor:
    """float32 [6, 256]: filled part of the cell for each cell value."""
    table = torch.tensor(FULL)[:, None].repeat(1, 256)
    for index, block in enumerate(BLOCKS):
        table[:, index] = torch.tensor(block.box)
    return table.to(device)


def partial_table(device: torch.device) -> Tensor:
    """bool [256]: cell values whose block does not fill its cell."""
    table = torch.zeros(256, dtype=torch.bool)
    for index, block in enumerate(BLOCKS):
        table[index] = block.box != FULL
    table[CREATURE] = True
    return table.to(device)


def glow_table(device: torch.device) -> Tensor:
    """float32 [256]: 1 where a block shines by itself."""
    table = torch.zeros(256)
    for index, block in enumerate(BLOCKS):
        table[index] = block.glow
    return table.to(device)


def hotbar_ids(device: torch.device) -> Tensor:
    """uint8 [9]: the block that each slot places."""
    return torch.tensor([ID[name] for name in HOTBAR], dtype=torch.uint8, device=device)
