"""Clips as a denoiser makes them: what a decoder must turn into pictures.

    python -m sora_world.data.predicted --latents .runs/latents --run .runs/nano-dit --out .runs/predicted

Two kinds. Predicted: each chunk continues the true chunks before it, so that the true pictures are still the answer.
Far: a rollout from the clip's first chunks, which soon shows something else; what play looks like after a second.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from sora_world.config import FRAMES_PER_CHUNK
from sora_world.data.batches import FrameBatch, Shard
from sora_world.data.latents import unpack_memory
from sora_world.flow.loss import Conditioning
from sora_world.flow.own_context import roll_out
from sora_world.flow.rollout import band_mask
from sora_world.flow.sampler import sample
from sora_world.models.autoencoder import Autoencoder, to_network
from sora_world.train import checkpoint
from sora_world.train.denoiser import WorldModel
from sora_world.train.principal import DecoderFit

TRUE_SHARE = 0.35  # of the batches decode encoded latents; pictures sent by a player must still come back
FAR_SHARE = 0.35  # of the other batches, where they are wanted
FAR_CLIPS = 8  # rollouts of each shard


@torch.no_grad()
def predict_clips(world: WorldModel, clips: dict[str, Tensor], steps: int) -> Tensor:
    """Every chunk of each clip as the model continues the true chunks before it: [B,T,C,h,w].

    One pass holds two copies of a clip: the true one as context, and the one being made, which sees the context before
    its own place and itself.
    """
    config = world.denoiser.config
    clean = clips["latents"].float()
    batch, chunks = clean.shape[:2]
    before = torch.cat([torch.zeros_like(clean[:, :1]), clean[:, :-1]], 1)
    text, pooled = world.read(clips["tokens"].long())
    level = config.context_noise
    context = (1 - level) * clean + level * torch.randn_like(clean)
    past = band_mask(chunks, config.context_chunks)
    alone = torch.eye(chunks)
    mask = torch.cat([torch.cat([past, torch.zeros_like(past)], 1), torch.cat([past - alone, alone], 1)])
    seen = unpack_memory(clips["memory"])
    doubled = [torch.cat([x, x], 1) for x in (before, clips["actions"].float(), text, pooled, seen)]
    time_index = torch.arange(chunks).float().repeat(2).expand(batch, -1)

    def predict(noisy: Tensor, sigma: Tensor, step_size: Tensor) -> Tensor:
        sigmas = torch.cat([torch.full_like(sigma, level), sigma], 1)
        step_sizes = torch.cat([torch.full_like(sigma, 1 / config.max_steps), step_size], 1)
        previous, actions, words, vector, memory = doubled
        both = torch.cat([context, noisy], 1)
        masks = mask.expand(batch, -1, -1)
        told = (actions, words, vector, time_index, masks)
        made = world.denoiser(both, previous, sigmas, step_sizes, *told, memory=memory)[0]
        return made[:, chunks:].float()

    return sample(predict, torch.randn_like(clean), steps)


@torch.no_grad()
def far_clips(world: WorldModel, clips: dict[str, Tensor]) -> Tensor:
    """Own rollouts from the first chunks of some clips: [b,T,C,h,w]."""
    some = {name: values[:FAR_CLIPS] for name, values in clips.items()}
    text, pooled = world.read(some["tokens"].long())
    seen = unpack_memory(some["memory"])
    given = Conditioning(some["actions"].float(), text, pooled, some["pose"].float(), seen)
    return roll_out(world.denoiser, some["latents"].float(), given)


def load_world(run_folder: Path) -> WorldModel:
    """The averaged weights of a denoiser run."""
    saved = checkpoint.load(run_folder / "training.pt")
    tier = checkpoint.tier_of(saved)
    world = WorldModel(tier, len(saved["words"]) + tier.text.hash_buckets)
    checkpoint.load_weights(world, saved["average"])
    return world.eval()


def predict_shard(world: WorldModel, path: Path, steps: int, bf16: bool) -> dict[str, Tensor]:
    """Latents `predicted` [N,T,C,h,w] and `far` [n,T,C,h,w] of one file of a latent bank."""
    clips = torch.load(path, weights_only=True)
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        return {"predicted": predict_clips(world, clips, steps).half(), "far": far_clips(world, clips).half()}


def predict_bank(world: WorldModel, latents: Path, out: Path, shards: int, steps: int, bf16: bool) -> None:
    """Predicts the first shards of `latents` that `out` lacks."""
    out.mkdir(parents=True, exist_ok=True)
    for path in sorted(latents.glob("*.pt"))[:shards]:
        if (out / path.name).exists():
            continue
        unfinished = out / f"{path.stem}.unfinished"
        torch.save(predict_shard(world, path, steps, bf16), unfinished)
        os.replace(unfinished, out / path.name)
        print(json.dumps({"predicted": path.stem}), flush=True)


class PredictedClips:
    """Predicted clips of one size with their true frames; samples like a ClipBank."""

    with_far = False  # whether samples may be far ones

    def __init__(self, bank: Path, latents: Path, predicted: Path):
        self.bank, self.latents, self.made = bank, latents, predicted
        self.shards, self.predicted, self.true, self.far = [], [], [], []
        self.known: set[Path] = set()
        self.refresh()

    def refresh(self) -> int:
        """Number of shards after reading those written since."""
        for path in sorted(set(self.made.glob("*.pt")) - self.known):
            self.known.add(path)
            made = torch.load(path, weights_only=True)
            self.predicted.append(made["predicted"])
            self.far.append(made.get("far"))
            self.true.append(torch.load(self.latents / path.name, weights_only=True)["latents"])
            self.shards.append(Shard(self.bank / path.stem))
        return len(self.shards)

    def refit(self, model: Autoencoder) -> None:
        """Fits the decoder's linear path to predicted and true latents in equal parts."""
        fit = DecoderFit(model)
        for shard, *kinds in zip(self.shards, self.predicted, self.true, strict=True):
            for clip in range(len(shard)):
                frames = to_network(torch.from_numpy(np.array(shard.rgb[clip])))
                frames = frames.unflatten(0, (-1, FRAMES_PER_CHUNK))
                for latents in kinds:
                    fit.add(latents[clip].float(), frames)
        fit.solve()

    def sample(self, rng: np.random.Generator, count: int, chunks: int) -> FrameBatch:
        """`count` clips of one shard, all with predicted or all with true latents."""
        index = int(rng.integers(len(self.shards)))
        shard = self.shards[index]
        latents, is_paired = (self.true if rng.random() < TRUE_SHARE else self.predicted)[index], True
        has_far = self.with_far and self.far[index] is not None
        if has_far and latents is self.predicted[index] and rng.random() < FAR_SHARE:
            latents, is_paired = self.far[index], False
        rows = np.sort(rng.choice(len(latents), count, replace=False))
        start = int(rng.integers(latents.shape[1] - chunks + 1))
        frames = slice(start * FRAMES_PER_CHUNK, (start + chunks) * FRAMES_PER_CHUNK)
        rgb, depth, ids = (
            torch.from_numpy(np.ascontiguousarray(array[rows, frames]))
            for array in (shard.rgb, shard.inverse_depth, shard.block_id)
        )
        return FrameBatch(rgb, depth.float(), ids.long(), latents[rows, start : start + chunks].float(), is_paired)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latents", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True, help="denoiser's run folder")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--shards", type=int, default=60)
    parser.add_argument("--steps", type=int, default=2, help="denoise steps")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--bf16", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    world = load_world(options.run)
    width, height = world.denoiser.tier.sizes[0]
    size = f"{width}x{height}"
    predict_bank(world, options.latents / size, options.out / size, options.shards, options.steps, options.bf16)


if __name__ == "__main__":
    main()
