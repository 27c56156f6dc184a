"""Sizes of the two tiers. Everything that changes a weight's shape lives here and nowhere else."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field

FRAMES_PER_SECOND = 20
FRAMES_PER_CHUNK = 4  # one latent; the encoder halves time twice
SPATIAL_SCALE = 16  # picture pixels per latent cell
DEPTH_SCALE = 8  # picture pixels per cell of the inverse depth
VIEW_CHANNELS = 6  # one view of the memory: red, green, blue, known, inverse depth, age
KNOWN = 3  # place of `known` among them
MEMORY_CHANNELS = FRAMES_PER_CHUNK * VIEW_CHANNELS  # one view per frame of the chunk
MEMORY_CELL = 8  # pixels of the memory image per latent cell: half the picture's resolution
ACTION_WIDTH = 21  # 19 buttons, yaw, pitch
MAX_CAMERA = 8.0  # degrees per frame at axis value 1
POSE_FIELDS = ("right", "up", "forward", "yaw", "pitch", "onGround")
VERTICAL_FOV_DEGREES = 60.0


@dataclass(frozen=True)
class AutoencoderConfig:
    """Channel widths at 1/16, 1/8 and 1/4 of the picture; blocks per level, same order.

    No encoder widths: the encoder is its linear path alone.
    """

    latent_channels: int  # of a picture and, where there are any, of its depth
    encoder_widths: tuple[int, ...]
    encoder_blocks: tuple[int, ...]
    decoder_widths: tuple[int, int, int]
    decoder_blocks: tuple[int, int, int]
    settle_width: int = 48  # of the last correction, at 1/4 of the picture
    linear_kernel: int = 3  # of the decoder's linear path; 1: a cell's own latent and not its neighbours'
    block_ids: int = 64  # classes of the auxiliary head; dropped at export
    depth_channels: int = 0  # the last of the latent's; 0: the decoder guesses depth from the picture's
    depth_width: int = 64  # of the networks around them (models/depth.py)

    @property
    def colour_channels(self) -> int:
        """Channels of a latent that hold the picture: the first ones."""
        return self.latent_channels - self.depth_channels

    @property
    def state_channels(self) -> int:
        """Channels of the decoder's streaming state: its features of the chunk before."""
        return self.decoder_widths[0]


@dataclass(frozen=True)
class TextConfig:
    length: int = 24
    layers: int = 2
    width: int = 128
    heads: int = 4
    query_tokens: int = 8
    hash_buckets: int = 64


@dataclass(frozen=True)
class DenoiserConfig:
    width: int
    blocks: int
    heads: int
    hidden: int  # SwiGLU
    temporal_blocks: tuple[int, ...]  # these attend over the whole context window
    registers: int
    context_chunks: int = 8
    time_period: int = 64
    max_steps: int = 16
    context_noise: float = 0.1

    @property
    def head_width(self) -> int:
        return self.width // self.heads


@dataclass(frozen=True)
class Tier:
    name: str
    sizes: tuple[tuple[int, int], ...]  # (width, height) in pixels; the first is the default
    autoencoder: AutoencoderConfig
    denoiser: DenoiserConfig
    text: TextConfig = field(default_factory=TextConfig)
    frames_per_chunk: int = FRAMES_PER_CHUNK

    @property
    def fixed_tokens(self) -> int:
        """Tokens of a chunk that are not latent cells: actions, text, registers."""
        return self.frames_per_chunk + self.text.query_tokens + self.denoiser.registers

    def tokens_per_chunk(self, height: int, width: int) -> int:
        """`height`, `width` of the latent grid."""
        return self.fixed_tokens + height * width

    def hash(self) -> str:
        """Names the architecture a checkpoint was made with."""
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


VOXEL = Tier(
    name="voxel",
    sizes=((256, 144), (144, 256), (192, 192), (224, 160), (288, 128)),
    autoencoder=AutoencoderConfig(
        latent_channels=56,
        encoder_widths=(192, 112, 64),
        encoder_blocks=(2, 2, 1),
        decoder_widths=(192, 112, 64),
        decoder_blocks=(2, 2, 2),
        linear_kernel=1,
        depth_channels=8,
    ),
    denoiser=DenoiserConfig(width=384, blocks=10, heads=6, hidden=896, temporal_blocks=(2, 5, 8), registers=4),
)

# 48 channels: 40 cells x 48 = 1920 numbers for four frames. With 32 the reconstructions stayed without any texture;
# every further channel is one more thing a 2M denoiser trained for an hour has to get right.
# A linear encoder: what a CPU can train in half an hour is worse, and the denoiser need not wait for it.
NANO = Tier(
    name="nano",
    sizes=((128, 80), (80, 128), (96, 96)),
    autoencoder=AutoencoderConfig(
        latent_channels=48,
        encoder_widths=(),
        encoder_blocks=(),
        decoder_widths=(160, 96, 40),
        decoder_blocks=(2, 2, 1),
    ),
    denoiser=DenoiserConfig(width=160, blocks=6, heads=4, hidden=432, temporal_blocks=(2, 4), registers=2),
    text=TextConfig(query_tokens=4),
)

# For tests only: the smallest network in which every path exists.
TINY = Tier(
    name="tiny",
    sizes=((64, 48), (48, 64)),
    autoencoder=AutoencoderConfig(
        latent_channels=10,
        encoder_widths=(32, 24, 16),
        encoder_blocks=(1, 1, 1),
        decoder_widths=(32, 24, 16),
        decoder_blocks=(1, 1, 1),
        settle_width=16,
        depth_channels=2,
        depth_width=8,
    ),
    denoiser=DenoiserConfig(
        width=32, blocks=3, heads=2, hidden=48, temporal_blocks=(1,), registers=1, context_chunks=3, time_period=16
    ),
    text=TextConfig(length=8, layers=1, width=16, heads=2, query_tokens=2, hash_buckets=8),
)

TIERS = {tier.name: tier for tier in (VOXEL, NANO, TINY)}
