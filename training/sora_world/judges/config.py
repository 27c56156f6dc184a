"""What the judges are asked and how large they are. Everything that changes a weight's shape lives here."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

from sora_world.world.actions import INDEX
from sora_world.world.biomes import BIOME_NAMES
from sora_world.world.blocks import ANIMAL_COLOURS, ANIMALS, BLOCKS, CREATURE, HAND
from sora_world.world.sky import TIMES, WEATHERS

SCALE = 4  # picture pixels per judged cell
FRAMES = 5  # seen at once by the dynamics judge: the last one known and the four of a chunk
HEIGHTS = (72, 80)  # pixels; degrees per pixel depend on it, so larger pictures are scaled down to one of these
FACES = ("none", "+x", "-x", "+y", "-y", "+z", "-z")
KEYS = ("forward", "back", "left", "right", "jump", "sneak", "sprint", "attack", "use")
KEY_PLACES = [INDEX[name] for name in KEYS]  # of the keys in an action vector
MOVE_KEYS = KEYS[:5]


def _block_names() -> list[str]:
    """Names by block id; ids that no block has are called unused."""
    names = {index: block.name for index, block in enumerate(BLOCKS)} | {0: "sky", CREATURE: "creature", HAND: "hand"}
    for first, animal in zip(ANIMALS, ANIMAL_COLOURS, strict=True):
        names |= {first + place: f"{animal} {part}" for place, part in enumerate(("body", "head", "legs"))}
    return [names.get(index, f"unused {index}") for index in range(max(names) + 1)]


BLOCK_NAMES = _block_names()
ATTRIBUTES = {"biome": tuple(BIOME_NAMES), "time": tuple(TIMES), "weather": tuple(WEATHERS)}


@dataclass(frozen=True)
class JudgeConfig:
    """Channels at 1/4, 1/8 and 1/16 of the picture."""

    name: str
    widths: tuple[int, int, int]
    blocks: tuple[int, int, int]
    feature_width: int

    def hash(self) -> str:
        """Names the architecture a checkpoint was made with."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]
