"""A critic for the decoder: sees pairs of frames, says for each place whether they were rendered or decoded.

A latent that a denoiser of few steps guessed does not say where each pixel of grass lies. The mean of all answers is a
smear, and pixel losses ask for the mean. A critic asks for one answer that could be true (VQGAN, arXiv 2012.09841,
section 3.1). Its window is small, about one latent cell, so that it judges textures and edges and not the scene.
"""

from __future__ import annotations

import copy

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from sora_world.data.batches import FrameBatch
from sora_world.models.autoencoder import Autoencoder, to_network
from sora_world.train.reconstruction import WEIGHTS, LatentShaping, corrupt, losses, psnr

MATCH_WEIGHT = 0.5  # of the critic's features against those of the true frames
LESSONS = 2  # steps of the critic for one of the decoder, which otherwise runs ahead of what the critic knows
KNOWS_ENOUGH = 0.5  # below the loss of a critic that cannot tell (2): from here on it pulls with all its weight
ANCHOR_WEIGHT = 1.0
ANCHOR_SCALE = 8  # pixels


class Critic(nn.Module):
    """[N,6,H,W], two frames in a row -> [N,1,H/4,W/4], above zero where they look rendered."""

    def __init__(self, width: int = 32):
        super().__init__()
        self.layers = nn.ModuleList(
            [
                spectral_norm(nn.Conv2d(6, width, 4, stride=2, padding=1)),
                spectral_norm(nn.Conv2d(width, 2 * width, 4, stride=2, padding=1)),
                spectral_norm(nn.Conv2d(2 * width, 3 * width, 3, padding=1)),
            ]
        )
        self.leave = spectral_norm(nn.Conv2d(3 * width, 1, 3, padding=1))

    def forward(self, pairs: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Scores and the features of each layer."""
        features = []
        x = pairs
        for layer in self.layers:
            x = F.leaky_relu(layer(x), 0.2)
            features.append(x)
        return self.leave(x), features


def pairs_of(frames: Tensor) -> Tensor:
    """[B,T,3,H,W] -> [B*(T//2),6,H,W]: neighbours in time, starting at a random one of the first two."""
    first = int(torch.randint(2, ()))
    cut = frames[:, first:]
    cut = cut[:, : cut.shape[1] // 2 * 2]
    return cut.unflatten(1, (-1, 2)).flatten(0, 1).flatten(1, 2)


def critic_loss(critic: Critic, real: Tensor, made: Tensor) -> Tensor:
    """Hinge: real above 1, made below -1."""
    return F.relu(1 - critic(real)[0]).mean() + F.relu(1 + critic(made)[0]).mean()


def feature_distance(real: list[Tensor], made: list[Tensor]) -> Tensor:
    """L1 between the critic's features, layer by layer."""
    return sum((a.detach() - b).abs().mean() for a, b in zip(real, made, strict=True)) / len(real)


def anchor_loss(before: Autoencoder, raw: Tensor, frames: Tensor) -> Tensor:
    """Coarse colours must stay those that the decoder gave `before` the critic came.

    raw [B,T,C,h,w], frames [B,T*F,3,H,W]. For latents without a true picture behind them.
    """
    with torch.no_grad():
        wanted = before.decode_clip(raw)["frames"].flatten(0, 2).float()
    made = frames.flatten(0, 1).float()
    return (F.avg_pool2d(wanted, ANCHOR_SCALE) - F.avg_pool2d(made, ANCHOR_SCALE)).abs().mean()


class AdversarialLoss:
    """Stands in for `training_loss` once the critic has something to say.

    `ratio`: the critic's pull on the pictures relative to that of the other terms, kept by comparing gradients. At 0
    only the critic learns from it, and less is pulled while it can hardly tell: the decoder had learned in a few steps
    what fools it, and went on pleasing a critic that knew nothing.
    """

    def __init__(self, model: Autoencoder, bf16: bool, ratio: float, adam_lr: float = 4e-4):
        self.before = copy.deepcopy(model).eval()
        self.critic, self.bf16, self.ratio = Critic(), bf16, ratio
        self.lead = 0.0  # how far its loss is below 2, smoothed
        self.optimiser = torch.optim.Adam(self.critic.parameters(), lr=adam_lr, betas=(0.5, 0.9))

    def __call__(
        self, model: Autoencoder, batch: FrameBatch, shaping: LatentShaping, _equivariance: bool
    ) -> tuple[Tensor, dict[str, float]]:
        target = to_network(batch.rgb)
        raw = batch.latents * model.deviation[:, None, None] + model.mean[:, None, None]
        decoded = model.decode_clip(corrupt(raw, shaping))
        frames = decoded["frames"].flatten(1, 2)
        report: dict[str, float] = {}
        if batch.is_paired:
            terms = losses(decoded, batch, target)
            del terms["block_id"]
            base = sum(WEIGHTS[name] * value for name, value in terms.items())
            report |= {name: float(value.detach()) for name, value in terms.items()}
            report["psnr"] = psnr(frames.detach().float(), target)
        else:
            base = ANCHOR_WEIGHT * anchor_loss(self.before, raw, frames)
            report["anchor"] = float(base.detach())
        for _ in range(LESSONS):
            report["critic"] = self.learn(target, frames.detach().float())
        self.lead += 0.05 * (2 - report["critic"] - self.lead)
        report["lead"] = self.lead
        if self.ratio == 0:
            return base, report
        return base + self.pull(base, target, decoded["frames"], batch.is_paired, report), report

    def learn(self, target: Tensor, frames: Tensor) -> float:
        """One step of the critic; returns its loss (2: it cannot tell)."""
        self.critic.requires_grad_(True)
        loss = critic_loss(self.critic, pairs_of(target), pairs_of(frames.clamp(-1, 1)))
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        return float(loss.detach())

    def pull(self, base: Tensor, target: Tensor, decoded: Tensor, is_paired: bool, report: dict[str, float]) -> Tensor:
        """The critic's term, scaled. decoded [B,T,F,3,H,W], which `base` was computed from; target [B,T*F,3,H,W]."""
        self.critic.requires_grad_(False)
        both = torch.cat([decoded.flatten(1, 2), target], 2)  # the same pairs of both
        made, real = pairs_of(both).unflatten(1, (2, 6)).split([3, 3], 2)
        score, features = self.critic(made.flatten(1, 2))
        term = -score.mean()
        if is_paired:
            with torch.no_grad():
                wanted = self.critic(real.flatten(1, 2))[1]
            term = term + MATCH_WEIGHT * feature_distance(wanted, features)
        push, = torch.autograd.grad(base, decoded, retain_graph=True)
        tug, = torch.autograd.grad(term, decoded, retain_graph=True)
        trust = min(1.0, max(0.0, self.lead / KNOWS_ENOUGH))
        scale = self.ratio * trust * push.norm() / (tug.norm() + 1e-8)
        report["fooled"] = float((score > 0).float().mean())
        return scale.detach() * term
