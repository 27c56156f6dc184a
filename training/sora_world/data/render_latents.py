"""Renders clips and encodes them on one device, straight into a latent bank; no picture reaches a disk.

    python -m sora_world.data.render_latents --autoencoder .runs/voxel-ae --device cuda --out .runs/voxel-latents

For a GPU. Rendering there waits for the launches of many small operations, so several of these, each with its own
seeds, fill a bank faster than one. Writing stops when the bank holds `--most` shards, whoever wrote them.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import torch

from sora_world.config import TIERS
from sora_world.data.bank import cell_centres, load_renderer
from sora_world.data.latents import encode_clips, load_autoencoder, make_tokenizer, write_encoded
from sora_world.models.autoencoder import Autoencoder
from sora_world.models.text import Tokenizer

PART = 32  # clips encoded and remembered at a time


def render_encoded(
    model: Autoencoder, tokenizer: Tokenizer, renderer, size: tuple[int, int], clips: int, frames: int, rng_seed: int,
    device: torch.device,
) -> dict[str, torch.Tensor]:
    """One shard's fields, as `encode_shard` makes them. size: width, height."""
    made = renderer(clips, frames, size[1], size[0], rng_seed, device=str(device))
    depth = cell_centres(made.inverse_depth)
    return encode_clips(model, tokenizer, made.rgb, depth, made.actions, made.motion, made.captions, device, PART)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tier", default="voxel")
    parser.add_argument("--autoencoder", type=Path, required=True, help="run folder")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--sizes", help="comma list, taken in turn; repeat a size to weight it (default: the tier's)")
    parser.add_argument("--clips", type=int, default=64, help="per shard")
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--shards", type=int, default=10**6, help="stop after this many")
    parser.add_argument("--most", type=int, default=10**6, help="stop when the bank holds this many")
    parser.add_argument("--renderer", default="world")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    device, tier = torch.device(options.device), TIERS[options.tier]
    model = load_autoencoder(options.autoencoder, device)[0]
    tokenizer, renderer = make_tokenizer(tier), load_renderer(options.renderer)
    named = [tuple(map(int, size.split("x"))) for size in options.sizes.split(",")] if options.sizes else tier.sizes
    for seed in range(options.first_seed, options.first_seed + options.shards):
        if len(list(options.out.glob("*x*/shard-*.pt"))) >= options.most:
            break
        started, size = time.monotonic(), named[seed % len(named)]
        fields = render_encoded(model, tokenizer, renderer, size, options.clips, options.frames, seed, device)
        write_encoded(options.out / f"{size[0]}x{size[1]}" / f"shard-{seed:09d}.pt", fields)
        per_second = options.clips * options.frames / (time.monotonic() - started)
        print(json.dumps({"seed": seed, "size": size, "framesPerSecond": round(per_second)}), flush=True)


if __name__ == "__main__":
    main()
