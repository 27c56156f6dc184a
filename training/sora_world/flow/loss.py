"""Shortcut forcing in x-space (Dreamer 4, arXiv 2509.24527, equations 5 to 8): the network predicts clean latents."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sora_world.flow.rows import Rows

# The paper's ramp is 0.1 + 0.9 (1 - sigma). Two denoise steps lean on the first, noisiest prediction; a higher floor
# keeps it worth learning in a short run.
RAMP_FLOOR = 0.3
POSE_WEIGHT = 0.1
POSE_SCALE = (0.25, 0.25, 0.25, 4.0, 4.0)  # blocks and degrees per frame that count as one
# Below this share of the scale an error counts by its square. Most steps are shorter than 0.25 blocks: with 0.2 what
# was left, 14 % of the way, hardly counted any more.
POSE_BETA = 0.05
# In play the pose is read from the commit pass, at little noise; at much noise it can only be told from the actions.
POSE_NOISY, POSE_CLEAN = 0.3, 1.7


@dataclass
class Conditioning:
    """actions [R,T,F,A]; text [R,T,K,D]; pooled [R,T,E]; pose [R,T,F,6] (targets, with onGround as 0/1);
    memory [R,T,F*6,8h,8w], None for worlds that remember nothing."""

    actions: Tensor
    text: Tensor
    pooled: Tensor
    pose: Tensor
    memory: Tensor | None = None


def predict(model: nn.Module, noisy: Tensor, rows: Rows, sigma: Tensor, step_size: Tensor, given: Conditioning):
    """(clean, pose) of one pass without a cache."""
    told = (given.actions, given.text, given.pooled, rows.time, rows.mask)
    clean, pose, _, _ = model(noisy, rows.previous, sigma, step_size, *told, memory=given.memory)
    return clean.float(), pose.float()


@torch.no_grad()
def shortcut_target(teacher: nn.Module, noisy: Tensor, rows: Rows, given: Conditioning) -> Tensor:
    """Where two half steps of the teacher point, as a clean latent [R,T,C,h,w]. Chunks without a shortcut stay put."""
    half = torch.where(rows.is_shortcut, rows.step_size / 2, rows.step_size)
    middle = torch.where(rows.is_shortcut, rows.sigma - half, rows.sigma)
    first, _ = predict(teacher, noisy, rows, rows.sigma, half, given)
    velocity = (noisy - first) / spread(rows.sigma)
    moved = noisy - spread(rows.sigma - middle) * velocity
    second, _ = predict(teacher, moved, rows, middle, half, given)
    velocity_after = (moved - second) / spread(middle)
    return noisy - spread(rows.sigma) * (velocity + velocity_after) / 2


def spread(values: Tensor) -> Tensor:
    """[R,T] -> [R,T,1,1,1]"""
    return values[..., None, None, None]


def denoising_loss(
    model: nn.Module,
    clean: Tensor,
    rows: Rows,
    given: Conditioning,
    noisy: Tensor,
    target: Tensor | None = None,
    channel_weights: Tensor | None = None,
) -> tuple[Tensor, dict[str, Tensor]]:
    """Weighted loss and its parts (detached), per-chunk errors [R,T] among them.

    clean, noisy [R,T,C,h,w]; target, if given, replaces clean where `rows.is_shortcut`; channel_weights [C], mean 1.
    """
    wanted = clean if target is None else torch.where(spread(rows.is_shortcut), target, clean)
    predicted, pose = predict(model, noisy, rows, rows.sigma, rows.step_size, given)
    squared = (predicted - wanted).square()
    error = squared.detach().mean((2, 3, 4))  # [R,T]
    if channel_weights is not None:
        squared = squared * channel_weights[:, None, None]
    weight = RAMP_FLOOR + (1 - RAMP_FLOOR) * (1 - rows.sigma)
    latent_loss = (weight * squared.mean((2, 3, 4))).mean()
    movement = (pose_loss(pose, given.pose) * (POSE_CLEAN + (POSE_NOISY - POSE_CLEAN) * rows.sigma)).mean()
    parts = {"latent": latent_loss.detach(), "pose": movement.detach(), "error": error}
    return latent_loss + POSE_WEIGHT * movement, parts


def pose_loss(predicted: Tensor, wanted: Tensor) -> Tensor:
    """Huber on movement, cross entropy on `onGround`: [R,T,F,6] both -> [R,T]."""
    scale = predicted.new_tensor(POSE_SCALE)
    movement = F.smooth_l1_loss(predicted[..., :5] / scale, wanted[..., :5] / scale, beta=POSE_BETA, reduction="none")
    ground = F.binary_cross_entropy_with_logits(predicted[..., 5], wanted[..., 5], reduction="none")
    return movement.mean((2, 3)) + 0.2 * ground.mean(2)
