"""Gives a finished autoencoder latent channels for depth; its picture stays as it is, to the last bit.

    python -m sora_world.train.depth --tier voxel --minutes 20 --autoencoder .runs/voxel-ae --bank .runs/bank \\
        --out .runs/voxel-ae-depth

Trains the three small networks of models/depth.py on latents that are encoded once: the encoder and the decoder of
depth together, under noise as in train/reconstruction.py, and the guess for pictures without depth beside them.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sora_world.config import FRAMES_PER_CHUNK, TIERS
from sora_world.data.batches import ClipBank, Shard
from sora_world.models.autoencoder import Autoencoder, to_network
from sora_world.models.depth import FARTHEST_INVERSE, to_code
from sora_world.train import checkpoint
from sora_world.train.autoencoder import AutoencoderTraining
from sora_world.train.optim import Average, take_step, warmup_stable_decay
from sora_world.train.session import Log, TimeBox, common_arguments, prepare_device

HELD_OUT_SHARDS = 2  # of each size
NOISE = 0.4  # highest deviation of the noise on latents, relative to their own
GUESS_WEIGHT = 0.3


class DepthTraining(nn.Module):
    """The networks of depth in an autoencoder whose other parts are frozen."""

    def __init__(self, model: Autoencoder):
        super().__init__()
        if not model.config.depth_channels:
            raise ValueError("this tier keeps no depth in its latents")
        self.encode, self.guess, self.decode = model.encoder.depth, model.encoder.guess, model.decoder.depth

    def loss(self, colour: Tensor, inverse_depth: Tensor) -> tuple[Tensor, dict[str, float]]:
        """colour [B,C,h,w] raw latents of pictures, inverse_depth [B,F,2h,2w] of the same chunks."""
        depth = self.encode(inverse_depth, colour)
        made = self.decode(torch.cat([disturbed(colour), disturbed(depth)], 1))
        # In logarithms, as the code is: what is 10 % too far counts the same at 2 and at 30 blocks.
        error = (to_code(made) - to_code(inverse_depth)).abs().mean()
        scale = depth.detach().std((0, 2, 3), keepdim=True)
        guess = F.smooth_l1_loss(self.guess(colour) / scale, depth.detach() / scale)
        parts = {"depth": float(error.detach()), "guess": float(guess.detach())}
        return error + GUESS_WEIGHT * guess, parts


def disturbed(latent: Tensor) -> Tensor:
    """Noise on half of the rows [B,C,h,w], relative to each channel's own deviation: none can grow out of it."""
    strength = torch.rand(latent.shape[0], 1, 1, 1, device=latent.device) * NOISE
    strength = strength * (torch.rand_like(strength) < 0.5)
    return latent + strength * latent.detach().std((0, 2, 3), keepdim=True) * torch.randn_like(latent)


@dataclass
class Chunks:
    """Encoded chunks of one picture size, in half precision."""

    colour: Tensor  # [N,C,h,w], the picture's raw latents
    inverse_depth: Tensor  # [N,F,2h,2w]

    def rows(self, picked: Tensor | slice) -> tuple[Tensor, Tensor]:
        """Both as float32."""
        return self.colour[picked].float(), self.inverse_depth[picked].float()


@torch.no_grad()
def encode_shard(model: Autoencoder, shard: Shard) -> Chunks:
    frames = torch.from_numpy(np.array(shard.rgb)).unflatten(1, (-1, FRAMES_PER_CHUNK)).flatten(0, 1)
    colour = torch.cat([model.encoder.colours(to_network(part)).half() for part in frames.split(16)])
    depth = torch.from_numpy(np.array(shard.inverse_depth)).unflatten(1, (-1, FRAMES_PER_CHUNK))
    return Chunks(colour, depth.flatten(0, 1).half())


def encode_bank(model: Autoencoder, bank: ClipBank, log: Log) -> tuple[list[Chunks], list[Chunks]]:
    """Chunks to learn from, one entry per picture size, and held-out ones."""
    learn, held_out = [], []
    for size, shards in bank.sizes.items():
        chunks = [encode_shard(model, shard) for shard in shards]
        held_out += chunks[:HELD_OUT_SHARDS]
        rest = chunks[HELD_OUT_SHARDS:]
        if rest:
            learn.append(Chunks(*(torch.cat(values) for values in zip(*(vars(c).values() for c in rest), strict=True))))
        log.write(event="encoded", size=size, shards=len(shards))
    if not learn:
        raise ValueError(f"{bank.root} needs more than {HELD_OUT_SHARDS} shards of a size: the first are held out")
    return learn, held_out


