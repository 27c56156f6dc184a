from __future__ import annotations

import pytest
import torch

from sora_world.config import TINY
from sora_world.data.synthetic import render_clips
from sora_world.evaluate.gates import detail, frame_psnr, measure, sheet_of, wire
from sora_world.models.autoencoder import Autoencoder


def test_psnr_of_a_known_error():
    truth = torch.zeros(2, 3, 3, 4, 4)
    assert frame_psnr(truth + 0.2, truth) == pytest.approx(torch.full((2, 3), 20.0).numpy(), abs=1e-3)


def test_detail_of_what_is_flat_and_of_what_is_not():
    flat, stripes = torch.ones(1, 1, 3, 8, 8), torch.ones(1, 1, 3, 8, 8)
    stripes[..., ::2] = 0
    assert detail(flat) == 0
    assert detail(stripes) == pytest.approx(1)


def test_the_wire_keeps_latents_to_a_64th():
    latent = torch.linspace(-4, 4, 1001)
    assert (wire(latent) - latent).abs().max() <= 1 / 63.5 + 1e-6
    assert wire(torch.tensor(9.0)) == 4


def test_figures_tell_a_better_decoder_from_a_worse_one():
    torch.manual_seed(0)
    clips = render_clips(4, 24, 48, 64, 3)
    model = Autoencoder(TINY.autoencoder).eval()
    figures, truth, frames = measure(model, clips, torch.device("cpu"))
    with torch.no_grad():
        model.decoder.linear.weight.zero_()
        model.decoder.linear.bias.fill_(float(truth.mean()))
    flat, *_ = measure(model, clips, torch.device("cpu"))
    assert flat["psnr"] > figures["psnr"]  # the mean of all pictures beats random colours
    assert flat["noiseDrop"] == pytest.approx(0, abs=0.5)
    assert sheet_of(truth, frames, columns=2, rows=2).shape == (2 * 2 * 48, 2 * 64, 3)
