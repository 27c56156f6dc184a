"""Renders the judges' clip bank: what every picture cell shows, at 1/4 of the picture, faces included.

    python -m sora_world.judges.bank --out .runs/judge-bank --minutes 8 --first-seed 700000

The layout is that of `sora_world.data.bank`, with `face` and with labels twice as fine. A size ending in `/2` is
rendered at that size and averaged down to half of it, as a caller does with large pictures before it asks a judge.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from sora_world.data.bank import load_renderer
from sora_world.judges.config import SCALE

ARRAYS = ("rgb", "inverse_depth", "block_id", "face", "actions", "motion", "pose", "attributes")
LABELS = ("inverse_depth", "block_id", "face")


def cell_centres(values: Tensor, scale: int) -> Tensor:
    """[B,T,H,W] -> [B,T,H/scale,W/scale]: the value in the middle of each cell; ids cannot be averaged."""
    return values[:, :, scale // 2 :: scale, scale // 2 :: scale]


def averaged(rgb: Tensor, factor: int) -> Tensor:
    """uint8 [B,T,H,W,3] -> uint8 [B,T,H/factor,W/factor,3]: the mean of each square."""
    if factor == 1:
        return rgb
    squares = rgb.unflatten(3, (-1, factor)).unflatten(2, (-1, factor))
    return squares.float().mean((3, 5)).add(0.5).to(torch.uint8)


def parse_size(text: str) -> tuple[int, int, int]:
    """"256x144/2" -> (256, 144, 2): rendered width and height, and by what they are divided.

    Raises ValueError when the text has another form or the sides left over are not multiples of 8.
    """
    size, _, factor = text.partition("/")
    try:
        width, height = map(int, size.split("x"))
        divisor = int(factor or 1)
    except ValueError as error:
        raise ValueError(f"size {text!r} is not WIDTHxHEIGHT or WIDTHxHEIGHT/N") from error
    if divisor < 1 or width < 1 or height < 1 or width % (8 * divisor) or height % (8 * divisor):
        raise ValueError(f"size {text!r} does not leave sides that are multiples of 8")
    return width, height, divisor


def write_shard(folder: Path, clips, factor: int) -> None:
    """Writes one shard next to its final place, then moves it there in one step."""
    unfinished = folder.with_name("." + folder.name)
    unfinished.mkdir(parents=True, exist_ok=True)
    arrays = {name: getattr(clips, name) for name in ARRAYS}
    arrays["rgb"] = averaged(clips.rgb, factor)
    arrays |= {name: cell_centres(arrays[name], SCALE * factor) for name in LABELS}
    for name, values in arrays.items():
        np.save(unfinished / f"{name}.npy", values.contiguous().cpu().numpy())
    unfinished.rename(folder)


def fill(out: Path, renderer, size: str, count: int, frames: int, rng_seed: int) -> Path:
    """One shard of `count` clips below `out`, in the folder of the size it is kept at, named by its seed."""
    width, height, factor = parse_size(size)
    folder = out / f"{width // factor}x{height // factor}" / f"shard-{rng_seed:06d}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    if not folder.exists():
        write_shard(folder, renderer(count, frames, height, width, rng_seed), factor)
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--shards", type=int, default=10**6, help="stop after this many")
    parser.add_argument("--clips", type=int, default=16, help="per shard")
    parser.add_argument("--frames", type=int, default=12)
    parser.add_argument("--sizes", default="128x80", help="comma list, taken in turn; repeat a size to weight it")
    parser.add_argument("--first-seed", type=int, default=700000)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    sizes = options.sizes.split(",")
    try:
        for size in sizes:
            parse_size(size)
    except ValueError as error:
        parser.error(str(error))
    renderer = load_renderer("world")
    end = time.monotonic() + options.minutes * 60
    for index in range(options.shards):
        if time.monotonic() > end:
            break
        started = time.monotonic()
        size = sizes[index % len(sizes)]
        fill(options.out, renderer, size, options.clips, options.frames, options.first_seed + index)
        print(json.dumps({"shard": index, "size": size, "seconds": round(time.monotonic() - started, 2)}), flush=True)


if __name__ == "__main__":
    main()
