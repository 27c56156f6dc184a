"""The eight biomes: the shape of their ground, what covers it and what grows on it."""

from dataclasses import dataclass

import torch
from torch import Tensor

from .blocks import ID

SEA_LEVEL = 14  # cells with y < SEA_LEVEL above the ground hold water


@dataclass(frozen=True)
class Biome:
    """`base` and `swing` are the mean height and its variation in blocks; chances are per lattice slot."""

    name: str
    base: float
    swing: float
    surface: str
    under: str
    trunk: str
    crown: str
    tree_chance: float
    tree_shape: int  # 0 round, 1 cone, 2 cactus, 3 palm
    plant: str
    plant_chance: float
    house_wall: str
    house_chance: float


BIOMES = [
    Biome("plains", 17.5, 3.0, "grass", "dirt", "log", "leaves", 0.10, 0, "yellow flower", 0.04, "planks", 0.5),
    Biome("forest", 18.0, 4.0, "forest grass", "dirt", "log", "leaves", 0.85, 0, "red flower", 0.03, "planks", 0.25),
    Biome("desert", 18.0, 4.0, "sand", "sandstone", "cactus", "cactus", 0.22, 2, "none", 0.0, "sandstone", 0.5),
    Biome("snow", 18.0, 4.5, "snow", "dirt", "dark log", "pine leaves", 0.6, 1, "none", 0.0, "dark log", 0.35),
    Biome("mountains", 19.0, 17.0, "stone", "stone", "dark log", "pine leaves", 0.1, 1, "none", 0, "cobblestone", 0.2),
    Biome("swamp", 14.3, 1.8, "swamp grass", "dirt", "dark log", "swamp leaves", 0.45, 0, "reeds", 0.03, "planks", 0.1),
    Biome("autumn", 18.5, 5.0, "dry grass", "dirt", "log", "orange leaves", 0.7, 0, "tall grass", 0.03, "bricks", 0.3),
    Biome("island", 13.9, 4.5, "sand", "sand", "log", "palm leaves", 0.3, 3, "none", 0.0, "planks", 0.15),
]
BIOME_NAMES = [biome.name for biome in BIOMES]
BIOME_INDEX = {name: index for index, name in enumerate(BIOME_NAMES)}


def biome_floats(field: str, device: torch.device) -> Tensor:
    """float32 [8] of one numeric field."""
    return torch.tensor([float(getattr(biome, field)) for biome in BIOMES], device=device)


def biome_blocks(field: str, device: torch.device) -> Tensor:
    """uint8 [8] of one block field."""
    return torch.tensor([ID[getattr(biome, field)] for biome in BIOMES], dtype=torch.uint8, device=device)
