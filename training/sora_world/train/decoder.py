"""Tunes the decoder to what the denoiser really hands it.

    python -m sora_world.train.decoder --tier nano --minutes 8 --autoencoder .runs/nano-ae \\
        --predicted .runs/predicted --latents .runs/latents --bank .runs/bank --out .runs/nano-tuned

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

from sora_world.config import FRAMES_PER_CHUNK, SPATIAL_SCALE, TIERS
from sora_world.data.predicted import PredictedClips
from sora_world.models.autoencoder import Autoencoder, to_network
from sora_world.train import checkpoint
from sora_world.train.autoencoder import AutoencoderTraining, LiveUnits, paths, publish
from sora_world.train.critic import AdversarialLoss
from sora_world.train.optim import Average
from sora_world.train.reconstruction import LatentShaping, training_loss
from sora_world.train.session import Log, TimeBox, common_arguments, prepare_device

CRITIC_ALONE = 300  # steps in which the critic learns what it is for


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
    if tier.autoencoder.depth_channels:  # train/depth_decoder.py tunes that part
        training.model.decoder.depth.requires_grad_(False)
    size = f"{tier.sizes[0][0]}x{tier.sizes[0][1]}"
    log = Log(options.out / "log.jsonl")
    log.write(event="start", step=training.steps, options=vars(options) | paths(options))
    folders = (options.bank / size, options.latents / size, options.predicted / size)
    source = PredictedClips(*folders)
    log.write(event="predicted", shards=source.refresh())
    loss = training_loss
    if training.steps == 0:
        if not options.keep_linear:
            source.refit(training.model)
        training.average = Average(training.model, rate=0.995)
        publish(training, source, options.out, log)
    box, saved_at = TimeBox(options.minutes, training.seconds), time.monotonic()
    live, joined = LiveUnits(training.model), None
    while box.progress < 1 and training.steps < options.steps:
        if options.critic and joined is None and box.progress >= options.critic_from:
            joined, source.with_far = training.steps, True
            loss = AdversarialLoss(training.model, options.bf16, 0.0)
        if joined is not None and training.steps == joined + CRITIC_ALONE:
            loss.ratio = options.critic
        report = training.step(source, options.batch, box.progress, options.bf16, loss, options.crop)
        training.seconds = box.elapsed
        if training.steps % options.log_every == 0:
            log.write(step=training.steps, progress=box.progress, **report, **live.report())
        if time.monotonic() - saved_at > options.save_seconds:
            training.save(options.out / "training.pt")
            publish(training, source, options.out, log)
            source.refresh()
            saved_at = time.monotonic()
    training.save(options.out / "training.pt")
    log.write(event="centred", largest=centre(training, source))
    publish(training, source, options.out, log)
    print(json.dumps({"written": str(options.out / "autoencoder.pt")}))


def main() -> None:
    parser = common_arguments(__doc__)
    parser.add_argument("--autoencoder", type=Path, required=True)
    parser.add_argument("--predicted", type=Path, required=True, help="written by sora_world.data.predicted")
    parser.add_argument("--latents", type=Path, required=True)
    parser.add_argument("--adam-lr", type=float, default=5e-4)
    parser.add_argument("--critic", type=float, default=0.0, help="pull of a critic, relative to the other terms")
    parser.add_argument("--critic-from", type=float, default=0.4, help="share of the time box before it joins")
    parser.add_argument("--crop", type=int, default=0, help="side of the window a step sees; 0: whole pictures")
    parser.add_argument("--keep-linear", action="store_true", help="do not fit the linear path anew")
    run(parser.parse_args())


if __name__ == "__main__":
    main()
