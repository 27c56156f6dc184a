"""A run's averaged weights in small files of half precision, and back into a run folder that training goes on from.

    python -m sora_world.train.carry pack --run .runs/voxel-dit --out .runs/carried --part-mb 15
    python -m sora_world.train.carry unpack --parts .runs/carried --run .runs/voxel-dit

For moving weights between machines. Optimiser states are left behind: Muon's momentum refills within about twenty
steps, AdamW warms up anew.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from torch import Tensor

from sora_world.train import checkpoint

KEPT = ("tier", "config_hash", "steps", "seconds", "words")


def split_weights(weights: dict[str, Tensor], most_bytes: int) -> list[dict[str, Tensor]]:
    """The tensors in order, in groups of at most `most_bytes` (one tensor at least)."""
    groups: list[dict[str, Tensor]] = [{}]
    used = 0
    for name, value in weights.items():
        size = value.numel() * value.element_size()
        if used and used + size > most_bytes:
            groups.append({})
            used = 0
        groups[-1][name] = value
        used += size
    return groups


def pack(run: Path, out: Path, part_bytes: int) -> list[Path]:
    """Writes the average of `run`/training.pt as `part-<i>.pt` in `out`; returns the files.

    Of an autoencoder the published weights, which are the average with the latents' statistics.
    """
    saved = checkpoint.load(run / "training.pt")
    published = run / "autoencoder.pt"
    weights = checkpoint.load(published)["model"] if published.exists() else saved["average"]
    half = {name: value.half() if value.is_floating_point() else value for name, value in weights.items()}
    out.mkdir(parents=True, exist_ok=True)
    groups = split_weights(half, part_bytes)
    files = [out / f"part-{i}.pt" for i in range(len(groups))]
    about = {name: saved[name] for name in KEPT if name in saved} | {"parts": len(groups)}
    for file, group in zip(files, groups, strict=True):
        torch.save(about | {"average": group}, file)
    return files


def unpack(folder: Path, run: Path) -> dict:
    """Joins the parts in `folder` into `run`/training.pt, and `autoencoder.pt` where it is one; returns what they say.

    ValueError when parts are missing or do not belong together.
    """
    parts = [torch.load(file, weights_only=True) for file in sorted(folder.glob("part-*.pt"))]
    if not parts or len(parts) != parts[0]["parts"] or len({part["steps"] for part in parts}) > 1:
        raise ValueError(f"{folder} does not hold one whole set of parts")
    about = {name: value for name, value in parts[0].items() if name in KEPT}
    weights = {name: value.float() if value.is_floating_point() else value
               for part in parts for name, value in part["average"].items()}
    run.mkdir(parents=True, exist_ok=True)
    torch.save(about | {"model": weights, "average": weights}, run / "training.pt")
    if "deviation" in weights:
        checkpoint.save(run / "autoencoder.pt", checkpoint.tier_of(about), model=weights, steps=about["steps"])
    return about


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("way", choices=("pack", "unpack"))
    parser.add_argument("--run", type=Path, required=True, help="run folder")
    parser.add_argument("--out", type=Path, help="pack: where the parts go")
    parser.add_argument("--parts", type=Path, help="unpack: folder with the parts")
    parser.add_argument("--part-mb", type=float, default=15)
    options = parser.parse_args()
    if options.way == "pack":
        files = pack(options.run, options.out, int(options.part_mb * 1e6))
        print(json.dumps({file.name: file.stat().st_size for file in files}))
    else:
        about = unpack(options.parts, options.run)
        print(json.dumps({name: value for name, value in about.items() if name != "words"}))


if __name__ == "__main__":
    main()
