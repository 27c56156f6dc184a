"""Chunks as a server makes them: the graphs of a package, continuing the true chunks of a latent bank.

    python -m sora_world.data.predicted_play --latents .runs/pairs --package ../assets/voxel --out .runs/pairs-played

The same `predicted` as of data/predicted.py, quicker on a CPU, with the int8 denoiser that plays there and with a world
memory that has the model's own poses and depths in it.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from sora_world.data.latents import pack_memory, write_encoded
from sora_world.evaluate.runtime import Package, Play

ROWS = 8  # clips at once, as many as a server has in a batch


def play_clips(package: Package, clips: dict[str, Tensor], steps: int, rng: np.random.Generator) -> dict[str, Tensor]:
    """Every chunk of each clip as the package's denoiser continues the true chunks before it.

    `predicted` [B,T,C,h,w], and `memory`, the images that it saw then, packed.
    """
    true, actions = (clips[name].float().numpy() for name in ("latents", "actions"))
    tokens = clips["tokens"].numpy().astype(np.int64)
    play = Play(package, [""] * len(true), *true.shape[3:])
    play.fuses_depth = False  # what fusion is to learn from
    made, seen = [], []
    for t in range(true.shape[1]):
        play.text, play.pooled = package.sessions["text"].run(None, {"tokens": tokens[:, t]})
        seen.append(pack_memory(torch.from_numpy(play.seen_before(actions[:, t]))))
        made.append(torch.from_numpy(play.sample(actions[:, t], play.noise(rng), steps)).half())
        play.commit(true[:, t : t + 1], play.noise(rng), actions[:, t])
    return {"predicted": torch.cat(made, 1), "memory": torch.cat(seen, 1)}


def play_shard(package: Package, path: Path, steps: int) -> dict[str, Tensor]:
    """`play_clips` for one file of a latent bank; the noise follows from its name."""
    clips = torch.load(path, weights_only=True)
    rng = np.random.default_rng(list(path.stem.encode()))
    parts = range(0, len(clips["latents"]), ROWS)
    rows = ({name: values[first : first + ROWS] for name, values in clips.items()} for first in parts)
    played = [play_clips(package, some, steps, rng) for some in rows]
    return {name: torch.cat([part[name] for part in played]) for name in played[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latents", type=Path, required=True)
    parser.add_argument("--package", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=1, help="denoise steps; a guided step of play is one")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    package = Package(options.package, "cpu-int8", options.threads)
    size = package.manifest["sizes"][0]
    folder = f"{size['width']}x{size['height']}"
    for path in sorted((options.latents / folder).glob("*.pt")):
        done = options.out / folder / path.name
        if not done.exists():
            write_encoded(done, play_shard(package, path, options.steps))
            print(json.dumps({"played": path.stem}), flush=True)


if __name__ == "__main__":
    main()