def relative_error(made: Tensor, truth: Tensor) -> Tensor:
    """|made / true - 1| of distances where the truth is no sky, as `npm run eval` has it: a flat tensor."""
    seen = truth > FARTHEST_INVERSE
    return (truth[seen] / made[seen].clamp(min=1e-6) - 1).abs()


@torch.no_grad()
def measure(model: Autoencoder, held_out: list[Chunks]) -> dict[str, float]:
    """Median relative errors on held-out shards: with the true depth, with noise 0.3, guessed; and the sky's."""
    errors: dict[str, list[Tensor]] = {"told": [], "noisy": [], "guessed": []}
    sky = []
    for colour, inverse in (chunks.rows(slice(None)) for chunks in held_out):
        told = torch.cat([colour, model.encoder.depth(inverse, colour)], 1)
        deviation = told.std((0, 2, 3), keepdim=True)
        cases = {
            "told": told,
            "noisy": told + 0.3 * deviation * torch.randn_like(told),
            "guessed": torch.cat([colour, model.encoder.guess(colour)], 1),
        }
        for name, latent in cases.items():
            made = model.decoder.depth(latent)
            errors[name].append(relative_error(made, inverse))
            if name == "told":
                sky.append(((made < 1 / 64) == (inverse <= FARTHEST_INVERSE)).float().mean())
    medians = {name: float(torch.cat(values).median()) for name, values in errors.items()}
    mean = float(torch.cat(errors["told"]).clamp(max=1).mean())
    return medians | {"mean": mean, "skyAgrees": float(torch.stack(sky).mean())}


@torch.no_grad()
def measure_channels(model: Autoencoder, chunks: list[Chunks]) -> None:
    """Fills `mean` and `deviation` of the depth channels."""
    some = (c.rows(torch.randperm(len(c.colour))[:512]) for c in chunks)
    depth = [model.encoder.depth(inverse, colour).permute(1, 0, 2, 3).flatten(1) for colour, inverse in some]
    values, first = torch.cat(depth, 1), model.config.colour_channels
    model.mean[first:] = values.mean(1)
    model.deviation[first:] = values.std(1).clamp(min=1e-3)


def run(options: argparse.Namespace) -> None:
    device = prepare_device(options)
    training = AutoencoderTraining(TIERS[options.tier], device, options.adam_lr)
    finished = checkpoint.load(options.autoencoder / "training.pt")
    checkpoint.load_weights(training.model, finished["model"])
    training.steps, training.seconds = finished["steps"], finished["seconds"]
    model, log = training.model, Log(options.out / "log.jsonl")
    learn, held_out = encode_bank(model, ClipBank(options.bank), log)
    shares = np.array([len(chunks.colour) for chunks in learn], float)
    networks = DepthTraining(model).to(device)
    optimiser = torch.optim.AdamW(networks.parameters(), lr=options.adam_lr, weight_decay=0.0, betas=(0.9, 0.98))
    average, box, rng = Average(model, rate=0.998), TimeBox(options.minutes), np.random.default_rng(options.rng_seed)
    sums: dict[str, list[float]] = {}
    step, started = 0, time.monotonic()
    while box.progress < 1 and step < options.steps:
        chunks = learn[rng.choice(len(learn), p=shares / shares.sum())]
        rows = torch.from_numpy(rng.integers(len(chunks.colour), size=options.batch))
        colour, inverse = (values.to(device) for values in chunks.rows(rows))
        total, parts = networks.loss(colour, inverse)
        total.backward()
        take_step(optimiser, options.adam_lr * warmup_stable_decay(step, box.progress))
        step += 1
        average.update(model, step)
        for name, value in parts.items():
            sums.setdefault(name, []).append(value)
        if step % options.log_every == 0:
            means = {name: float(np.mean(values)) for name, values in sums.items()}
            log.write(step=step, progress=box.progress, per_second=step / (time.monotonic() - started), **means)
            sums = {}
    model.load_state_dict(average.values)
    measure_channels(model, learn)
    log.write(event="held out", steps=step, **measure(model, held_out))
    training.average = Average(model)
    training.save(options.out / "training.pt")
    checkpoint.save(options.out / "autoencoder.pt", training.tier, model=model.state_dict(), steps=training.steps)
    print(json.dumps({"written": str(options.out / "autoencoder.pt")}))


def main() -> None:
    parser = common_arguments(__doc__)
    parser.add_argument("--autoencoder", type=Path, required=True, help="run folder to go on from")
    parser.add_argument("--adam-lr", type=float, default=2e-3)
    run(parser.parse_args())


if __name__ == "__main__":
    main()
