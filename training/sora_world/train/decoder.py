"""Tunes the decoder to what the denoiser really hands it.

    python -m sora_world.train.decoder --tier nano --minutes 8 --autoencoder .runs/nano-ae --run .runs/nano-dit \\
        --latents .runs/latents --bank .runs/bank --out .runs/nano-tuned

A denoiser of few steps gives latents that are softer than encoded ones and disagree a little from cell to cell. The
decoder sees its neighbours and can settle that, if it is shown such latents with the true pictures behind them. The
encoder, and with it the denoiser's world, stays as it is.

With `--critic RATIO` a critic joins in (train/critic.py), and some latents come from rollouts that have left their
clip: what play shows after a second.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from sora_world.config import FRAMES_PER_CHUNK, SPATIAL_SCALE, TIERS
from sora_world.data.batches import FrameBatch, Shard
from sora_world.data.latents import unpack_memory
from sora_world.flow.loss import Conditioning
from sora_world.flow.own_context import roll_out
from sora_world.flow.rollout import band_mask
from sora_world.flow.sampler import sample
from sora_world.models.autoencoder import Autoencoder, to_network
from sora_world.train import checkpoint
from sora_world.train.autoencoder import AutoencoderTraining, LiveUnits, paths, publish
from sora_world.train.critic import AdversarialLoss
from sora_world.train.denoiser import WorldModel
from sora_world.train.optim import Average
from sora_world.train.principal import DecoderFit
from sora_world.train.reconstruction import LatentShaping, training_loss
from sora_world.train.session import Log, TimeBox, common_arguments, prepare_device

TRUE_SHARE = 0.35  # of the batches decode encoded latents; pictures sent by a player must still come back
FAR_SHARE = 0.35  # of the other batches, where there are such latents
FAR_CLIPS = 8  # rollouts of each shard
CRITIC_ALONE = 150  # steps in which the critic learns what it is for


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


class PredictedClips:
    """Clips of the default size with predicted latents; samples like a ClipBank."""

    def __init__(
        self,
        world: WorldModel,
        bank: Path,
        latents: Path,
        size: str,
        shards: int,
        steps: int,
        bf16: bool,
        with_far: bool = False,
    ):
        self.shards, self.predicted, self.true, self.far = [], [], [], []
        for path in sorted((latents / size).glob("*.pt"))[:shards]:
            clips = torch.load(path, weights_only=True)
            with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
                self.predicted.append(predict_clips(world, clips, steps).half())
                if with_far:
                    self.far.append(far_clips(world, clips).half())
            self.true.append(clips["latents"])
            self.shards.append(Shard(bank / size / path.stem))

    def refresh(self) -> int:
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
        kinds, is_paired = (self.true if rng.random() < TRUE_SHARE else self.predicted), True
        if kinds is self.predicted and self.far and rng.random() < FAR_SHARE:
            kinds, is_paired = self.far, False
        latents = kinds[index]
        rows = np.sort(rng.choice(len(latents), count, replace=False))
        start = int(rng.integers(latents.shape[1] - chunks + 1))
        frames = slice(start * FRAMES_PER_CHUNK, (start + chunks) * FRAMES_PER_CHUNK)
        rgb, depth, ids = (
            torch.from_numpy(np.ascontiguousarray(array[rows, frames]))
            for array in (shard.rgb, shard.inverse_depth, shard.block_id)
        )
        return FrameBatch(rgb, depth.float(), ids.long(), latents[rows, start : start + chunks].float(), is_paired)


@torch.no_grad()
def centre(training: AutoencoderTraining, source: PredictedClips, rounds: int = 48) -> float:
    """Takes the mean error of each place of a cell out of the averaged decoder; returns the largest.

    Nothing in training makes up for a constant at one pixel in 256, and the eye sees it as a grid of dots.
    """
    model = Autoencoder(training.tier.autoencoder)
    model.load_state_dict(training.average.values)
    rng = np.random.default_rng(7)
    errors = []
    for _ in range(rounds):
        batch = source.sample(rng, 4, 4)
        if not batch.is_paired:
            continue
        raw = batch.latents * model.deviation[:, None, None] + model.mean[:, None, None]
        error = model.decode_clip(raw)["frames"].flatten(1, 2) - to_network(batch.rgb)
        cells = F.pixel_unshuffle(error.unflatten(1, (-1, FRAMES_PER_CHUNK)).flatten(0, 1).flatten(1, 2), SPATIAL_SCALE)
        errors.append(cells.mean((0, 2, 3)))
    mean = torch.stack(errors).mean(0)
    training.average.values["decoder.linear.bias"] -= mean
    return float(mean.abs().max())


def load_world(run_folder: Path) -> WorldModel:
    """The averaged weights of a denoiser run."""
    saved = checkpoint.load(run_folder / "training.pt")
    tier = checkpoint.tier_of(saved)
    world = WorldModel(tier, len(saved["words"]) + tier.text.hash_buckets)
    checkpoint.load_weights(world, saved["average"])
    return world.eval()


def run(options: argparse.Namespace) -> None:
    device = prepare_device(options)
    tier = TIERS[options.tier]
    shaping = LatentShaping(noise=0.05, masked=0.0, equivariance=0.0)
    training = AutoencoderTraining(tier, device, options.adam_lr, shaping)
    if options.resume and (options.resume / "training.pt").exists():
        training.load(options.resume / "training.pt")
    else:
        finished = checkpoint.load(options.autoencoder / "autoencoder.pt")["model"]
        checkpoint.load_weights(training.model, finished)
    training.model.encoder.requires_grad_(False)
    size = f"{tier.sizes[0][0]}x{tier.sizes[0][1]}"
    log = Log(options.out / "log.jsonl")
    log.write(event="start", step=training.steps, options=vars(options) | paths(options))
    world = load_world(options.run)
    sizes = {"size": size, "shards": options.shards, "steps": options.sample_steps}
    with_far = options.critic > 0
    source = PredictedClips(world, options.bank, options.latents, **sizes, bf16=options.bf16, with_far=with_far)
    log.write(event="predicted", shards=source.refresh())
    loss = AdversarialLoss(options.bf16, 0.0) if options.critic else training_loss
    if training.steps == 0:
        if not options.keep_linear:
            source.refit(training.model)
        training.average = Average(training.model, rate=0.995)
        publish(training, source, options.out, log)
    box, saved_at = TimeBox(options.minutes, training.seconds), time.monotonic()
    began, live = training.steps, LiveUnits(training.model)
    while box.progress < 1 and training.steps < options.steps:
        if options.critic and training.steps - began == CRITIC_ALONE:
            loss.ratio = options.critic
        report = training.step(source, options.batch, box.progress, options.bf16, loss)
        training.seconds = box.elapsed
        if training.steps % options.log_every == 0:
            log.write(step=training.steps, progress=box.progress, **report, **live.report())
        if time.monotonic() - saved_at > options.save_seconds:
            training.save(options.out / "training.pt")
            publish(training, source, options.out, log)
            saved_at = time.monotonic()
    training.save(options.out / "training.pt")
    log.write(event="centred", largest=centre(training, source))
    publish(training, source, options.out, log)
    print(json.dumps({"written": str(options.out / "autoencoder.pt")}))


def main() -> None:
    parser = common_arguments(__doc__)
    parser.add_argument("--autoencoder", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--latents", type=Path, required=True)
    parser.add_argument("--shards", type=int, default=60)
    parser.add_argument("--sample-steps", type=int, default=2)
    parser.add_argument("--adam-lr", type=float, default=5e-4)
    parser.add_argument("--critic", type=float, default=0.0, help="pull of a critic, relative to the other terms")
    parser.add_argument("--keep-linear", action="store_true", help="do not fit the linear path anew")
    run(parser.parse_args())


if __name__ == "__main__":
    main()
