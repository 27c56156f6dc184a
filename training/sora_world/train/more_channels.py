"""Takes a denoiser over to latents that got further channels at their end.

    python -m sora_world.train.more_channels --run .runs/voxel-dit --latents .runs/voxel-latents \\
        --out .runs/voxel-deep-dit

What it knew stays exactly as it was: nothing is read from the new channels yet, and they come out as zeros but for what
a linear map tells of them from memory, which is fitted here to a small latent bank of the new kind.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from torch import Tensor

from sora_world.config import TIERS, Tier
from sora_world.data.latents import LatentBank
from sora_world.train import checkpoint
from sora_world.train.denoiser import DenoiserTraining

RAYS = 10  # inputs of `enter` between the previous latent and the recalled one


def spread(values: Tensor, groups: list[tuple[int, int]], dim: int) -> Tensor:
    """`values` cut along `dim` into groups of (old, new) sizes, each filled up with zeros at its end."""
    parts = []
    for part, (old, new) in zip(values.split([old for old, _ in groups], dim), groups, strict=True):
        shape = list(part.shape)
        shape[dim] = new - old
        parts.append(torch.cat([part, part.new_zeros(shape)], dim))
    return torch.cat(parts, dim)


def with_channels(weights: dict[str, Tensor], old: int, tier: Tier) -> dict[str, Tensor]:
    """Weights of a world model for latents of `old` channels, in the shapes of `tier`."""
    new, width = tier.autoencoder.latent_channels, tier.denoiser.width
    wider, same = (old, new), (width, width)
    places = {
        "denoiser.enter.weight": ([wider, wider, (RAYS, RAYS), wider], 1),
        "denoiser.recall.weight": ([wider], 0),
        "denoiser.recall.bias": ([wider], 0),
        "denoiser.leave.weight": ([wider], 0),
        "denoiser.leave.bias": ([wider], 0),
        "denoiser.leave_modulation.weight": ([same, same, wider, wider, wider], 0),
        "denoiser.leave_modulation.bias": ([same, same, wider, wider, wider], 0),
    }
    return {name: spread(value, *places[name]) if name in places else value for name, value in weights.items()}


def take_over(run: Path, tier: Tier, latents: Path) -> tuple[DenoiserTraining, float]:
    """The run's averaged weights for the tier's latents; and the share that memory explains linearly."""
    saved = checkpoint.load(run / "training.pt")
    average = saved["average"]
    old = average["denoiser.leave.weight"].shape[0]
    training = DenoiserTraining(tier, saved["words"], torch.device("cpu"), muon_lr=0.02, adam_lr=1e-3)
    training.steps, training.seconds = saved["steps"], saved["seconds"]
    explained = training.fit_recall(LatentBank(latents))
    recall = training.model.denoiser.recall
    fitted = recall.weight.detach().clone(), recall.bias.detach().clone()
    checkpoint.load_weights(training.model, with_channels(average, old, tier))
    with torch.no_grad():
        recall.weight[old:], recall.bias[old:] = fitted[0][old:], fitted[1][old:]
    training.average = type(training.average)(training.model, rate=0.998)
    return training, explained


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="denoiser's run folder")
    parser.add_argument("--latents", type=Path, required=True, help="latent bank of the new autoencoder")
    parser.add_argument("--tier", default="voxel")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    training, explained = take_over(options.run, TIERS[options.tier], options.latents)
    training.save(options.out / "training.pt")
    print(json.dumps({"written": str(options.out), "memoryExplains": round(explained, 3)}))


if __name__ == "__main__":
    main()
