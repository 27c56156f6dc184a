"""Captions to conditioning: a word tokenizer and a small transformer trained from scratch with the denoiser.

The tokenizer is part of the package contract (docs/model-package.md, "Tokenizer"); TypeScript has the same one.
"""

from __future__ import annotations

import re

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sora_world.config import TextConfig
from sora_world.models.norm import RMSNorm

PADDING = "<pad>"
FNV_OFFSET, FNV_PRIME = 0x811C9DC5, 0x01000193


def fnv1a32(data: bytes) -> int:
    """http://www.isthe.com/chongo/tech/comp/fnv"""
    value = FNV_OFFSET
    for byte in data:
        value = ((value ^ byte) * FNV_PRIME) & 0xFFFFFFFF
    return value


class Tokenizer:
    """Known words by index, unknown ones by hash bucket behind them; 0 is padding."""

    def __init__(self, words: list[str], hash_buckets: int, length: int):
        if words[0] != PADDING:
            raise ValueError(f"word 0 must be {PADDING}, it is {words[0]!r}")
        self.words, self.hash_buckets, self.length = list(words), hash_buckets, length
        self.index = {word: i for i, word in enumerate(words)}

    @property
    def vocabulary_size(self) -> int:
        return len(self.words) + self.hash_buckets

    def encode(self, caption: str) -> list[int]:
        """Exactly `length` ids."""
        found = [self.identify(word) for word in re.findall(r"[a-z0-9]+", caption.lower())]
        return (found + [0] * self.length)[: self.length]

    def identify(self, word: str) -> int:
        known = self.index.get(word)
        return len(self.words) + fnv1a32(word.encode()) % self.hash_buckets if known is None else known


class TextBlock(nn.Module):
    def __init__(self, config: TextConfig):
        super().__init__()
        self.heads = config.heads
        self.norm_attention, self.norm_hidden = RMSNorm(config.width), RMSNorm(config.width)
        self.qkv = nn.Linear(config.width, 3 * config.width, bias=False)
        self.join = nn.Linear(config.width, config.width, bias=False)
        self.grow = nn.Linear(config.width, 2 * config.width, bias=False)
        self.shrink = nn.Linear(2 * config.width, config.width, bias=False)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        """x [B,P,D]; bias [B,1,1,P] is added to the attention scores."""
        batch, length, width = x.shape
        qkv = self.qkv(self.norm_attention(x)).reshape(batch, length, 3, self.heads, width // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        x = x + self.join(mixed.transpose(1, 2).reshape(batch, length, width))
        return x + self.shrink(F.relu(self.grow(self.norm_hidden(x))).square())


class TextEncoder(nn.Module):
    """tokens -> K text tokens for the denoiser's sequence and one pooled vector for its modulation."""

    def __init__(self, config: TextConfig, vocabulary_size: int, pooled_width: int):
        super().__init__()
        self.config = config
        self.embed = nn.Embedding(vocabulary_size, config.width)
        self.position = nn.Parameter(torch.randn(config.length, config.width) * 0.02)
        self.blocks = nn.ModuleList(TextBlock(config) for _ in range(config.layers))
        self.norm = RMSNorm(config.width)
        self.queries = nn.Parameter(torch.randn(config.query_tokens, config.width) * 0.5)
        self.pool = nn.Linear(config.query_tokens * config.width, pooled_width)
        nn.init.normal_(self.embed.weight, std=0.5)

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """tokens int64 [B,P], 0 = padding -> text [B,K,D], pooled [B,E]; no words at all gives the empty caption."""
        bias = torch.where(tokens > 0, 0.0, -1e4).to(self.position.dtype)[:, None, None, :]
        x = self.embed(tokens) + self.position[: tokens.shape[1]]
        for block in self.blocks:
            x = block(x, bias)
        text = self.read(self.norm(x), bias[:, 0])
        return text, self.pool(text.flatten(1))

    def read(self, x: Tensor, bias: Tensor) -> Tensor:
        """K learned queries attend once to x [B,P,D]."""
        queries = self.queries.expand(x.shape[0], -1, -1)
        return F.scaled_dot_product_attention(queries, x, x, attn_mask=bias)
