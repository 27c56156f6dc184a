"""Checkpoints: one file per run folder, written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from sora_world.config import TIERS, Tier


def save(path: Path, tier: Tier, **parts: Any) -> None:
    """Writes beside `path` and renames, so that a killed run leaves the old file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    torch.save({"tier": tier.name, "config_hash": tier.hash(), **parts}, unfinished)
    os.replace(unfinished, path)


def load(path: Path) -> dict[str, Any]:
    """The parts given to `save`, on the CPU."""
    return torch.load(path, map_location="cpu", weights_only=True)


def tier_of(checkpoint: dict[str, Any]) -> Tier:
    return TIERS[checkpoint["tier"]]


def load_weights(model: nn.Module, weights: dict[str, Tensor]) -> list[str]:
    """Loads weights that may be older than the code; returns the names that were missing or had another shape."""
    merged, filled = fitted(model, weights)
    model.load_state_dict(merged)
    return filled


def fitted(model: nn.Module, weights: dict[str, Tensor]) -> tuple[dict[str, Tensor], list[str]]:
    """`weights` in the shapes of `model`, and the names that were missing or had another shape.

    A new input widens a matrix: the missing columns become zero, so the old function is kept exactly; so it is where a
    kernel loses taps that were zero. A parameter that is new altogether keeps its initial value (output projections
    start at zero for the same reason).
    """
    filled = []
    merged = {}
    for name, target in model.state_dict().items():
        source = weights.get(name)
        if source is None:
            filled.append(name)
            source = target.clone()
        elif source.shape != target.shape:
            filled.append(name)
            source = widened(narrowed(source, target), target)
        merged[name] = source
    return merged, filled


def narrowed(source: Tensor, target: Tensor) -> Tensor:
    """The middle of a kernel [..,K,K] where `target` has no more of it and all else is zero; otherwise `source`."""
    if source.ndim != 4 or target.ndim != 4 or source.shape[-1] <= target.shape[-1]:
        return source
    margin = (source.shape[-1] - target.shape[-1]) // 2
    middle = source[..., margin : margin + target.shape[-2], margin : margin + target.shape[-1]]
    return middle if middle.count_nonzero() == source.count_nonzero() else source


def widened(source: Tensor, target: Tensor) -> Tensor:
    """`source` in the corner of zeros shaped like `target`; refuses to drop trained weights."""
    if source.ndim != target.ndim or any(s > t for s, t in zip(source.shape, target.shape, strict=True)):
        raise ValueError(f"checkpoint weight {tuple(source.shape)} does not fit into {tuple(target.shape)}")
    wide = torch.zeros_like(target)
    wide[tuple(slice(0, size) for size in source.shape)] = source.to(target.dtype)
    return wide
