"""What the judges are taught."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from sora_world.judges.config import ATTRIBUTES, BLOCK_NAMES
from sora_world.judges.data import FADING, UNKNOWN, DynamicsBatch, SceneBatch
from sora_world.judges.flow import flow_error
from sora_world.judges.models import REACH_DOWN, REACH_RIGHT, to_log_depth

FACE, ATTRIBUTE, SHARES = 0.5, 0.5, 0.1  # weights of the scene losses beside block ids and depth
SMALL_TURN = 0.5  # degrees; errors below it count squared
KEYS, FLOW = 3.0, 1.0  # weights of the key losses and of the flow in cells beside the turn in degrees


def known_mean(losses: Tensor, known: Tensor) -> Tensor:
    """Mean over the known places; 0 where nothing is known."""
    return (losses * known).sum() / known.sum().clamp(min=1)


def scene_loss(answers: dict[str, Tensor], truth: SceneBatch) -> tuple[Tensor, dict[str, float]]:
    """Sum of all scene losses, and each of them; what a bank does not know is left out."""
    parts = {}
    for name in ("block_id", "face"):
        target = getattr(truth, name)
        losses = F.cross_entropy(answers[name].float(), target, ignore_index=UNKNOWN, reduction="none")
        parts[name] = known_mean(losses, target != UNKNOWN)
    known = ~truth.inverse_depth.isnan()
    off = (answers["log_depth"] - to_log_depth(truth.inverse_depth.nan_to_num())).abs()
    parts["depth"] = known_mean(off, known)
    for place, name in enumerate(ATTRIBUTES):
        target = truth.attributes[:, place]
        losses = F.cross_entropy(answers[name].float(), target, ignore_index=FADING, reduction="none")
        parts[name] = known_mean(losses, target != FADING)
    parts["shares"] = shares_loss(answers["shares"].float(), truth.block_id)
    weights = {"face": FACE, "shares": SHARES} | dict.fromkeys(ATTRIBUTES, ATTRIBUTE)
    total = sum(weights.get(name, 1.0) * value for name, value in parts.items())
    return total, {name: float(value.detach()) for name, value in parts.items()}


def shares_loss(logits: Tensor, block_id: Tensor) -> Tensor:
    """Cross-entropy [N,K] against the share of each block in the pictures [N,h,w]."""
    is_known = block_id[:, 0, 0] != UNKNOWN
    counts = F.one_hot(block_id.where(block_id != UNKNOWN, 0), len(BLOCK_NAMES)).flatten(1, 2).float().mean(1)
    return known_mean(-(counts * logits.log_softmax(-1)).sum(-1), is_known)


def dynamics_loss(answers: dict[str, Tensor], truth: DynamicsBatch) -> tuple[Tensor, dict[str, float]]:
    """Turn in degrees and keys as logits; the report has the plain mean error in degrees too."""
    turn = F.smooth_l1_loss(answers["turn"], truth.turn, beta=SMALL_TURN)
    keys = F.binary_cross_entropy_with_logits(answers["keys"], truth.keys)
    flow = flow_error(answers["flow"], truth.flow.flatten(0, 1), (REACH_RIGHT, REACH_DOWN))
    yaw, pitch = (answers["turn"] - truth.turn).detach().abs().mean((0, 1)).tolist()
    parts = {"turn": turn, "keys": keys, "flow": flow}
    report = {name: float(value.detach()) for name, value in parts.items()} | {"yaw": yaw, "pitch": pitch}
    return turn + KEYS * keys + FLOW * flow, report
