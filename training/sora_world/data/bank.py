"""Renders clips once and keeps them on disk, so that trainers never wait for the renderer.

    python -m sora_world.data.bank --out .runs/bank --minutes 20

A shard is a folder of plain .npy files, readable while others are still being written (it is renamed into place).
Depth and block ids are kept at 1/8 of the picture, the only place the losses look at them.
"""

from __future__ import annotations

import argparse
import importlib
import json
import time
from pathlib import Path

import numpy as np
import torch

from sora_world.config import DEPTH_SCALE

CLIP_FRAMES = 36  # nine chunks: a context window of eight and the one to predict
ARRAYS = ("rgb", "inverse_depth", "block_id", "actions", "motion", "pose", "attributes")


def load_renderer(name: str):
    """`world` is the voxel world, `synthetic` the striped stand-in."""
    modules = {"world": "sora_world.world.clips", "synthetic": "sora_world.data.synthetic"}
    return importlib.import_module(modules[name]).render_clips


def cell_centres(values: torch.Tensor) -> torch.Tensor:
    """[B,T,H,W] -> [B,T,H/8,W/8]: the value in the middle of each cell; ids cannot be averaged."""
    half = DEPTH_SCALE // 2
    return values[:, :, half::DEPTH_SCALE, half::DEPTH_SCALE]


def write_shard(folder: Path, clips) -> None:
    """Writes one shard next to its final place, then moves it there in one step."""
    unfinished = folder.with_name("." + folder.name)
    unfinished.mkdir(parents=True, exist_ok=True)
    small = {"inverse_depth": cell_centres(clips.inverse_depth), "block_id": cell_centres(clips.block_id)}
    for name in ARRAYS:
        np.save(unfinished / f"{name}.npy", small.get(name, getattr(clips, name)).contiguous().cpu().numpy())
    (unfinished / "captions.json").write_text(json.dumps(clips.captions))
    unfinished.rename(folder)


def fill(out: Path, renderer, width: int, height: int, count: int, frames: int, rng_seed: int) -> Path:
    """One shard of `count` clips in `out/<width>x<height>`, named by the seed it was made with."""
    folder = out / f"{width}x{height}" / f"shard-{rng_seed:09d}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    if not folder.exists():
        write_shard(folder, renderer(count, frames, height, width, rng_seed))
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--shards", type=int, default=10**6, help="stop after this many")
    parser.add_argument("--clips", type=int, default=16, help="per shard")
    parser.add_argument("--frames", type=int, default=CLIP_FRAMES)
    parser.add_argument("--sizes", default="128x80", help="comma list, taken in turn; repeat a size to weight it")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--renderer", default="world")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    renderer = load_renderer(options.renderer)
    sizes = [tuple(map(int, size.split("x"))) for size in options.sizes.split(",")]
    end = time.monotonic() + options.minutes * 60
    for index in range(options.shards):
        if time.monotonic() > end:
            break
        width, height = sizes[index % len(sizes)]
        started = time.monotonic()
        fill(options.out, renderer, width, height, options.clips, options.frames, options.first_seed + index)
        seconds = time.monotonic() - started
        print(json.dumps({"shard": index, "size": f"{width}x{height}", "seconds": round(seconds, 2)}), flush=True)


if __name__ == "__main__":
    main()
