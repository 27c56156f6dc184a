"""What the readers see and say. Everything that changes a weight's shape lives here."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

from sora_world.world.actions import BUTTONS

MAX_CHUNKS = 8  # of latents seen at once
BUTTON_COUNT = len(BUTTONS)
AXIS_COUNT = 2  # yaw, pitch
LEVELS = 10  # camera bins on either side of the middle one
CURVE = 15.0  # how much finer the bins are around zero (mu-law)


def camera_bins() -> tuple[float, ...]:
    """Axis values -1..1 in rising order, finer around 0; people turn slowly most of the time, and often not at all."""
    ahead = [((1 + CURVE) ** (level / LEVELS) - 1) / CURVE for level in range(1, LEVELS + 1)]
    return tuple(round(value, 4) for value in [*(-value for value in reversed(ahead)), 0.0, *ahead])


CAMERA_BINS = camera_bins()


@dataclass(frozen=True)
class ReaderConfig:
    name: str
    colour_channels: int  # of a latent; what it says of depth is not read
    length: int  # caption tokens
    words: int  # the captioner's vocabulary, padding included
    hash_buckets: int
    width: int = 96
    heads: int = 4
    queries: int = 4  # tokens that are left of a chunk
    blocks: int = 2

    def hash(self) -> str:
        """Names the architecture a checkpoint was made with."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]
