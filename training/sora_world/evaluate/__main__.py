"""Evaluates a package on held-out worlds.

    python -m sora_world.evaluate --package ../assets/nano --out .runs/evaluation
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from sora_world.config import FRAMES_PER_CHUNK
from sora_world.evaluate import figures, sheets
from sora_world.evaluate.figures import HeldOut
from sora_world.evaluate.runtime import Package

HELD_OUT_SEED = 900_000  # the banks count up from 0


def load_held_out(package: Package, folder: Path, count: int, renderer: str) -> HeldOut:
    """Clips of the default size, rendered once into `folder`."""
    from sora_world.data.bank import CLIP_FRAMES, fill, load_renderer
    from sora_world.data.batches import Shard

    size = package.manifest["sizes"][0]
    shape = (size["width"], size["height"])
    shard = Shard(fill(folder, load_renderer(renderer), *shape, count, CLIP_FRAMES, HELD_OUT_SEED))
    labels = shard.labels()
    rgb, inverse_depth = np.array(shard.rgb), np.array(shard.inverse_depth).astype(np.float32)
    by_chunk = (count, CLIP_FRAMES // FRAMES_PER_CHUNK, FRAMES_PER_CHUNK, -1)
    return HeldOut(
        rgb=rgb,
        actions=labels["actions"].reshape(by_chunk).astype(np.float32),
        motion=labels["motion"].reshape(by_chunk),
        captions=[clip[FRAMES_PER_CHUNK - 1 :: FRAMES_PER_CHUNK] for clip in labels["captions"]],
        latents=package.encode(rgb, inverse_depth),
    )


def measure(package: Package, clips: HeldOut) -> dict[str, float]:
    found = figures.reconstruction(package, clips)
    found |= figures.next_chunk(package, clips, chunk=6)
    found |= figures.without_memory(package, clips, chunk=6)
    found |= figures.pose_reading(package, clips)
    found |= figures.drift(package, clips)
    return found


def draw(package: Package, clips: HeldOut, out: Path) -> None:
    sheets.reconstruction_sheet(package, clips, out / "reconstruction.png")
    sheets.next_chunk_sheet(package, clips, out / "next-chunk.png")
    for clip in (0, 1):
        sheets.held_keys_sheet(package, clips, out / f"held-keys-{clip}.png", clip)
    sheets.first_view_sheet(package, out / "first-views.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--package", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--clips", type=int, default=24)
    parser.add_argument("--renderer", default="world")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--no-sheets", action="store_true")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    package = Package(options.package, threads=options.threads)
    clips = load_held_out(package, options.out / "held-out", options.clips, options.renderer)
    found = measure(package, clips) | figures.speed(package)
    if "cpu-int8" in package.manifest["variants"]:
        small = Package(options.package, "cpu-int8", options.threads)
        ahead = figures.next_chunk(small, clips, chunk=6)
        found |= {f"int8.{name}": ahead[name] for name in ("nextChunkPsnr2Steps", "nextChunkError2Steps")}
        found |= {f"int8.{name}": value for name, value in figures.speed(small).items()}
    found = {name: round(value, 4) for name, value in found.items()}
    (options.out / "figures.json").write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))
    if not options.no_sheets:
        draw(package, clips, options.out)


if __name__ == "__main__":
    main()
