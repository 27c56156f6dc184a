"""The readers as ONNX graphs of a package, with the names and shapes of docs/model-package.md."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from sora_world.config import ACTION_WIDTH, FRAMES_PER_CHUNK, SPATIAL_SCALE, Tier
from sora_world.export.graphs import write_graph
from sora_world.export.stored import round_weights
from sora_world.readers.config import CAMERA_BINS, MAX_CHUNKS
from sora_world.readers.models import Captioner, Policy
from sora_world.readers.train import KINDS, load_reader

LATENT_AXES = {0: "B", 1: "T", 3: "h", 4: "w"}


class PolicyGraph(nn.Module):
    """Answers for the chunk after the last one only."""

    def __init__(self, model: Policy):
        super().__init__()
        self.model = model

    def forward(self, latents: Tensor, previous_actions: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor]:
        return self.model.act(latents, previous_actions, tokens)


def example_inputs(tier: Tier, kind: str, batch: int, chunks: int, height: int, width: int) -> dict[str, Tensor]:
    """Random inputs of a reader's graph by name, for latents of `height` x `width` cells."""
    latents = {"latents": torch.randn(batch, chunks, tier.autoencoder.latent_channels, height, width)}
    tokens = torch.randint(0, 3, (batch, tier.text.length))
    if kind == "captioner":
        return latents | {"tokens": tokens}
    actions = torch.rand(batch, chunks, FRAMES_PER_CHUNK, ACTION_WIDTH)
    return latents | {"previous_actions": actions, "tokens": tokens}


def write_captioner(path: Path, model: Captioner, tier: Tier) -> None:
    width, height = (side // SPATIAL_SCALE for side in tier.sizes[0])
    axes = {"latents": LATENT_AXES, "tokens": {0: "B", 1: "P"}, "logits": {0: "B", 1: "P"}}
    write_graph(path, model, example_inputs(tier, "captioner", 2, 3, height, width), ["logits"], axes)


def write_policy(path: Path, model: Policy, tier: Tier) -> None:
    width, height = (side // SPATIAL_SCALE for side in tier.sizes[0])
    axes = {
        "latents": LATENT_AXES,
        "previous_actions": {0: "B", 1: "T"},
        "tokens": {0: "B", 1: "P"},
        "buttons": {0: "B"},
        "camera": {0: "B"},
    }
    inputs = example_inputs(tier, "policy", 2, 3, height, width)
    write_graph(path, PolicyGraph(model), inputs, ["buttons", "camera"], axes)


def load_readers(folder: Path, tier: Tier, words: list[str]) -> dict[str, nn.Module]:
    """Both finished readers below `folder`. ValueError when one is missing or knows other words than the package."""
    readers = {}
    for kind in KINDS:
        if not (folder / kind / "reader.pt").exists():
            raise ValueError(f"{folder} has no trained {kind} ({kind}/reader.pt)")
        readers[kind], saved = load_reader(kind, tier, folder / kind)
        if saved["words"] != words:
            raise ValueError(f"the {kind} of {folder} was trained with other words than the package has")
        round_weights(readers[kind])
    return readers


def write_readers(out: Path, tier: Tier, readers: dict[str, nn.Module]) -> dict[str, dict]:
    """Writes both graphs; returns the manifest's `readers`."""
    write_captioner(out / "captioner.onnx", readers["captioner"], tier)
    write_policy(out / "policy.onnx", readers["policy"], tier)
    return {
        "captioner": {"file": "captioner.onnx", "maxChunks": MAX_CHUNKS, "length": tier.text.length},
        "policy": {"file": "policy.onnx", "maxChunks": MAX_CHUNKS, "cameraBins": list(CAMERA_BINS)},
    }
