"""Sets an autoencoder's linear path to the principal components of video patches."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from sora_world.config import FRAMES_PER_CHUNK
from sora_world.models.autoencoder import PATCH, Autoencoder, to_network

CHUNKS = 800  # 32,000 patches at 128x80; 48 components need no more


def patches_of(frames: Tensor) -> Tensor:
    """frames [B,F,3,H,W] -> [B*h*w, F*3*16*16], in the order of the linear path's kernel."""
    cells = torch.nn.functional.unfold(frames.flatten(1, 2), PATCH, stride=PATCH)
    return cells.transpose(1, 2).flatten(0, 1)


@torch.no_grad()
def fit_linear_path(model: Autoencoder, source, rng: np.random.Generator, device: torch.device) -> float:
    """Fits both linear layers to clips of `source`; returns the dB of this path alone on the same patches.

    Latents come out with zero mean and unit deviation: the shares of the components stay in the decoder's weights.
    """
    batches = [source.sample(rng, 8, 1).rgb.to(device) for _ in range(CHUNKS // 8)]
    patches = torch.cat([patches_of(to_network(rgb)) for rgb in batches])
    mean = patches.mean(0)
    channels = model.config.latent_channels
    _, spread, basis = torch.svd_lowrank(patches - mean, q=min(channels + 16, len(patches)), niter=4)
    basis, deviation = basis[:, :channels], spread[:channels] / len(patches) ** 0.5
    analysis, synthesis = (basis / deviation).T, basis * deviation

    encoder, decoder = model.encoder.linear, model.decoder.linear
    encoder.weight.copy_(analysis.reshape(channels, FRAMES_PER_CHUNK * 3, PATCH, PATCH))
    encoder.bias.copy_(-analysis @ mean)
    decoder.weight.copy_(synthesis[:, :, None, None])
    decoder.bias.copy_(mean)
    error = (patches - mean - (patches - mean) @ basis @ basis.T).square().mean() / 4
    return float(-10 * torch.log10(error))
