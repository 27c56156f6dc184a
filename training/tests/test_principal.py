from __future__ import annotations

import numpy as np
import torch

from sora_world.config import TINY
from sora_world.data.batches import ClipBank
from sora_world.models.autoencoder import PATCH, Autoencoder, to_network
from sora_world.train.principal import fit_linear_path, patches_of


def test_patches_lie_in_the_order_of_the_linear_kernel():
    torch.manual_seed(0)
    model = Autoencoder(TINY.autoencoder)
    frames = torch.randn(2, 4, 3, 2 * PATCH, 3 * PATCH)
    kernel = model.encoder.linear
    by_hand = patches_of(frames) @ kernel.weight.flatten(1).T + kernel.bias
    by_layer = kernel(frames.flatten(1, 2)).permute(0, 2, 3, 1).flatten(0, 2)
    assert torch.allclose(by_hand, by_layer, atol=1e-4)


def test_linear_path_alone_reconstructs_and_normalises(clip_bank_folder):
    torch.manual_seed(0)
    model, source = Autoencoder(TINY.autoencoder), ClipBank(clip_bank_folder)
    promised = fit_linear_path(model, source, np.random.default_rng(0), torch.device("cpu"))
    frames = to_network(source.sample(np.random.default_rng(1), 8, 1).rgb)
    with torch.no_grad():
        latent = model.encoder(frames)
        picture = model.decoder(latent, model.empty_state(latent))["frames"]
    error = (picture - frames).square().mean() / 4
    assert promised > 15
    assert abs(float(-10 * torch.log10(error)) - promised) < 3
    assert 0.5 < latent.std() < 1.5


def test_channel_weights_follow_the_pictures(clip_bank_folder):
    model, source = Autoencoder(TINY.autoencoder), ClipBank(clip_bank_folder)
    fit_linear_path(model, source, np.random.default_rng(0), torch.device("cpu"))
    weights = model.channel_weights()
    assert torch.isclose(weights.mean(), torch.tensor(1.0))
    assert weights[0] == weights.max()
