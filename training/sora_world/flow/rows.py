"""Training rows: which noise each chunk carries, what it may attend to and what it is told.

Four kinds, mixed in every batch:
  causal     each chunk sees the chunks before it; independent noise levels (diffusion forcing, arXiv 2407.01392), in
             half of the rows every second chunk nearly clean, as the context is in play
  single     each chunk alone, no past, no previous latent: the first view of a world from its caption
  studio     every chunk sees all others; about half are given nearly clean: fill in, extend, connect
  shortcut   causal, with a longer step to take; the target is two half steps of the averaged weights
             (shortcut models, arXiv 2410.12557; with x-prediction as Dreamer 4, arXiv 2509.24527, section 3.2)
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

CAUSAL, SINGLE, STUDIO, SHORTCUT = range(4)
SINGLE_SHARE, STUDIO_SHARE, SHORTCUT_SHARE = 0.22, 0.13, 0.25
CONTEXT_SIGMA = 0.15  # highest noise on a chunk that counts as given
PREVIOUS_NOISE = 0.2  # highest noise on the previous latent; in play it carries the model's own errors
PREVIOUS_DROPOUT = 0.1


@dataclass
class Rows:
    """Everything the denoiser needs but text. Leading [R,T] each."""

    kind: Tensor  # int64 [R]
    sigma: Tensor
    step_size: Tensor
    is_given: Tensor  # bool; nearly clean context
    is_shortcut: Tensor  # bool; these chunks take their target from two half steps
    mask: Tensor  # [R,T,T]
    previous: Tensor  # [R,T,C,h,w]
    noise: Tensor  # [R,T,C,h,w]
    time: Tensor


def draw_rows(clean: Tensor, window: int, period: int, max_steps: int, with_shortcuts: bool) -> Rows:
    """clean [R,T,C,h,w] normalised latents of consecutive chunks."""
    rows, chunks = clean.shape[:2]
    device = clean.device
    kind = draw_kinds(rows, with_shortcuts, device)
    given = draw_given(kind, chunks)
    sigma = torch.rand(rows, chunks, device=device)
    sigma = torch.where(given, sigma * CONTEXT_SIGMA, sigma.clamp(min=1e-3))
    step_size = torch.full_like(sigma, 1 / max_steps)

    is_shortcut = (kind == SHORTCUT)[:, None] & ~given
    long_step, on_grid = draw_shortcuts(sigma, max_steps)
    sigma = torch.where(is_shortcut, on_grid, sigma)
    step_size = torch.where(is_shortcut, long_step, step_size)

    start = torch.randint(period, (rows, 1), device=device)
    time = (start + torch.arange(chunks, device=device)) % period
    return Rows(
        kind=kind,
        sigma=sigma,
        step_size=step_size,
        is_given=given,
        is_shortcut=is_shortcut,
        mask=attention_masks(kind, chunks, window),
        previous=draw_previous(clean, kind, given),
        noise=torch.randn_like(clean),
        time=time.float(),
    )


def draw_kinds(rows: int, with_shortcuts: bool, device: torch.device) -> Tensor:
    shortcut = SHORTCUT_SHARE if with_shortcuts else 0.0
    shares = torch.tensor([1 - SINGLE_SHARE - STUDIO_SHARE - shortcut, SINGLE_SHARE, STUDIO_SHARE, shortcut])
    return torch.multinomial(shares, rows, replacement=True).to(device)


def draw_given(kind: Tensor, chunks: int) -> Tensor:
    """bool [R,T]: chunks that are nearly clean. Never in single rows: nothing could use them."""
    rows = kind.shape[0]
    coin = torch.rand(rows, chunks, device=kind.device) < 0.5
    half_of_rows = torch.rand(rows, 1, device=kind.device) < 0.5
    mixed = (kind == STUDIO) | (kind == SHORTCUT)
    return coin & (mixed[:, None] | ((kind == CAUSAL)[:, None] & half_of_rows))


def draw_shortcuts(like: Tensor, max_steps: int) -> tuple[Tensor, Tensor]:
    """(step size, sigma) [R,T]: a step of 2^-k longer than the shortest, from a level that is a multiple of it."""
    levels = int(torch.log2(torch.tensor(float(max_steps))))
    power = torch.randint(levels, like.shape, device=like.device)
    step = 0.5 ** power.float()
    count = 2.0**power
    sigma = (torch.rand_like(like) * count).floor().clamp(max=count - 1).add(1) * step
    return step, sigma


def attention_masks(kind: Tensor, chunks: int, window: int) -> Tensor:
    """[R,T,T] of 0 and 1: row chunk may attend to column chunk."""
    index = torch.arange(chunks, device=kind.device)
    distance = index[:, None] - index[None, :]
    causal = ((distance >= 0) & (distance <= window)).float()
    alone, everything = torch.eye(chunks, device=kind.device), torch.ones(chunks, chunks, device=kind.device)
    return torch.stack([causal, alone, everything, causal])[kind]


def draw_previous(clean: Tensor, kind: Tensor, given: Tensor) -> Tensor:
    """The latent before each chunk [R,T,C,h,w]: noise on half of them, zeros where there is none or it is unknown."""
    rows, chunks = clean.shape[:2]
    before = torch.cat([torch.zeros_like(clean[:, :1]), clean[:, :-1]], 1)
    noisy = torch.rand(rows, chunks, device=clean.device) < 0.5
    strength = torch.rand(rows, chunks, device=clean.device) * PREVIOUS_NOISE * noisy
    before = before + strength[..., None, None, None] * torch.randn_like(before)
    known = torch.rand(rows, chunks, device=clean.device) >= PREVIOUS_DROPOUT
    known[:, 0] = False
    known &= (kind != SINGLE)[:, None]
    given_before = torch.cat([torch.zeros_like(given[:, :1]), given[:, :-1]], 1)
    known &= (kind != STUDIO)[:, None] | given_before
    return before * known[..., None, None, None]
