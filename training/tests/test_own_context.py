from __future__ import annotations

import torch

from sora_world.config import TINY
from sora_world.flow import own_context
from sora_world.flow.loss import Conditioning
from sora_world.flow.own_context import draw_own_rows, strengthened, with_own_context
from sora_world.flow.rows import SINGLE, STUDIO, draw_rows


def test_only_context_is_replaced(monkeypatch):
    """A teacher that always answers `guess`: given chunks and previous latents become the guess, nothing else moves."""
    torch.manual_seed(0)
    monkeypatch.setattr(own_context, "disturbed", lambda own: own)
    clean = torch.randn(64, 4, TINY.autoencoder.latent_channels, 3, 4)
    rows = draw_rows(clean, 3, 16, 16, with_shortcuts=False)
    picked = draw_own_rows(rows)
    assert len(picked) and not ((rows.kind[picked] == SINGLE) | (rows.kind[picked] == STUDIO)).any()
    guess = torch.full_like(clean[picked], 7.0)
    nothing = torch.zeros(())
    conditioning = Conditioning(nothing, nothing, nothing, nothing)
    shown, after = with_own_context(lambda *inputs: (guess, nothing, None, None), clean, rows, picked, conditioning)

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


def test_weak_predictions_get_the_strength_of_the_truth():
    torch.manual_seed(0)
    clean = torch.randn(2, 3, 5, 4, 4)
    assert torch.allclose(strengthened(0.7 * clean, clean), clean, atol=0.02)
    assert torch.equal(strengthened(3 * clean, clean), 3 * clean)
