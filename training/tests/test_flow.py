from __future__ import annotations

import torch

from sora_world.config import TINY
from sora_world.flow import rows as rows_module
from sora_world.flow.loss import Conditioning, shortcut_target
from sora_world.flow.rows import CAUSAL, SHORTCUT, SINGLE, STUDIO, attention_masks, draw_rows
from sora_world.flow.sampler import sample
from sora_world.flow.schedule import add_noise, euler, sigmas_for

SHAPE = (64, 4, TINY.autoencoder.latent_channels, 3, 4)


def test_sigma_one_is_noise_and_zero_is_clean():
    clean, noise = torch.randn(SHAPE), torch.randn(SHAPE)
    assert torch.equal(add_noise(clean, noise, torch.ones(SHAPE[:2])), noise)
    assert torch.equal(add_noise(clean, noise, torch.zeros(SHAPE[:2])), clean)
    assert sigmas_for(2) == [1.0, 0.5, 0.0]
    assert torch.equal(euler(noise, clean, 1.0, 0.0), clean)


def test_sampler_recovers_what_a_perfect_denoiser_knows():
    clean, noise = torch.randn(1, 1, 2, 3, 4), torch.randn(1, 1, 2, 3, 4)
    for steps in (1, 2, 4):
        assert torch.allclose(sample(lambda z, sigma, step: clean, noise, steps), clean, atol=1e-6)


def test_rows_follow_their_kind():
    torch.manual_seed(0)
    clean = torch.randn(256, *SHAPE[1:])
    rows = draw_rows(clean, 3, 16, 16, with_shortcuts=True)
    assert set(rows.kind.tolist()) == {CAUSAL, SINGLE, STUDIO, SHORTCUT}
    assert not rows.previous[rows.kind == SINGLE].any()
    assert not rows.previous[:, 0].any()
    assert not rows.is_shortcut[rows.kind != SHORTCUT].any()
    shortcut_sigma, step = rows.sigma[rows.is_shortcut], rows.step_size[rows.is_shortcut]
    assert torch.allclose((shortcut_sigma / step).round() * step, shortcut_sigma)
    assert (shortcut_sigma >= step).all() and (shortcut_sigma <= 1).all()
    assert step.min() >= 2 / 16 and step.max() == 1
    assert (rows.step_size[~rows.is_shortcut] == 1 / 16).all()


def test_masks():
    causal, alone, everything, _ = attention_masks(torch.arange(4), 5, window=2)
    assert causal[4].tolist() == [0, 0, 1, 1, 1]
    assert torch.equal(alone, torch.eye(5))
    assert everything.all()


def test_shortcut_target_of_a_perfect_teacher_is_the_clean_latent(monkeypatch):
    """Two half steps along a straight line end where one whole step ends."""
    torch.manual_seed(0)
    monkeypatch.setattr(rows_module, "SHORTCUT_SHARE", 0.6)
    clean = torch.randn(SHAPE)
    rows = draw_rows(clean, 3, 16, 16, with_shortcuts=True)
    seen = []

    def teacher(noisy, previous, sigma, step_size, *others, memory=None):
        seen.append((sigma, step_size))
        return clean, torch.zeros(()), None, None

    nothing = torch.zeros(())
    noisy = add_noise(clean, rows.noise, rows.sigma)
    target = shortcut_target(teacher, noisy, rows, Conditioning(nothing, nothing, nothing, nothing))
    assert target.shape == clean.shape
    assert torch.allclose(target[rows.is_shortcut], clean[rows.is_shortcut], atol=1e-4)
    (first, half), (middle, _) = seen
    assert torch.allclose((first - middle)[rows.is_shortcut], rows.step_size[rows.is_shortcut] / 2)
    assert torch.equal(half[rows.is_shortcut], rows.step_size[rows.is_shortcut] / 2)
