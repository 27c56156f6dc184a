"""Context of the model's own making, so that play does not look different from training.

In play every context chunk and every previous latent is a prediction, a little blurred and a little wrong. In some
rows the given chunks and the previous latents are therefore replaced by a rollout of the averaged weights from the
clip's first chunks on, with the clip's actions; the target stays the truth (as resampling forcing, arXiv 2512.15702).
Within nine chunks a rollout has not left its clip far enough to make that an unfair question.

Parallel one-step predictions in place of the rollout do not do: they are means, weaker than the truth, and a model
that answers them with the truth learns to amplify. Its colours got 1.5 times too strong within 24 chunks.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from sora_world.flow.loss import Conditioning, spread
from sora_world.flow.rollout import Rollout
from sora_world.flow.rows import SINGLE, STUDIO, Rows
from sora_world.models.denoiser import Denoiser

OWN_SHARE = 0.5  # of the rows that have a past
MOST_STEPS = 2
# Small random gain and shift of each chunk and channel: what is left of drift should be pulled back, too.
GAIN_DEVIATION, SHIFT_DEVIATION = 0.06, 0.06


def draw_own_rows(rows: Rows) -> Tensor:
    """Indices [n] of the rows that get a context of the model's own making."""
    has_past = (rows.kind != SINGLE) & (rows.kind != STUDIO)
    return (has_past & (torch.rand(has_past.shape, device=has_past.device) < OWN_SHARE)).nonzero()[:, 0]


@torch.no_grad()
def with_own_context(
    teacher: Denoiser, clean: Tensor, rows: Rows, picked: Tensor, given: Conditioning
) -> tuple[Tensor, Rows]:
    """(shown, rows): the latents to put noise on [R,T,C,h,w] and rows with previous latents to match.

    picked [n] row indices; given: conditioning of those rows only. Where the previous latent was dropped it stays so.
    """
    own = disturbed(roll_out(teacher, clean[picked], given))
    known = rows.previous[picked].flatten(2).any(2)
    before = torch.cat([torch.zeros_like(own[:, :1]), own[:, :-1]], 1)
    shown, previous = clean.clone(), rows.previous.clone()
    shown[picked] = torch.where(spread(rows.is_given[picked]), own, clean[picked])
    previous[picked] = before * spread(known)
    return shown, replace(rows, previous=previous)


@torch.no_grad()
def roll_out(teacher: Denoiser, clean: Tensor, given: Conditioning) -> Tensor:
    """clean [n,T,C,h,w] -> the same first one or two chunks, then the teacher's own."""
    batch, chunks = clean.shape[:2]
    rollout = Rollout(teacher, batch, *clean.shape[3:])
    start = int(torch.randint(1, 3, ()))
    steps = int(torch.randint(1, MOST_STEPS + 1, ()))
    made = []
    for t in range(chunks):
        now = (given.actions[:, t : t + 1], given.text[:, t : t + 1], given.pooled[:, t : t + 1])
        memory = None if given.memory is None else given.memory[:, t : t + 1]
        truth = clean[:, t : t + 1]
        noise, commit_noise = torch.randn_like(truth), torch.randn_like(truth)
        if t < start:
            rollout.commit(truth, commit_noise, *now, memory)
            made.append(truth)
        else:
            made.append(rollout.next_chunk(*now, noise, commit_noise, steps, memory).float())
    return torch.cat(made, 1)


def disturbed(own: Tensor) -> Tensor:
    """Random gain and shift per chunk and channel, on latents of unit variance [n,T,C,h,w]."""
    shape = (*own.shape[:3], 1, 1)
    gain = 1 + GAIN_DEVIATION * torch.randn(shape, device=own.device)
    return own * gain + SHIFT_DEVIATION * torch.randn(shape, device=own.device)
