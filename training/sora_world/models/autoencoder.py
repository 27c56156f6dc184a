"""The streaming video autoencoder: F frames become one latent, and back.

Encoder: chunks are independent of each other, so any chunk, also F equal frames of a picture, can be encoded alone.
Decoder: sees the latent and one state tensor, its own features of the latent before. The state depends on that one
latent only, therefore decoding in a stream equals decoding in parallel and errors cannot build up in it.
Only ReLU and convolutions, no norm layers: int8 needs no special care. Work sits at 1/16 and 1/8 of the picture; a
last 3x3 at 1/4 writes 4x4 pixel blocks (TAEHV spends 64 channels at full size, too much for two cores).
Shortcuts without parameters on every change of scale follow DC-AE (arXiv 2410.10733, section 3.2).

Beside the convolutions runs a linear path from pixels to latents and back, set to the principal components of 16x16
patches over four frames before training (train/principal.py). It is there from the first step, costs almost nothing,
and was 3.4 dB better than half an hour of one CPU core without it; the convolutions add what it cannot express.

Last, `Settle` sees the whole picture, linear path included, and removes what shows where cells meet: the layers before
it write each cell's pixels without knowing what the neighbour wrote.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sora_world.config import FRAMES_PER_CHUNK, AutoencoderConfig
from sora_world.models.depth import DepthDecoder, DepthEncoder, DepthGuess
from sora_world.models.residual import ResidualBlock

PATCH = 16
BLOCK = 4  # pixels along a side of what the last layers write: a picture as [N,3*4*4,H/4,W/4]
WEIGHT_BOUNDS = (0.3, 4.0)  # relative to the mean channel; the last components must not be given up


def average_groups(x: Tensor, channels: int) -> Tensor:
    """[B,C,h,w] -> [B,channels,h,w]: means of neighbouring channels, the parameter-free shortcut where they shrink.

    After a pixel_unshuffle neighbours are the four pixels of one cell, so this is average pooling.
    """
    group = x.shape[1] // channels
    return x[:, : group * channels].unflatten(1, (channels, group)).mean(2)


class Down(nn.Module):
    """Halves height and width; halves time too when `pairs` (frames 2i and 2i+1 lie next to each other in batch)."""

    def __init__(self, inside: int, outside: int, pairs: bool):
        super().__init__()
        self.pairs, self.outside = pairs, outside
        self.mix = nn.Conv2d(inside * 4 * (2 if pairs else 1), outside, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.pixel_unshuffle(x, 2)
        if self.pairs:
            channels, height, width = x.shape[1:]
            x = x.reshape(-1, 2 * channels, height, width)
        return self.mix(x) + average_groups(x, self.outside)


class Up(nn.Module):
    """Doubles height, width and time: [B,inside,h,w] -> [2B,outside,2h,2w], frames in order in the batch."""

    def __init__(self, inside: int, outside: int):
        super().__init__()
        self.outside = outside
        self.mix = nn.Conv2d(inside, outside * 8, 1)

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[2:]
        grown = self.mix(x) + repeat_channels(x, self.outside).repeat_interleave(4, 1).repeat(1, 2, 1, 1)
        grown = grown.reshape(-1, self.outside * 4, height, width)
        return F.pixel_shuffle(grown, 2)


def repeat_channels(x: Tensor, channels: int) -> Tensor:
    """The first `channels` of x, padded with zeros when it has fewer."""
    if x.shape[1] >= channels:
        return x[:, :channels]
    return F.pad(x, (0, 0, 0, 0, 0, channels - x.shape[1]))


class EncoderNetwork(nn.Module):
    """The convolutions of the encoder; starts as zero."""

    def __init__(self, config: AutoencoderConfig):
        super().__init__()
        deep, middle, shallow = config.encoder_widths
        blocks_deep, blocks_middle, blocks_shallow = config.encoder_blocks
        self.enter = nn.Conv2d(3 * 16, shallow, 3, padding=1)
        self.shallow = nn.Sequential(*[ResidualBlock(shallow) for _ in range(blocks_shallow)])
        self.to_middle = Down(shallow, middle, pairs=True)
        self.middle = nn.Sequential(*[ResidualBlock(middle) for _ in range(blocks_middle)])
        self.to_deep = Down(middle, deep, pairs=True)
        self.deep = nn.Sequential(*[ResidualBlock(deep) for _ in range(blocks_deep)])
        self.leave = nn.Conv2d(deep, config.colour_channels, 3, padding=1)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def forward(self, frames: Tensor) -> Tensor:
        """frames [B,F,3,H,W] in -1..1 -> [B,C,h,w]"""
        batch, count, colours, height, width = frames.shape
        x = F.pixel_unshuffle(frames.reshape(batch * count, colours, height, width), 4)
        x = self.shallow(self.enter(x))
        x = self.deep(self.to_deep(self.middle(self.to_middle(x))))
        return self.leave(x)


class Settle(nn.Module):
    """A correction of the finished picture, from the picture and the features that tell places in a cell apart."""

    def __init__(self, features: int, width: int):
        super().__init__()
        self.first = nn.Conv2d(features + 3 * 16, width, 3, padding=1)
        self.second = nn.Conv2d(width, 3 * 16, 3, padding=1)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)

    def forward(self, blocks: Tensor, features: Tensor) -> Tensor:
        """The picture as blocks [N,48,H/4,W/4], features [N,C,H/4,W/4] -> blocks to be added"""
        return self.second(F.relu(self.first(torch.cat([features, blocks], 1))))


class Encoder(nn.Module):
    """The linear path, and a network on top of it where the tier has one."""

    def __init__(self, config: AutoencoderConfig):
        super().__init__()
        self.linear = nn.Conv2d(FRAMES_PER_CHUNK * 3, config.colour_channels, PATCH, stride=PATCH)
        self.network = EncoderNetwork(config) if config.encoder_widths else None
        self.depth = DepthEncoder(config) if config.depth_channels else None
        self.guess = DepthGuess(config) if config.depth_channels else None

    def forward(self, frames: Tensor, inverse_depth: Tensor | None = None) -> Tensor:
        """frames [B,F,3,H,W] in -1..1, inverse_depth [B,F,H/8,W/8] in 1/blocks -> raw latent [B,C,h,w]

        Without depth, and for pictures whose depths are all 0, the depth channels are guessed.
        """
        colour = self.colours(frames)
        if self.depth is None:
            return colour
        guessed = self.guess(colour)
        if inverse_depth is None:
            return torch.cat([colour, guessed], 1)
        is_known = (inverse_depth.amax((1, 2, 3), keepdim=True) > 0).to(guessed.dtype)
        depth = self.depth(inverse_depth, colour) * is_known + guessed * (1 - is_known)
        return torch.cat([colour, depth], 1)

    def colours(self, frames: Tensor) -> Tensor:
        """frames [B,F,3,H,W] in -1..1 -> the picture's raw channels [B,C,h,w]"""
        # In fp32 also under autocast: torch 2.11's bf16 convolution of stride 16 gives wrong numbers on a CPU with AMX.
        with torch.autocast(frames.device.type, enabled=False):
            latent = self.linear(frames.flatten(1, 2).float())
        return latent if self.network is None else latent + self.network(frames)


