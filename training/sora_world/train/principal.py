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
    channels = model.config.colour_channels
    _, spread, basis = torch.svd_lowrank(patches - mean, q=min(channels + 16, len(patches)), niter=4)
    basis, deviation = basis[:, :channels], spread[:channels] / len(patches) ** 0.5
    analysis, synthesis = (basis / deviation).T, basis * deviation

    encoder, decoder = model.encoder.linear, model.decoder.linear
    encoder.weight.copy_(analysis.reshape(channels, FRAMES_PER_CHUNK * 3, PATCH, PATCH))
    encoder.bias.copy_(-analysis @ mean)
    middle = model.config.linear_kernel // 2
    decoder.weight.zero_()[:, :, middle, middle] = synthesis  # the neighbours come in with `DecoderFit`
    decoder.bias.copy_(mean)
    error = (patches - mean - (patches - mean) @ basis @ basis.T).square().mean() / 4
    return float(-10 * torch.log10(error))


class DecoderFit:
    """Least squares from a cell's latent, and its neighbours where the kernel has them, to its patch of pixels.

    Components alone leave the borders of the cells visible, most of all between latents that a denoiser guessed. The
    best linear answer needs no training: sums over samples, one solve.
    """

    def __init__(self, model: Autoencoder):
        self.model = model
        inputs = model.config.colour_channels * model.config.linear_kernel**2 + 1
        self.gram = torch.zeros(inputs, inputs, dtype=torch.float64)
        self.cross = torch.zeros(inputs, FRAMES_PER_CHUNK * 3 * PATCH * PATCH, dtype=torch.float64)

    @torch.no_grad()
    def add(self, latents: Tensor, frames: Tensor) -> None:
        """latents normalised [B,C,h,w]; frames [B,F,3,H,W] in -1..1"""
        raw = latents * self.model.deviation[:, None, None] + self.model.mean[:, None, None]
        colour = raw[:, : self.model.config.colour_channels]
        kernel = self.model.config.linear_kernel
        around = torch.nn.functional.unfold(colour, kernel, padding=kernel // 2).transpose(1, 2).flatten(0, 1)
        inputs = torch.cat([around, torch.ones(len(around), 1)], 1)
        self.gram += (inputs.T @ inputs).double()
        self.cross += (inputs.T @ patches_of(frames)).double()

    @torch.no_grad()
    def solve(self, ridge: float = 1e-4) -> None:
        """Writes the solution into the decoder's linear path."""
        weight = self.gram.diagonal().mean() * ridge
        solution = torch.linalg.solve(self.gram + weight * torch.eye(len(self.gram)), self.cross).float()
        linear = self.model.decoder.linear
        linear.weight.copy_(solution[:-1].T.reshape(linear.weight.shape))
        linear.bias.copy_(solution[-1])
