"""Captioner and policy: one trunk that makes a few tokens of every chunk, two small transformers on top.

Both see latents only, never pictures: they run where the latents are made, without a decoder.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sora_world.config import ACTION_WIDTH, FRAMES_PER_CHUNK
from sora_world.models.denoiser import FORBIDDEN, plain_attention, ray_features
from sora_world.models.norm import RMSNorm
from sora_world.readers.config import AXIS_COUNT, BUTTON_COUNT, CAMERA_BINS, MAX_CHUNKS, ReaderConfig

RAYS = 10  # features of a cell's direction


class FeedForward(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.norm = RMSNorm(width)
        self.grow = nn.Linear(width, 2 * width, bias=False)
        self.shrink = nn.Linear(2 * width, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.shrink(F.relu(self.grow(self.norm(x))).square())


class Mixer(nn.Module):
    """Attention of tokens among themselves, then each on its own."""

    def __init__(self, config: ReaderConfig):
        super().__init__()
        self.heads = config.heads
        self.norm = RMSNorm(config.width)
        self.qkv = nn.Linear(config.width, 3 * config.width, bias=False)
        self.join = nn.Linear(config.width, config.width, bias=False)
        self.feed_forward = FeedForward(config.width)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        """x [B,M,d]; bias [1,1,M,M] is added to the attention scores."""
        qkv = self.qkv(self.norm(x)).unflatten(-1, (3 * self.heads, -1)).transpose(1, 2)
        mixed = plain_attention(*qkv.split([self.heads] * 3, 1), bias)
        return self.feed_forward(x + self.join(mixed.transpose(1, 2).flatten(2)))


class ChunkReader(nn.Module):
    """Latent chunks to Q tokens each: learned queries attend once to the cells.

    Cells do not attend to each other: there are ten times as many of them as there are queries.
    """

    def __init__(self, config: ReaderConfig):
        super().__init__()
        width = config.width
        self.heads, self.channels = config.heads, config.colour_channels
        self.enter = nn.Linear(config.colour_channels + RAYS, width)
        self.look = FeedForward(width)
        self.norm = RMSNorm(width)
        self.key_value = nn.Linear(width, 2 * width, bias=False)
        self.queries = nn.Parameter(torch.randn(1, config.heads, config.queries, width // config.heads))
        self.join = nn.Linear(width, width, bias=False)
        self.feed_forward = FeedForward(width)

    def forward(self, latents: Tensor) -> Tensor:
        """[B,T,C,h,w] -> [B,T,Q,d]"""
        batch, chunks, _, height, width = latents.shape
        latents = latents[:, :, : self.channels]
        rays = ray_features(height, width, latents).expand(batch, chunks, -1, -1)
        cells = self.enter(torch.cat([latents.flatten(3).transpose(2, 3), rays], -1)).flatten(0, 1)
        pairs = self.key_value(self.norm(self.look(cells))).unflatten(-1, (2 * self.heads, -1)).transpose(1, 2)
        key, value = pairs.split([self.heads] * 2, 1)
        read = plain_attention(self.queries, key, value, None).transpose(1, 2).flatten(2)
        return self.feed_forward(self.join(read)).unflatten(0, (batch, chunks))


def mixers(config: ReaderConfig) -> nn.ModuleList:
    return nn.ModuleList(Mixer(config) for _ in range(config.blocks))


class Captioner(nn.Module):
    """Says what consecutive chunks show, word after word: a language model with the chunks before its first word."""

    def __init__(self, config: ReaderConfig):
        super().__init__()
        self.config = config
        self.see = ChunkReader(config)
        self.age = nn.Parameter(torch.randn(MAX_CHUNKS, config.width) * 0.1)  # row 0 is the newest chunk
        self.embed = nn.Embedding(config.words, config.width)
        self.position = nn.Parameter(torch.randn(config.length, config.width) * 0.1)
        self.blocks = mixers(config)
        self.norm = RMSNorm(config.width)
        nn.init.normal_(self.embed.weight, std=0.5)

    def forward(self, latents: Tensor, tokens: Tensor) -> Tensor:
        """latents [B,T,C,h,w]; tokens int64 [B,P], 0 and then the caption so far -> logits [B,P,V] of the token after.

        Row p depends on tokens 0..p alone; token 0 as an answer ends the caption.
        """
        seen = self.see(latents) + self.age[: latents.shape[1]].flip(0)[:, None]
        words = self.embed(tokens) + self.position[: tokens.shape[1]]
        x = torch.cat([seen.flatten(1, 2), words.to(seen.dtype)], 1)
        bias = caption_bias(x.shape[1], x.shape[1] - tokens.shape[1], x)
        for block in self.blocks:
            x = block(x, bias)
        said = self.norm(x[:, -tokens.shape[1] :])
        return F.linear(said, self.embed.weight) * self.config.width**-0.5


class Policy(nn.Module):
    """What a player does in the next chunk, from what was seen and done so far.

    Causal over chunks: in training every chunk of a window is an example, `act` answers for the last one.
    """

    def __init__(self, config: ReaderConfig):
        super().__init__()
        self.config = config
        width = config.width
        self.see = ChunkReader(config)
        self.place = nn.Parameter(torch.randn(MAX_CHUNKS, width) * 0.1)  # row 0 is the oldest chunk
        self.did = nn.Sequential(nn.Linear(FRAMES_PER_CHUNK * ACTION_WIDTH, width), nn.SiLU(), nn.Linear(width, width))
        self.embed = nn.Embedding(config.words + config.hash_buckets, width, padding_idx=0)
        self.blocks = mixers(config)
        self.norm = RMSNorm(width)
        self.buttons = nn.Linear(width, FRAMES_PER_CHUNK * BUTTON_COUNT)
        self.camera = nn.Linear(width, FRAMES_PER_CHUNK * AXIS_COUNT * len(CAMERA_BINS))

    def forward(self, latents: Tensor, previous_actions: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """latents [B,T,C,h,w]; previous_actions [B,T,F,A] led into them; tokens int64 [B,P], the caption, 0 = padding
        -> buttons [B,T,F,19] and camera [B,T,F,2,M], logits of the actions that lead into the chunk after each.
        """
        chunks = latents.shape[1]
        told = self.embed(tokens).sum(1) / (tokens > 0).sum(1, keepdim=True).clamp(min=1)
        now = self.did(previous_actions.flatten(2)) + told[:, None]
        seen = self.see(latents)
        x = torch.cat([now[:, :, None].to(seen.dtype), seen], 2) + self.place[:chunks, None]
        count = self.config.queries + 1
        x, bias = x.flatten(1, 2), chunk_order_bias(chunks, count, x)
        for block in self.blocks:
            x = block(x, bias)
        will = self.norm(x.unflatten(1, (chunks, count))[:, :, 0])
        buttons = self.buttons(will).unflatten(2, (FRAMES_PER_CHUNK, BUTTON_COUNT))
        return buttons, self.camera(will).unflatten(2, (FRAMES_PER_CHUNK, AXIS_COUNT, len(CAMERA_BINS)))

    def act(self, latents: Tensor, previous_actions: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """buttons [B,F,19], camera [B,F,2,M] for the chunk after the last one."""
        buttons, camera = self(latents, previous_actions, tokens)
        return buttons[:, -1], camera[:, -1]


def caption_bias(length: int, seen: int, like: Tensor) -> Tensor:
    """[1,1,M,M] for `seen` tokens of chunks and then words: words see the chunks and the words before them."""
    place = torch.arange(length, device=like.device)
    allowed = (place[None, :] < seen) | (place[None, :] <= place[:, None])
    return torch.where(allowed, 0.0, FORBIDDEN).to(like.dtype)[None, None]


def chunk_order_bias(chunks: int, count: int, like: Tensor) -> Tensor:
    """[1,1,M,M] for chunks of `count` tokens: a chunk sees itself and older ones."""
    place = torch.arange(chunks, device=like.device)[:, None].expand(-1, count).flatten()
    return torch.where(place[None, :] <= place[:, None], 0.0, FORBIDDEN).to(like.dtype)[None, None]