class LinearPath(nn.Conv2d):
    """The decoder's linear path, from latents to patches of 16x16 pixels of four frames."""

    def __init__(self, config: AutoencoderConfig):
        kernel = config.linear_kernel
        super().__init__(config.colour_channels, FRAMES_PER_CHUNK * 3 * PATCH * PATCH, kernel, padding=kernel // 2)

    def forward(self, colour: Tensor) -> Tensor:
        """[B,C,h,w] -> blocks [4B,48,4h,4w]

        Its weights write a patch pixel by pixel. In another order they write 4x4 blocks, and one shuffle brings these
        to the layers that work on blocks; a picture would have to be taken apart again there.
        """
        inside, sides = self.weight.shape[1:], (PATCH // BLOCK, BLOCK, PATCH // BLOCK, BLOCK)
        weight = self.weight.reshape(-1, *sides, *inside).permute(0, 2, 4, 1, 3, 5, 6, 7).reshape(-1, *inside)
        bias = self.bias.reshape(-1, *sides).permute(0, 2, 4, 1, 3).reshape(-1)
        blocks = F.pixel_shuffle(F.conv2d(colour, weight, bias, padding=self.padding), PATCH // BLOCK)
        return blocks.reshape(-1, 3 * BLOCK * BLOCK, *blocks.shape[2:])


class Decoder(nn.Module):
    def __init__(self, config: AutoencoderConfig):
        super().__init__()
        deep, middle, shallow = config.decoder_widths
        blocks_deep, blocks_middle, blocks_shallow = config.decoder_blocks
        self.colour_channels = config.colour_channels
        self.enter = nn.Conv2d(config.colour_channels, deep, 3, padding=1)
        self.remember = ResidualBlock(deep, memory=True)
        self.deep = nn.Sequential(*[ResidualBlock(deep) for _ in range(blocks_deep - 1)])
        self.to_middle = Up(deep, middle)
        self.middle = nn.Sequential(*[ResidualBlock(middle) for _ in range(blocks_middle)])
        self.to_shallow = Up(middle, shallow)
        self.shallow = nn.Sequential(*[ResidualBlock(shallow) for _ in range(blocks_shallow)])
        self.leave = nn.Conv2d(shallow, 3 * 16, 3, padding=1)
        self.settle = Settle(shallow, config.settle_width)
        self.depth: nn.Module
        if config.depth_channels:
            self.depth = DepthDecoder(config)
        else:
            self.distances = ResidualBlock(middle)
            self.depth = nn.Conv2d(middle, 2, 1)  # two frames per half-rate feature map
        self.block_id = nn.Conv2d(middle, 2 * config.block_ids, 1)
        self.block_ids = config.block_ids
        self.linear = LinearPath(config)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def forward(self, latent: Tensor, state: Tensor) -> dict[str, Tensor]:
        """One chunk.

        latent [B,C,h,w] raw; state [B,S,h,w], zeros at the start
        -> frames [B,4,3,16h,16w] in about -1..1; inverse_depth [B,4,2h,2w]; block_id logits [B,4,K,2h,2w];
           state [B,S,h,w] for the next chunk
        """
        batch = latent.shape[0]
        height, width = latent.shape[2:]
        colour = latent[:, : self.colour_channels]
        features = self.enter(colour)
        x = self.deep(self.remember(features, state))
        middle = self.middle(self.to_middle(x))
        fine = self.shallow(self.to_shallow(middle))
        blocks = self.leave(fine) + self.linear(colour)
        blocks = blocks + self.settle(blocks, fine)
        frames = F.pixel_shuffle(blocks, BLOCK).reshape(batch, 4, 3, height * PATCH, width * PATCH)
        return {
            "frames": frames,
            "inverse_depth": self.inverse_depth(latent, middle),
            "block_id": self.block_id(middle).reshape(batch, 4, self.block_ids, height * 2, width * 2),
            "state": features,
        }

    def inverse_depth(self, latent: Tensor, middle: Tensor) -> Tensor:
        """[B,4,2h,2w], from the latent's own channels where it has them, else from features [2B,C,2h,2w]."""
        if isinstance(self.depth, DepthDecoder):
            return self.depth(latent)
        height, width = middle.shape[2:]
        return self.depth(self.distances(middle)).reshape(latent.shape[0], 4, height, width)


class Autoencoder(nn.Module):
    """Encoder and decoder with the latent statistics between them.

    Outside this class latents are normalised. `mean` and `deviation` [C] are measured once, after training.
    """

    def __init__(self, config: AutoencoderConfig):
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)
        self.register_buffer("mean", torch.zeros(config.latent_channels))
        self.register_buffer("deviation", torch.ones(config.latent_channels))

    def encode(self, frames: Tensor, inverse_depth: Tensor | None = None) -> Tensor:
        """frames [B,F,3,H,W] in -1..1, inverse_depth [B,F,H/8,W/8] where known -> normalised latent [B,C,h,w]"""
        return (self.encoder(frames, inverse_depth) - self.mean[:, None, None]) / self.deviation[:, None, None]

    def decode(self, latent: Tensor, state: Tensor) -> dict[str, Tensor]:
        """Normalised latent [B,C,h,w], state [B,S,h,w]; see Decoder.forward."""
        return self.decoder(latent * self.deviation[:, None, None] + self.mean[:, None, None], state)

    def channel_weights(self) -> Tensor:
        """[C], mean 1: how much a normalised channel moves the picture, by the decoder's linear path.

        Equal variances make channels look equally important; a loss over latents should know that they are not.
        Depth channels count as the mean one.
        """
        deviation = self.deviation[: self.config.colour_channels]
        strength = self.decoder.linear.weight.square().sum((0, 2, 3)).sqrt() * deviation
        bounded = (strength / strength.mean()).clamp(*WEIGHT_BOUNDS)
        return torch.cat([bounded / bounded.mean(), bounded.new_ones(self.config.depth_channels)])

    def empty_state(self, latent: Tensor) -> Tensor:
        """Zeros [B,S,h,w] to go with `latent` [B,C,h,w]."""
        return latent.new_zeros(latent.shape[0], self.config.state_channels, *latent.shape[2:])

    def decode_clip(self, raw: Tensor) -> dict[str, Tensor]:
        """All chunks in parallel: raw latents [B,T,C,h,w] -> the decoder's outputs with leading [B,T]."""
        batch, chunks = raw.shape[:2]
        features = self.decoder.enter(raw.flatten(0, 1)[:, : self.config.colour_channels]).unflatten(0, (batch, chunks))
        before = torch.cat([torch.zeros_like(features[:, :1]), features[:, :-1]], 1)
        decoded = self.decoder(raw.flatten(0, 1), before.flatten(0, 1))
        return {name: value.unflatten(0, (batch, chunks)) for name, value in decoded.items()}


def to_network(frames: Tensor) -> Tensor:
    """uint8 [...,H,W,3] -> float [...,3,H,W] in -1..1"""
    return frames.movedim(-1, -3).contiguous().float() / 127.5 - 1.0


def to_bytes(frames: Tensor) -> Tensor:
    """float [...,3,H,W] in -1..1 -> uint8 [...,H,W,3]"""
    levels = ((frames + 1.0) * 127.5).round().clamp(0, 255).to(torch.uint8)
    return levels.transpose(-3, -2).transpose(-2, -1)
