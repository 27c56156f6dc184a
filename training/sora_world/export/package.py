"""Turns checkpoints into a model package.

    python -m sora_world.export.package --autoencoder .runs/nano-ae --run .runs/nano-dit --out ../assets/nano

`--readers .runs/readers` adds captioner and policy. `--random nano` writes untrained weights instead: every shape and
speed is right, the pictures are not.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from sora_world.config import TIERS, Tier
from sora_world.data.latents import load_autoencoder, make_tokenizer
from sora_world.export.card import write_card
from sora_world.export.fusion import add_fusion, load_fusion
from sora_world.export.graphs import write_graphs
from sora_world.export.manifest import build_manifest, write_manifest
from sora_world.export.quantise import quantise_package
from sora_world.export.stored import round_weights, share_weights, store_small
from sora_world.models.autoencoder import Autoencoder
from sora_world.readers.export import load_readers, write_readers
from sora_world.train import checkpoint
from sora_world.train.denoiser import WorldModel

SPENT = ("denoiserSteps", "denoiserMinutes", "autoencoderSteps", "autoencoderMinutes")  # read back by read_package
SHARED = ("denoiser", "decoder")  # graphs whose fp32 and int8 file have their weights in one place


class Trained:
    """All networks of one package, in evaluation mode, with the weights that a package holds (export/stored.py)."""

    def __init__(self, tier: Tier, words: list[str], autoencoder: Autoencoder, world: WorldModel, summary: dict):
        self.tier, self.words, self.summary = tier, words, summary
        self.autoencoder, self.world = round_weights(autoencoder.eval()), round_weights(world.eval())


def load_trained(autoencoder_folder: Path, run_folder: Path) -> Trained:
    """The averaged weights of a denoiser run and the autoencoder it was trained on."""
    autoencoder, tier = load_autoencoder(autoencoder_folder)
    saved = checkpoint.load(run_folder / "training.pt")
    words = saved["words"]
    world = WorldModel(tier, len(words) + tier.text.hash_buckets)
    filled = checkpoint.load_weights(world, saved["average"])
    first = checkpoint.load(autoencoder_folder / "training.pt")
    summary = {
        "denoiserSteps": saved["steps"],
        "denoiserMinutes": round(saved["seconds"] / 60, 1),
        "autoencoderSteps": first["steps"],
        "autoencoderMinutes": round(first["seconds"] / 60, 1),
        "filled": filled,
    }
    return Trained(tier, words, autoencoder, world, summary)


def random_weights(tier: Tier) -> Trained:
    """Untrained networks whose zero projections got small values, so that every input changes the output."""
    torch.manual_seed(0)
    words = make_tokenizer(tier).words
    autoencoder = Autoencoder(tier.autoencoder)
    world = WorldModel(tier, len(words) + tier.text.hash_buckets)
    for param in [*autoencoder.parameters(), *world.parameters()]:
        if not param.any():
            torch.nn.init.normal_(param, std=0.02)
    return Trained(tier, words, autoencoder, world, {"random": True})


def training_entry(trained: Trained, figures: dict) -> dict:
    """The manifest's `training` field."""
    if "random" in trained.summary:
        return {"tier": trained.tier.name, "summary": "random weights, not trained", "compute": "none", "figures": {}}
    used = trained.summary
    return {
        "tier": trained.tier.name,
        "summary": (
            f"autoencoder {used['autoencoderSteps']} steps, denoiser {used['denoiserSteps']} steps, "
            "on clips rendered from the project's own voxel world"
            + (f", decoder {used['decoder']}" if used.get("decoder") else "")
            + (f", going on from {used['before']}" if used.get("before") else "")
        ),
        "compute": (
            f"{used.get('hardware') or 'one to two CPU cores'}: autoencoder {used['autoencoderMinutes']} minutes, "
            f"denoiser {used['denoiserMinutes']} minutes"
        ),
        "spent": {name: used[name] for name in SPENT},
        "figures": figures,
    }


def calibration_clips(latents: Path | None, tier: Tier) -> np.ndarray | None:
    """Sixteen clips [B,T,C,h,w] of the default size from a latent bank."""
    if latents is None:
        return None
    width, height = tier.sizes[0]
    files = sorted((latents / f"{width}x{height}").glob("*.pt"))
    return torch.load(files[-1], weights_only=True)["latents"][:16].float().numpy()


def export(
    trained: Trained,
    out: Path,
    latents: Path | None = None,
    figures: dict | None = None,
    readers: Path | None = None,
) -> dict:
    """Writes graphs and manifest; returns the manifest.

    latents: latent bank to calibrate int8 with. readers: run folders of captioner and policy; ValueError when they do
    not fit, before anything is written.
    """
    from sora_world.world.actions import action_space

    world = trained.world
    found = load_readers(readers, trained.tier, trained.words) if readers else None
    out.mkdir(parents=True, exist_ok=True)
    for old in [*out.glob("*.onnx"), *out.glob("*.weights")]:
        old.unlink()
    write_graphs(out, trained.tier, trained.autoencoder, world.text, world.denoiser)
    int8, measured = quantise_package(
        out, calibration_clips(latents, trained.tier), trained.tier.denoiser.width
    )
    training = training_entry(trained, (figures or {}) | measured)
    read_by = write_readers(out, trained.tier, found) if found else None
    for graph in out.glob("*.onnx"):
        store_small(graph)
    external = {}
    for graph in SHARED:
        files = sorted(out.glob(f"{graph}.*onnx"))
        share_weights(files, out / f"{graph}.weights")
        external |= dict.fromkeys([file.name for file in files], [f"{graph}.weights"])
    manifest = build_manifest(trained.tier, trained.words, action_space(), out, int8, training, read_by, external)
    write_manifest(out, manifest)
    return manifest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--autoencoder", type=Path)
    parser.add_argument("--run", type=Path)
    parser.add_argument("--random", choices=list(TIERS))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--figures", type=Path, help="figures.json of sora_world.evaluate")
    parser.add_argument("--latents", type=Path, help="latent bank to calibrate the int8 decoder with")
    parser.add_argument("--before", help="for the card: what the runs went on from, with its steps and minutes")
    parser.add_argument("--decoder", help="for the card: what the decoder learned after the rest of the autoencoder")
    parser.add_argument("--hardware", help="for the card: what the minutes were spent on")
    parser.add_argument("--fusion", type=Path, help="run folder of train.fusion")
    parser.add_argument("--readers", type=Path, help="folder with the run folders `captioner` and `policy`")
    options = parser.parse_args()
    if options.random:
        trained = random_weights(TIERS[options.random])
    else:
        trained = load_trained(options.autoencoder, options.run)
        trained.summary |= {"before": options.before, "hardware": options.hardware, "decoder": options.decoder}
    figures = json.loads(options.figures.read_text()) if options.figures else {}
    try:
        manifest = export(trained, options.out, options.latents, figures, options.readers)
        if options.fusion:
            manifest = add_fusion(options.out, *load_fusion(options.fusion))
    except ValueError as error:
        parser.error(str(error))
    write_card(options.out, manifest)
    print(json.dumps({"files": manifest["files"], "variants": list(manifest["variants"])}, indent=1))


if __name__ == "__main__":
    main()
