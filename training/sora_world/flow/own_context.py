"""Context of the model's own making, so that play does not look different from training.

In play every context chunk and every previous latent is a prediction, a little blurred and a little wrong. In some
rows the given chunks and the previous latents are therefore replaced by one-step predictions of the averaged weights;
the target stays the truth, so the model learns to pull back instead of drifting along. This is the parallel cousin of
resampling forcing (arXiv 2512.15702): one extra forward pass instead of a rollout.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from sora_world.flow.loss import Conditioning, predict, spread
from sora_world.flow.rows import SINGLE, STUDIO, Rows
from sora_world.flow.schedule import add_noise

OWN_SHARE = 0.4  # of the rows that have a past
LEAST_NOISE = 0.5  # predictions come from sigma between this and 1, as those of one or two denoise steps do


def draw_own_rows(rows: Rows) -> Tensor:
    """Indices [n] of the rows that get a context of the model's own making."""
    has_past = (rows.kind != SINGLE) & (rows.kind != STUDIO)
    return (has_past & (torch.rand(has_past.shape, device=has_past.device) < OWN_SHARE)).nonzero()[:, 0]


@torch.no_grad()
def with_own_context(
    teacher: nn.Module, clean: Tensor, rows: Rows, picked: Tensor, given: Conditioning
) -> tuple[Tensor, Rows]:
    """(shown, rows): the latents to put noise on [R,T,C,h,w] and rows with previous latents to match.

    picked [n] row indices; given: conditioning of those rows only. Where the previous latent was dropped it stays so.
    """
    some = Rows(**{name: value[picked] for name, value in vars(rows).items()})
    sigma = LEAST_NOISE + (1 - LEAST_NOISE) * torch.rand_like(some.sigma)
    noisy = add_noise(clean[picked], torch.randn_like(some.noise), sigma)
    step_size = torch.full_like(sigma, LEAST_NOISE)
    own, _ = predict(teacher, noisy, some, sigma, step_size, given)

    shown = clean.clone()
    shown[picked] = torch.where(spread(some.is_given), own, clean[picked])
    before = torch.cat([torch.zeros_like(own[:, :1]), own[:, :-1]], 1)
    known = some.previous.flatten(2).any(2)
    previous = rows.previous.clone()
    previous[picked] = before * spread(known)
    return shown, replace(rows, previous=previous)
