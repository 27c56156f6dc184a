"""Gives a model package depth fusion (models/fusion.py); its other files stay as they are.

    python -m sora_world.export.fusion --fusion .runs/voxel-fusion --package ../assets/voxel
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch

from sora_world.config import MEMORY_CELL, MEMORY_CHANNELS, SPATIAL_SCALE, Tier
from sora_world.export.card import write_card
from sora_world.export.graphs import write_graph
from sora_world.export.manifest import VERSIONS, file_entry, write_manifest
from sora_world.export.stored import round_weights, store_small
from sora_world.models.fusion import DepthFusion
from sora_world.train import checkpoint

FILE = "fusion.onnx"


def load_fusion(folder: Path) -> tuple[DepthFusion, Tier]:
    """The finished network of a run folder."""
    saved = checkpoint.load(folder / "fusion.pt")
    tier = checkpoint.tier_of(saved)
    fusion = DepthFusion(tier.autoencoder)
    checkpoint.load_weights(fusion, saved["model"])
    return fusion.eval(), tier


def fusion_inputs(tier: Tier, batch: int, height: int, width: int) -> dict[str, torch.Tensor]:
    """Inputs of the graph by name, for a latent grid of `height` x `width`."""
    return {
        "latent": torch.randn(batch, tier.autoencoder.latent_channels, height, width),
        "memory": torch.rand(batch, MEMORY_CHANNELS, height * MEMORY_CELL, width * MEMORY_CELL),
    }


def write_fusion(folder: Path, tier: Tier, fusion: DepthFusion) -> Path:
    """Writes the graph, with weights rounded as in the other graphs; returns its path."""
    height, width = (side // SPATIAL_SCALE for side in reversed(tier.sizes[0]))
    grid = {0: "B", 2: "h", 3: "w"}
    path = folder / FILE
    axes = {"latent": grid, "fused": grid, "memory": {0: "B", 2: "8h", 3: "8w"}}
    write_graph(path, round_weights(fusion), fusion_inputs(tier, 2, height, width), ["fused"], axes, fold=False)
    store_small(path)
    return path


def add_fusion(package: Path, fusion: DepthFusion, tier: Tier) -> dict:
    """Writes the graph into a package and names it in its manifest; returns the manifest."""
    manifest = json.loads((package / "manifest.json").read_text())
    if manifest["training"]["tier"] != tier.name:
        raise ValueError(f"a fusion of {tier.name} does not fit into a package of {manifest['training']['tier']}")
    path = write_fusion(package, tier, fusion)
    manifest["version"] = VERSIONS.get(tier.name, manifest["version"])
    manifest["memory"]["fusion"] = FILE
    manifest["files"] = dict(sorted((manifest["files"] | {FILE: file_entry(path)}).items()))
    write_manifest(package, manifest)
    return manifest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fusion", type=Path, required=True, help="run folder of train.fusion")
    parser.add_argument("--package", type=Path, required=True)
    options = parser.parse_args()
    try:
        manifest = add_fusion(options.package, *load_fusion(options.fusion))
    except ValueError as error:
        parser.error(str(error))
    write_card(options.package, manifest)
    print(json.dumps({"version": manifest["version"], "file": manifest["files"][FILE]}))


if __name__ == "__main__":
    main()
