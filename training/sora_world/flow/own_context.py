"""Context of the model's own making, so that play does not look different from training.

In play every context chunk and every previous latent is a prediction, a little blurred and a little wrong. In some
rows the given chunks and the previous latents are therefore replaced by one-step predictions of the averaged weights;
the target stays the truth, so the model learns to pull back instead of drifting along. This is the parallel cousin of
resampling forcing (arXiv 2512.15702): a pass over all chunks at once is one generation, in which every chunk is
predicted after the last generation's version of the chunk before. A few generations show errors of errors, as a
rollout does, while noise from the truth keeps the content in place, so that the truth stays a fair target.

Two things keep rollouts from growing ever more vivid, which they did (colours 1.5 times too strong after 24 chunks).
One-step predictions are means, weaker than the truth; a model that learns to answer them with the truth learns to
amplify. They are therefore brought back to the truth's strength. And every chunk of the context gets a small random
gain and shift per channel, which the model learns to pull back towards what is likely.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from sora_world.flow.loss import Conditioning, predict, spread
from sora_world.flow.rows import SINGLE, STUDIO, Rows
from sora_world.flow.schedule import add_noise

OWN_SHARE = 0.4  # of the rows that have a past
LEAST_NOISE = 0.6  # predictions come from sigma between this and 1, as those of one or two denoise steps do
MOST_GENERATIONS = 3
GAIN_DEVIATION, SHIFT_DEVIATION = 0.12, 0.1


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
    known = spread(some.previous.flatten(2).any(2))
    for _ in range(int(torch.randint(1, MOST_GENERATIONS + 1, ()))):
        own = disturbed(strengthened(one_generation(teacher, clean[picked], some, given), clean[picked]))
        before = torch.cat([torch.zeros_like(own[:, :1]), own[:, :-1]], 1)
        some = replace(some, previous=before * known)
    shown, previous = clean.clone(), rows.previous.clone()
    shown[picked] = torch.where(spread(some.is_given), own, clean[picked])
    previous[picked] = some.previous
    return shown, replace(rows, previous=previous)


def one_generation(teacher: nn.Module, clean: Tensor, rows: Rows, given: Conditioning) -> Tensor:
    """All chunks predicted at once [n,T,C,h,w], each from much noise and the previous latent in `rows`."""
    sigma = LEAST_NOISE + (1 - LEAST_NOISE) * torch.rand_like(rows.sigma)
    noisy = add_noise(clean, torch.randn_like(clean), sigma)
    return predict(teacher, noisy, rows, sigma, torch.full_like(sigma, 0.5), given)[0]


def strengthened(own: Tensor, clean: Tensor) -> Tensor:
    """own [n,T,C,h,w] with each channel's root mean square over the clip raised to that of `clean`, at most doubled."""
    strength = [x.square().mean((1, 3, 4), keepdim=True).sqrt() for x in (own, clean)]
    return own * (strength[1] / (strength[0] + 1e-3)).clamp(1.0, 2.0)


def disturbed(own: Tensor) -> Tensor:
    """Random gain and shift per chunk and channel, on latents of unit variance [n,T,C,h,w]."""
    shape = (*own.shape[:3], 1, 1)
    gain = 1 + GAIN_DEVIATION * torch.randn(shape, device=own.device)
    return own * gain + SHIFT_DEVIATION * torch.randn(shape, device=own.device)
