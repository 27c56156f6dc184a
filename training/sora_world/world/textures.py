"""Small palettised textures, drawn by code: 8 x 8 texels, two to four shades, low contrast.

Every texture comes with its box-filtered smaller versions (4, 2, 1), since a texel smaller than a pixel would
flicker from frame to frame, which a small model can neither predict nor compress.
"""

import numpy as np
import torch
from torch import Tensor

from .blocks import ANIMAL_COLOURS, ANIMALS, BLOCKS

TEXELS = 8
LEVELS = 4
LEVEL_SIZES = [8, 4, 2, 1]
LEVEL_OFFSETS = [0, 64, 80, 84]
TEXTURE_SIZE = 85  # 64 + 16 + 4 + 1
SIDES = 3  # top, side, bottom


def _grain(rng: np.random.Generator) -> np.ndarray:
    return rng.choice([0.90, 0.96, 1.0, 1.04], size=(8, 8), p=[0.15, 0.3, 0.35, 0.2])


def _foliage(rng: np.random.Generator) -> np.ndarray:
    return rng.choice([0.74, 0.9, 1.0, 1.12], size=(8, 8), p=[0.2, 0.25, 0.35, 0.2])


def _bark(rng: np.random.Generator) -> np.ndarray:
    return np.tile(rng.choice([0.82, 0.94, 1.06], size=(1, 8)), (8, 1)) * _grain(rng)


def _ribs(rng: np.random.Generator) -> np.ndarray:
    return np.tile(np.array([[0.8, 1.0, 1.0, 0.86, 1.06, 1.0, 0.84, 1.0]]), (8, 1)) * _grain(rng)


def _planks(rng: np.random.Generator) -> np.ndarray:
    shade = np.repeat(np.array([1.0, 0.94, 1.03, 0.97]), 2)[:, None] * np.ones((8, 8))
    shade[1::2] *= 0.93
    shade[[1, 3, 5, 7], [2, 6, 1, 5]] *= 0.85
    return shade


def _bricks(rng: np.random.Generator) -> np.ndarray:
    shade = rng.choice([0.94, 1.0, 1.04], size=(8, 8))
    shade[3::4] = 0.78
    shade[0:3, 3] = 0.78
    shade[4:7, 7] = 0.78
    return shade


def _layers(rng: np.random.Generator) -> np.ndarray:
    return np.tile(np.array([1.03, 1.0, 0.97, 1.0, 0.92, 1.0, 1.02, 0.95])[:, None], (1, 8)) * _grain(rng) ** 0.5


def _pebbles(rng: np.random.Generator) -> np.ndarray:
    return np.kron(rng.choice([0.84, 0.96, 1.08], size=(4, 4)), np.ones((2, 2))) * _grain(rng)


def _ripples(rng: np.random.Generator) -> np.ndarray:
    return np.kron(rng.choice([0.97, 1.0, 1.04], size=(4, 2)), np.ones((2, 4))) * _grain(rng) ** 0.3


def _pane(rng: np.random.Generator) -> np.ndarray:
    shade = np.full((8, 8), 1.0)
    shade[[0, 7], :] = 0.82
    shade[:, [0, 7]] = 0.82
    return shade


PATTERNS = {
    "grain": _grain,
    "foliage": _foliage,
    "bark": _bark,
    "ribs": _ribs,
    "planks": _planks,
    "bricks": _bricks,
    "layers": _layers,
    "pebbles": _pebbles,
    "ripples": _ripples,
    "pane": _pane,
    "turf": _grain,
    "ore": _grain,
    "stalk": _grain,
}


def _faces(index: int) -> np.ndarray:
    """The three faces [3, 8, 8, 3] in 0..255 of one block; row 0 is the upper edge."""
    block = BLOCKS[index]
    rng = np.random.default_rng(1000 + index)
    colour, top = np.array(block.colour, float), np.array(block.top or block.colour, float)
    side = PATTERNS[block.pattern](rng)[..., None] * colour
    upper = (PATTERNS["grain"](rng) if block.top else PATTERNS[block.pattern](rng))[..., None] * top
    lower = side.copy()
    if block.pattern == "bark":
        lower = upper
    if block.pattern == "turf":
        fringe = rng.integers(2, 4, size=8)
        for column in range(8):
            side[: fringe[column], column] = top * 0.95
    if block.pattern == "ore":
        for row, column in [(1, 2), (2, 5), (4, 1), (5, 4), (6, 6), (3, 6)]:
            side[row, column] = upper[row, column] = (216, 172, 96)
    if block.pattern == "stalk":
        side[4:] = (78, 134, 58)
    return np.stack([upper, side, lower])


def _all_faces() -> dict[int, np.ndarray]:
    """Faces of all blocks and of the parts of animals, by id."""
    faces = {index: _faces(index) for index in range(len(BLOCKS))}
    rng = np.random.default_rng(99)
    for first, parts in zip(ANIMALS, ANIMAL_COLOURS.values(), strict=True):
        for part, colour in enumerate(parts):
            shade = 1 + (_grain(rng) - 1) * 0.5
            faces[first + part] = np.stack([shade[..., None] * np.array(colour, float)] * SIDES)
    return faces


def texture_table(device: torch.device) -> Tensor:
    """float32 [256 * SIDES * TEXTURE_SIZE, 3] in 0..1: texels of all levels of all faces of all cell values."""
    table = np.zeros((256, SIDES, TEXTURE_SIZE, 3), np.float32)
    for index, drawn in _all_faces().items():
        faces = drawn.clip(0, 255)
        for size, offset in zip(LEVEL_SIZES, LEVEL_OFFSETS, strict=True):
            step = TEXELS // size
            small = faces.reshape(SIDES, size, step, size, step, 3).mean((2, 4))
            table[index, :, offset : offset + size * size] = small.reshape(SIDES, -1, 3)
    return torch.from_numpy(table.reshape(-1, 3) / 255).to(device)


def crack_table(device: torch.device) -> Tensor:
    """float32 [4, 64]: factor on the colour for no crack and three stages of cracking."""
    rng = np.random.default_rng(7)
    order = rng.permutation(64)
    table = np.ones((4, 64), np.float32)
    for stage, count in enumerate([0, 14, 26, 38]):
        table[stage, order[:count]] = 0.45
    return torch.from_numpy(table).to(device)
