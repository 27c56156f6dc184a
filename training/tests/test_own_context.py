from __future__ import annotations

import torch

from sora_world.config import TINY
from sora_world.flow import own_context
from sora_world.flow.loss import Conditioning
from sora_world.flow.own_context import draw_own_rows, roll_out, with_own_context
from sora_world.flow.rows import SINGLE, STUDIO, draw_rows


def test_only_context_is_replaced(monkeypatch):
    """With a rollout that is 7 everywhere: given chunks and previous latents become 7, nothing else moves."""
    torch.manual_seed(0)
    monkeypatch.setattr(own_context, "disturbed", lambda own: own)
    monkeypatch.setattr(own_context, "roll_out", lambda teacher, clean, given: torch.full_like(clean, 7.0))
    clean = torch.randn(64, 4, TINY.autoencoder.latent_channels, 3, 4)
    rows = draw_rows(clean, 3, 16, 16, with_shortcuts=False)
    picked = draw_own_rows(rows)
    assert len(picked) and not ((rows.kind[picked] == SINGLE) | (rows.kind[picked] == STUDIO)).any()
    shown, after = with_own_context(None, clean, rows, picked, None)

    given = rows.is_given[picked]
    assert (shown[picked][given] == 7).all()
    assert torch.equal(shown[picked][~given], clean[picked][~given])
    had = rows.previous[picked].flatten(2).any(2)
    assert (after.previous[picked][had] == 7).all()
    assert not after.previous[picked][~had].any()
    others = torch.ones(64, dtype=torch.bool)
    others[picked] = False
    assert torch.equal(shown[others], clean[others])
    assert torch.equal(after.previous[others], rows.previous[others])


def test_rollout_starts_with_the_truth_and_goes_on_alone(tiny_denoiser):
    torch.manual_seed(0)
    text = TINY.text
    clean = torch.randn(2, 5, TINY.autoencoder.latent_channels, 3, 4)
    words = torch.randn(2, 5, text.query_tokens, text.width)
    given = Conditioning(torch.rand(2, 5, 4, 21), words, torch.randn(2, 5, TINY.denoiser.width), torch.zeros(()))
    own = roll_out(tiny_denoiser, clean, given)
    assert own.shape == clean.shape
    assert torch.equal(own[:, 0], clean[:, 0])
    assert not torch.isclose(own[:, 2:], clean[:, 2:]).any(dim=2).all()
