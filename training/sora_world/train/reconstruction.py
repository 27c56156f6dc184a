"""What the autoencoder is asked for. No pretrained network anywhere.

Charbonnier + gradients at three scales + SSIM + depth + block ids as the stand-in for semantics. No loss on the
spectrum of small windows (Czolbe et al. 2020, arXiv 2006.15057): a lone bright pixel in each window has a flat
spectrum, and the decoder learned to put one there. Sharpness is the critic's business (train/critic.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from sora_world.data.batches import FrameBatch
from sora_world.models.autoencoder import Autoencoder, to_network

WEIGHTS = {
    "pixel": 1.0,
    "gradient": 0.5,
    "ssim": 0.1,
    "depth": 0.4,
    "block_id": 0.05,
    "guess": 0.1,
}
DEPTH_FLOOR = 0.05  # 1/blocks; depth errors count in percent down to a distance of 20 blocks


@dataclass(frozen=True)
class LatentShaping:
    """How hard training leans on latents to be smooth and robust. It costs sharpness, most of all in a short run."""

    noise: float = 0.6  # highest deviation of latent noise, relative to the latents' own
    masked: float = 0.25  # share of rows with blanked cells
    equivariance: float = 0.25  # weight


def charbonnier(difference: Tensor) -> Tensor:
    return (difference.square() + 1e-6).sqrt().mean()


def gradient_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """L1 between neighbour differences at 1, 1/2 and 1/4 size; [N,3,H,W]."""
    error = predicted - target
    total = error.new_zeros(())
    for _ in range(3):
        total = total + error.diff(dim=-1).abs().mean() + error.diff(dim=-2).abs().mean()
        error = F.avg_pool2d(error, 2)
    return total / 3


def ssim_loss(predicted: Tensor, target: Tensor, window: int = 7) -> Tensor:
    """1 - mean SSIM with a box window over pictures [N,3,H,W] in -1..1 (constants for a range of 2)."""

    def blur(x: Tensor) -> Tensor:
        return F.avg_pool2d(x, window, stride=2)

    mean_p, mean_t = blur(predicted), blur(target)
    var_p = blur(predicted.square()) - mean_p.square()
    var_t = blur(target.square()) - mean_t.square()
    covariance = blur(predicted * target) - mean_p * mean_t
    c1, c2 = (0.01 * 2) ** 2, (0.03 * 2) ** 2
    score = ((2 * mean_p * mean_t + c1) * (2 * covariance + c2)) / (
        (mean_p.square() + mean_t.square() + c1) * (var_p + var_t + c2)
    )
    return 1 - score.mean()


def corrupt(raw: Tensor, shaping: LatentShaping) -> Tensor:
    """Latents as the decoder will really see them: noise on half of the rows, blanked cells on some.

    raw [B,T,C,h,w]. Noise follows the latents' own deviation (l-DeTok, arXiv 2507.15856), or growing the latents would
    be the cheapest way around it. Blanked cells: Dreamer 4 (arXiv 2509.24527), for latents that lean on neighbours.
    """
    batch, _, _, height, width = raw.shape
    deviation = raw.detach().std(dim=(0, 1, 3, 4), keepdim=True)
    strength = torch.rand(batch, 1, 1, 1, 1, device=raw.device) * shaping.noise
    strength = strength * (torch.rand_like(strength) < 0.5)
    noisy = raw + strength * deviation * torch.randn_like(raw)
    share = torch.rand(batch, 1, 1, 1, 1, device=raw.device) * 0.5
    share = share * (torch.rand_like(share) < shaping.masked)
    keep = torch.rand(batch, 1, 1, height, width, device=raw.device) >= share
    return noisy * keep


def losses(decoded: dict[str, Tensor], batch: FrameBatch, target: Tensor) -> dict[str, Tensor]:
    """Unweighted terms; decoded has leading [B,T], target [B,T*F,3,H,W] in -1..1."""
    picture, wanted = decoded["frames"].flatten(0, 2).float(), target.flatten(0, 1)
    depth = batch.inverse_depth.unflatten(1, decoded["inverse_depth"].shape[1:3])
    ids = batch.block_id.flatten(0, 1)
    logits = decoded["block_id"].flatten(0, 2).float()
    # The terms below cost more than the network on a CPU; every second frame is enough for them.
    first = int(torch.randint(2, ()))
    some, some_wanted = picture[first::2], wanted[first::2]
    return {
        "pixel": charbonnier(picture - wanted),
        "gradient": gradient_loss(some, some_wanted),
        "ssim": ssim_loss(some, some_wanted),
        "depth": depth_loss(decoded["inverse_depth"].float(), depth),
        "block_id": F.cross_entropy(logits, ids.clamp(max=logits.shape[1] - 1)),
    }


def depth_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """Relative L1 of inverse depths. Memory and colliders need percent: a plain L1 left far things 40 % wrong."""
    return ((predicted - target).abs() / (target + DEPTH_FLOOR)).mean()


def guess_loss(model: Autoencoder, raw: Tensor) -> Tensor:
    """How far off the depth channels of raw latents [N,C,h,w] are guessed; trains the guess only."""
    colour, depth = raw.detach().split([model.config.colour_channels, model.config.depth_channels], 1)
    return F.smooth_l1_loss(model.encoder.guess(colour), depth)


def equivariance_loss(model: Autoencoder, raw: Tensor, target: Tensor) -> Tensor:
    """Decoding a latent shrunk to half must give the shrunk picture (arXiv 2502.14831): takes noise out of latents.

    raw [N,C,h,w] single chunks; target [N,F,3,H,W]. Odd grids round up and the picture follows.
    """
    height, width = (raw.shape[2] + 1) // 2, (raw.shape[3] + 1) // 2
    small = F.interpolate(raw.float(), size=(height, width), mode="bilinear", antialias=True)
    state = small.new_zeros(small.shape[0], model.config.state_channels, height, width)
    wanted = F.interpolate(
        target.flatten(0, 1), size=(height * 16, width * 16), mode="bilinear", antialias=True
    ).unflatten(0, target.shape[:2])
    return charbonnier(model.decoder(small, state)["frames"].float() - wanted)


def training_loss(
    model: Autoencoder, batch: FrameBatch, shaping: LatentShaping, with_equivariance: bool
) -> tuple[Tensor, dict[str, float]]:
    """One training step's loss and its parts, `psnr` of the (partly noisy) decoding among them."""
    target = to_network(batch.rgb)
    clips, frames = target.shape[:2]
    chunks = target.unflatten(1, (frames // 4, 4))
    if batch.latents is None:
        depth = batch.inverse_depth.unflatten(1, (frames // 4, 4))
        raw = model.encoder(chunks.flatten(0, 1), depth.flatten(0, 1)).unflatten(0, (clips, frames // 4))
    else:
        raw = batch.latents * model.deviation[:, None, None] + model.mean[:, None, None]
    decoded = model.decode_clip(corrupt(raw, shaping))
    terms = losses(decoded, batch, target)
    if model.encoder.network is None or batch.latents is not None:
        # Block ids put semantics into latents that are learned; into those of a frozen encoder nothing can go, and the
        # term's strong gradients killed nearly every unit of the decoder's middle within a few hundred steps.
        del terms["block_id"]
    if batch.latents is None and model.encoder.guess is not None:
        terms["guess"] = guess_loss(model, raw.flatten(0, 1))
    total = sum(WEIGHTS[name] * value for name, value in terms.items())
    if with_equivariance and shaping.equivariance > 0:
        half = (clips + 1) // 2
        terms["equivariance"] = equivariance_loss(model, raw[:half, 0], chunks[:half, 0])
        total = total + shaping.equivariance * terms["equivariance"]
    report = {name: float(value.detach()) for name, value in terms.items()}
    report["psnr"] = psnr(decoded["frames"].flatten(1, 2).detach().float(), target)
    return total, report


def psnr(predicted: Tensor, target: Tensor) -> float:
    """dB over pictures in -1..1, clipped as they would be shown."""
    error = (predicted.clamp(-1, 1) - target).square().mean() / 4
    return float(-10 * torch.log10(error + 1e-10))
