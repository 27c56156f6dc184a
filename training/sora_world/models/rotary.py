"""Rotary position embeddings (arXiv 2104.09864) over time, rows and columns.

The pairs of a head are shared out: about a quarter to time, the rest half and half to rows and columns. Tokens that
are not latent cells (actions, text, registers) keep their spatial pairs unrotated.

Time turns by whole multiples of 2 pi / period per chunk. Chunk index modulo period therefore gives exactly the same
rotation as the index itself: rollouts of any length reuse cached keys and never leave the angles of training.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

# Turns per period. With a window of 8 chunks and a period of 64, 8 turns are the finest step that cannot alias.
TIME_TURNS = (1, 2, 4, 8, 3, 6, 5, 7)
LONGEST_WAVE = 64.0  # cells; more than any grid


def pair_split(head_width: int) -> tuple[int, int, int]:
    """(time, row, column) pairs of a head; 40 -> (4, 8, 8), 64 -> (8, 12, 12)."""
    pairs = head_width // 2
    time = min(len(TIME_TURNS), max(2, pairs // 4 // 2 * 2))
    spatial = (pairs - time) // 2
    return pairs - 2 * spatial, spatial, spatial


def spatial_frequencies(pairs: int) -> Tensor:
    """Radians per cell [pairs], from 1 down to 2 pi / LONGEST_WAVE, in even ratios."""
    lowest = 2 * math.pi / LONGEST_WAVE
    return lowest ** (torch.arange(pairs) / max(1, pairs - 1))


def time_frequencies(pairs: int, period: int) -> Tensor:
    """Radians per chunk [pairs]: whole turns per period."""
    turns = torch.tensor([TIME_TURNS[i % len(TIME_TURNS)] for i in range(pairs)])
    return turns * (2 * math.pi / period)


def grid_angles(rows: Tensor, columns: Tensor, frequencies: Tensor) -> Tensor:
    """Angles [h*w, 2*pairs] of the latent cells in reading order; rows [h], columns [w] are cell indices."""
    down = (rows[:, None] * frequencies)[:, None, :].expand(-1, columns.shape[0], -1)
    across = (columns[:, None] * frequencies)[None, :, :].expand(rows.shape[0], -1, -1)
    return torch.cat([down, across], -1).flatten(0, 1)


def rotate(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Turns the pairs (i, i + half) of the last axis of x [G,heads,M,2*half]; cosine, sine [G,1,M,half]."""
    if torch.onnx.is_in_onnx_export():
        groups, tokens = cosine.shape[0], cosine.shape[2]
        places = torch.arange(groups * tokens, device=x.device).view(groups, tokens)
        return _Exported.apply(x, places, cosine.flatten(0, 2), sine.flatten(0, 2))
    half = x.shape[-1] // 2
    first, second = x.split([half, half], -1)
    return torch.cat([first * cosine - second * sine, first * sine + second * cosine], -1)


class _Exported(torch.autograd.Function):
    """onnxruntime's own operator instead of eight small ones, twice in every block."""

    @staticmethod
    def forward(_context, x: Tensor, _places: Tensor, _cosine: Tensor, _sine: Tensor) -> Tensor:
        return x.clone()  # what comes out while tracing is only looked at for its shape

    @staticmethod
    def symbolic(graph, x, places, cosine, sine):
        """x [G,heads,M,d]; places [G,M] rows of cosine and sine [G*M,d/2]"""
        turned = graph.op("com.microsoft::RotaryEmbedding", x, places, cosine, sine)
        turned.setType(x.type().with_sizes([None] * 4))  # or the sizes of the example would be taken for constants
        return turned
