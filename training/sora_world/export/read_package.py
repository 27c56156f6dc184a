"""Turns a model package back into run folders that training goes on from.

    python -m sora_world.export.read_package --package ../assets/nano --autoencoder .runs/nano-ae \\
        --run .runs/nano-dit --readers .runs/readers

The package is the only copy of the weights that is kept, so it must be a checkpoint too. The exporter renames and
transposes matrices; which one became which is found by exporting random weights the same way and looking for their
values. Optimiser states are not in a package and start anew; heads that are dropped at export keep their start values.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from sora_world.config import TIERS, Tier
from sora_world.export.graphs import write_graphs
from sora_world.models.autoencoder import Autoencoder
from sora_world.readers.export import write_readers
from sora_world.readers.train import KINDS, ReaderTraining
from sora_world.train import checkpoint
from sora_world.train.autoencoder import AutoencoderTraining
from sora_world.train.denoiser import DenoiserTraining, WorldModel
from sora_world.train.optim import Average

AUTOENCODER_GRAPHS, WORLD_GRAPHS = ("encoder", "decoder"), ("text", "denoiser")


def initialisers(folder: Path, graph: str) -> dict[str, np.ndarray]:
    model = onnx.load(folder / f"{graph}.onnx")
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}


def fingerprint(values: np.ndarray) -> tuple[int, float]:
    """The same for a tensor however it is shaped or transposed; random tensors do not share one."""
    return values.size, float(np.round(np.sort(values.astype(np.float64).ravel()).sum(), 6))


def random_twin(tier: Tier, vocabulary_size: int) -> tuple[Autoencoder, WorldModel]:
    """Networks in which no two weights are alike."""
    autoencoder, world = Autoencoder(tier.autoencoder).eval(), WorldModel(tier, vocabulary_size).eval()
    for tensor in [*autoencoder.state_dict().values(), *world.state_dict().values()]:
        tensor.copy_(torch.rand_like(tensor) + 0.1)
    return autoencoder, world


def find_places(model: nn.Module, twin: Path, graphs: tuple[str, ...]) -> dict[str, tuple[str, str, bool]]:
    """Weight name -> (graph, initialiser, is transposed), read off the exported twin `model`."""
    known = {}
    for graph in graphs:
        for name, values in initialisers(twin, graph).items():
            if values.dtype == np.float32 and values.size > 1:
                known.setdefault(fingerprint(values), (graph, name, values))
    places = {}
    for name, tensor in model.state_dict().items():
        weight = tensor.numpy()
        found = known.get(fingerprint(weight))
        if found:
            graph, initialiser, values = found
            straight = np.array_equal(values.ravel(), weight.ravel())
            places[name] = (graph, initialiser, not straight)
    return places


def read_weights(
    model: nn.Module, package: Path, twin: Path, graphs: tuple[str, ...]
) -> tuple[dict[str, Tensor], list[str]]:
    """State dict of `model` with the package's values; and the names that the package does not hold."""
    places = find_places(model, twin, graphs)
    loaded = {graph: initialisers(package, graph) for graph in graphs}
    values, missing = {}, []
    for name, tensor in model.state_dict().items():
        if name not in places:
            missing.append(name)
            continue
        graph, initialiser, transposed = places[name]
        if initialiser not in loaded[graph]:
            raise ValueError(f"{graph}.onnx of {package} has no {initialiser}: it was exported by other code")
        array = loaded[graph][initialiser]
        array = array.T if transposed else array
        values[name] = torch.from_numpy(np.array(array, np.float32)).reshape(tensor.shape)
    return values, missing


def read_package(package: Path) -> tuple[Tier, list[str], dict[str, Tensor], dict[str, Tensor], list[str]]:
    """Tier, words, weights of the autoencoder and of the world model, and what had to be left at its start."""
    manifest = json.loads((package / "manifest.json").read_text())
    tier, words = TIERS[manifest["training"]["tier"]], manifest["text"]["tokenizer"]["words"]
    vocabulary_size = len(words) + tier.text.hash_buckets
    torch.manual_seed(0)
    autoencoder, world = random_twin(tier, vocabulary_size)
    with tempfile.TemporaryDirectory() as folder:
        twin = Path(folder)
        write_graphs(twin, tier, autoencoder, world.text, world.denoiser)
        pictures, missing = read_weights(autoencoder, package, twin, AUTOENCODER_GRAPHS)
        worlds, missing_too = read_weights(world, package, twin, WORLD_GRAPHS)
    return tier, words, pictures, worlds, missing + missing_too


def read_readers(package: Path, out: Path) -> list[str]:
    """Writes `reader.pt` of captioner and policy below `out`; returns the names that the package does not hold."""
    manifest = json.loads((package / "manifest.json").read_text())
    tier, missing = TIERS[manifest["training"]["tier"]], []
    twins = {kind: ReaderTraining(kind, tier, torch.device("cpu")) for kind in KINDS}
    for twin in twins.values():
        for tensor in twin.model.eval().state_dict().values():
            tensor.copy_(torch.rand_like(tensor) + 0.1)
    with tempfile.TemporaryDirectory() as folder:
        write_readers(Path(folder), tier, {kind: twin.model for kind, twin in twins.items()})
        for kind, twin in twins.items():
            weights, without = read_weights(twin.model, package, Path(folder), (kind,))
            checkpoint.load_weights(twin.model, weights)
            twin.average = Average(twin.model)
            twin.save(out / kind / "training.pt")
            twin.publish(out / kind)
            missing += [f"{kind}.{name}" for name in without]
    return missing


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--package", type=Path, required=True)
    parser.add_argument("--autoencoder", type=Path, required=True, help="run folder to write")
    parser.add_argument("--run", type=Path, required=True, help="denoiser's run folder to write")
    parser.add_argument("--readers", type=Path, help="folder to write the run folders of captioner and policy into")
    options = parser.parse_args()
    tier, words, pictures, worlds, missing = read_package(options.package)
    device = torch.device("cpu")
    first = AutoencoderTraining(tier, device, adam_lr=1e-3)
    checkpoint.load_weights(first.model, pictures)
    first.average = Average(first.model)
    first.save(options.autoencoder / "training.pt")
    checkpoint.save(options.autoencoder / "autoencoder.pt", tier, model=first.model.state_dict(), steps=0)
    second = DenoiserTraining(tier, words, device, muon_lr=0.02, adam_lr=1e-3)
    checkpoint.load_weights(second.model, worlds)
    second.average = Average(second.model, rate=0.998)
    second.save(options.run / "training.pt")
    if options.readers:
        missing += read_readers(options.package, options.readers)
    print(json.dumps({"tier": tier.name, "left at the start": missing}))


if __name__ == "__main__":
    main()
