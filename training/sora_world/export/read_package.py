"""Turns a model package back into run folders that training goes on from.

    python -m sora_world.export.read_package --package ../assets/nano --autoencoder .runs/nano-ae \\
        --run .runs/nano-dit --readers .runs/readers

The package is the only copy of the weights that is kept, so it must be a checkpoint too: each graph says in its
metadata which initialiser holds which weight. Optimiser states are not in a package and start anew; heads that are
dropped at export keep their start values.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from sora_world.config import TIERS, Tier
from sora_world.export.graphs import WEIGHTS_KEY
from sora_world.export.stored import stored_values
from sora_world.models.autoencoder import Autoencoder
from sora_world.models.fusion import DepthFusion
from sora_world.readers.train import KINDS, ReaderTraining
from sora_world.train import checkpoint
from sora_world.train.autoencoder import AutoencoderTraining
from sora_world.train.denoiser import DenoiserTraining, WorldModel
from sora_world.train.optim import Average


def read_graph(path: Path) -> dict[str, Tensor]:
    """Weights of one graph by name. ValueError when it does not say which of its numbers they are."""
    model = onnx.load(path)
    noted = {entry.key: entry.value for entry in model.metadata_props}.get(WEIGHTS_KEY)
    if noted is None:
        raise ValueError(f"{path} does not name its weights: it was exported by code older than this")
    values = stored_values(model)
    found = {}
    for name, (initialiser, transposed) in json.loads(noted).items():
        array = values[initialiser].T if transposed else values[initialiser]
        found[name] = torch.from_numpy(np.array(array, np.float32))
    return found


def shaped_like(model: nn.Module, weights: dict[str, Tensor]) -> tuple[dict[str, Tensor], list[str]]:
    """`weights` in the shapes of `model`; and the names that are missing."""
    wanted = model.state_dict()
    values = {name: weights[name].reshape(tensor.shape) for name, tensor in wanted.items() if name in weights}
    return values, [name for name in wanted if name not in values]


def read_package(package: Path) -> tuple[Tier, list[str], dict[str, Tensor], dict[str, Tensor], list[str]]:
    """Tier, words, weights of the autoencoder and of the world model, and what had to be left at its start."""
    manifest = json.loads((package / "manifest.json").read_text())
    tier, words = TIERS[manifest["training"]["tier"]], manifest["text"]["tokenizer"]["words"]
    pictures = read_graph(package / "encoder.onnx") | read_graph(package / "decoder.onnx")
    worlds = {
        f"{part}.{name}": value
        for part in ("text", "denoiser")
        for name, value in read_graph(package / f"{part}.onnx").items()
    }
    pictures, missing = shaped_like(Autoencoder(tier.autoencoder), pictures)
    worlds, missing_too = shaped_like(WorldModel(tier, len(words) + tier.text.hash_buckets), worlds)
    return tier, words, pictures, worlds, missing + missing_too


def read_readers(package: Path, out: Path) -> list[str]:
    """Writes `reader.pt` of captioner and policy below `out`; returns the names that the package does not hold."""
    manifest = json.loads((package / "manifest.json").read_text())
    tier, missing = TIERS[manifest["training"]["tier"]], []
    for kind in KINDS:
        reader = ReaderTraining(kind, tier, torch.device("cpu"))
        weights, without = shaped_like(reader.model, read_graph(package / f"{kind}.onnx"))
        checkpoint.load_weights(reader.model, weights)
        reader.average = Average(reader.model)
        reader.save(out / kind / "training.pt")
        reader.publish(out / kind)
        missing += [f"{kind}.{name}" for name in without]
    return missing


def read_fusion(package: Path, out: Path) -> list[str]:
    """Writes `fusion.pt` of the depth fusion into `out`; returns the names that the package does not hold."""
    manifest = json.loads((package / "manifest.json").read_text())
    tier = TIERS[manifest["training"]["tier"]]
    fusion = DepthFusion(tier.autoencoder)
    weights, missing = shaped_like(fusion, read_graph(package / manifest["memory"]["fusion"]))
    checkpoint.load_weights(fusion, weights)
    checkpoint.save(out / "fusion.pt", tier, model=fusion.state_dict(), steps=0)
    return [f"fusion.{name}" for name in missing]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--package", type=Path, required=True)
    parser.add_argument("--autoencoder", type=Path, required=True, help="run folder to write")
    parser.add_argument("--run", type=Path, required=True, help="denoiser's run folder to write")
    parser.add_argument("--readers", type=Path, help="folder to write the run folders of captioner and policy into")
    parser.add_argument("--fusion", type=Path, help="folder to write the run folder of depth fusion into")
    options = parser.parse_args()
    tier, words, pictures, worlds, missing = read_package(options.package)
    device = torch.device("cpu")
    first = AutoencoderTraining(tier, device, adam_lr=1e-3)
    checkpoint.load_weights(first.model, pictures)
    first.average = Average(first.model)
    spent = json.loads((options.package / "manifest.json").read_text())["training"].get("spent", {})
    first.steps, first.seconds = spent.get("autoencoderSteps", 0), spent.get("autoencoderMinutes", 0) * 60
    first.save(options.autoencoder / "training.pt")
    checkpoint.save(options.autoencoder / "autoencoder.pt", tier, model=first.model.state_dict(), steps=first.steps)
    second = DenoiserTraining(tier, words, device, muon_lr=0.02, adam_lr=1e-3)
    checkpoint.load_weights(second.model, worlds)
    second.average = Average(second.model, rate=0.998)
    second.steps, second.seconds = spent.get("denoiserSteps", 0), spent.get("denoiserMinutes", 0) * 60
    second.save(options.run / "training.pt")
    if options.readers:
        missing += read_readers(options.package, options.readers)
    if options.fusion:
        missing += read_fusion(options.package, options.fusion)
    print(json.dumps({"tier": tier.name, "left at the start": missing}))


if __name__ == "__main__":
    main()
