"""Trains the autoencoder.

    python -m sora_world.train.autoencoder --tier nano --minutes 25 --bank .runs/bank --out .runs/nano-ae

Ends when the clock says so; the rates fall over the last quarter. Then the average of the weights is what counts, and
the latents' mean and deviation are measured with it.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from sora_world.config import FRAMES_PER_CHUNK, TIERS, Tier
from sora_world.data.batches import ClipBank, FrameBatch, as_pictures, random_crop
from sora_world.data.live import LiveClips
from sora_world.models.autoencoder import Autoencoder, ResidualBlock, to_network
from sora_world.train import checkpoint
from sora_world.train.optim import Average, Optimisers, warmup_stable_decay
from sora_world.train.principal import fit_linear_path
from sora_world.train.reconstruction import LatentShaping, psnr, training_loss
from sora_world.train.resumable import Resumable
from sora_world.train.session import Log, TimeBox, common_arguments, prepare_device

CHUNKS = 3  # the first with an empty state, two with a filled one
PICTURE_SHARE = 0.1
EQUIVARIANCE_EVERY = 4
# All of it to AdamW. Muon's steps of fixed size made activations of a network without norm layers grow until every
# ReLU of the last block was dead, at rates of 0.01 and of 0.02.
KEEP_ADAM = ("encoder", "decoder")


class AutoencoderTraining(Resumable):
    """Model, optimisers, average and the random state: all that a resumed run needs."""

    def __init__(
        self, tier: Tier, device: torch.device, adam_lr: float, shaping: LatentShaping | None = None
    ):
        self.tier, self.device, self.shaping = tier, device, shaping or LatentShaping()
        self.model = Autoencoder(tier.autoencoder).to(device)
        if device.type == "cuda":  # slower on a CPU in bf16: 1.7 against 2.1 steps/s measured
            self.model = self.model.to(memory_format=torch.channels_last)
        # The linear path stays what the fit makes it. Its many small weights and Adam's equal steps do not go
        # together: trained along, it lost all that the convolutions gained.
        self.model.encoder.linear.requires_grad_(False)
        self.model.decoder.linear.requires_grad_(False)
        self.optimisers = Optimisers(self.model, KEEP_ADAM, muon_lr=0.0, adam_lr=adam_lr)
        self.average = Average(self.model)
        self.steps, self.seconds = 0, 0.0
        self.rng = np.random.default_rng(0)

    def start(self, source) -> float:
        """Fits the linear path before the first step; returns its dB."""
        found = fit_linear_path(self.model, source, np.random.default_rng(77), self.device)
        if self.model.encoder.network is None:
            measure_latents(self.model, source, np.random.default_rng(1234), 32, self.device)
        self.average = Average(self.model)
        return found

    def step(
        self, source, batch_size: int, progress: float, bf16: bool, loss=training_loss, crop: int = 0
    ) -> dict[str, float]:
        """One optimiser step on fresh rows, whole pictures or windows of `crop` pixels; returns the loss terms."""
        batch = source.sample(self.rng, batch_size, CHUNKS)
        if crop:
            batch = random_crop(batch, self.rng, crop)
        if batch.latents is None:
            batch = as_pictures(batch, int(self.rng.binomial(batch_size, PICTURE_SHARE)))
        batch = to_device(batch, self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=bf16):
            total, report = loss(self.model, batch, self.shaping, self.steps % EQUIVARIANCE_EVERY == 0)
        total.backward()
        report["norm"] = self.optimisers.step(warmup_stable_decay(self.warm_steps, progress))
        self.steps += 1
        self.average.update(self.model, self.steps)
        return report | {"loss": float(total.detach())}


class LiveUnits:
    """Share of positive pre-activations behind each ReLU of the residual blocks, while it is watched.

    Twice a whole block died (every unit negative for every input) and neither loss nor gradients showed it.
    """

    def __init__(self, model: Autoencoder):
        self.shares: dict[str, float] = {}
        self.blocks = {name: part for name, part in model.named_modules() if isinstance(part, ResidualBlock)}
        for name, block in self.blocks.items():
            block.first.register_forward_hook(self._watch(name))

    def _watch(self, name: str):
        def note(_module, _inputs, output: torch.Tensor) -> None:
            self.shares[name] = float((output.detach() > 0).float().mean())

        return note

    def report(self) -> dict[str, float]:
        """The lowest share and the block it belongs to."""
        worst = min(self.shares, key=self.shares.get)
        return {"least_live": round(self.shares[worst], 4), "least_live_block": worst}

    def revive(self, least: float = 0.05) -> list[str]:
        """Starts blocks anew that had a lower share in the last pass; they do nothing until they learn. Their names."""
        dead = [name for name, share in self.shares.items() if share < least]
        for name in dead:
            self.blocks[name].start_anew()
        return dead


def to_device(batch: FrameBatch, device: torch.device) -> FrameBatch:
    moved = {k: v.to(device, non_blocking=True) for k, v in vars(batch).items() if isinstance(v, torch.Tensor)}
    return replace(batch, **moved)


def encode_chunks(model: Autoencoder, batch: FrameBatch) -> tuple[torch.Tensor, torch.Tensor]:
    """Frames [B,T*F,3,H,W] in -1..1 of a batch, and the raw latents [B*T,C,h,w] of its chunks."""
    frames = to_network(batch.rgb)
    parts = (values.unflatten(1, (-1, FRAMES_PER_CHUNK)).flatten(0, 1) for values in (frames, batch.inverse_depth))
    return frames, model.encoder(*parts)


@torch.no_grad()
def measure_latents(model: Autoencoder, source, rng: np.random.Generator, batches: int, device: torch.device) -> None:
    """Fills the model's `mean` and `deviation` from raw latents of random clips."""
    latents = []
    for _ in range(batches):
        raw = encode_chunks(model, to_device(source.sample(rng, 8, CHUNKS), device))[1]
        latents.append(raw.float().permute(1, 0, 2, 3).flatten(1))
    values = torch.cat(latents, 1)
    model.mean.copy_(values.mean(1))
    model.deviation.copy_(values.std(1).clamp(min=1e-3))


@torch.no_grad()
def reconstruction_psnr(model: Autoencoder, source, rng: np.random.Generator, batches: int, device) -> float:
    """Mean dB of clean decodings over random clips."""
    values = []
    for _ in range(batches):
        frames, raw = encode_chunks(model, to_device(source.sample(rng, 8, CHUNKS), device))
        decoded = model.decode_clip(raw.unflatten(0, (frames.shape[0], CHUNKS)))["frames"].flatten(1, 2)
        values.append(psnr(decoded.float(), frames))
    return float(np.mean(values))


def publish(training: AutoencoderTraining, source, out: Path, log: Log) -> None:
    """Writes `autoencoder.pt`: averaged weights with the latent statistics in them.

    A frozen encoder keeps its statistics, so a denoiser can train on its latents from the first of these files on; one
    that is being trained is measured here, and only the last file counts.
    """
    final = Autoencoder(training.tier.autoencoder).to(training.device)
    final.load_state_dict(training.average.values)
    rng = np.random.default_rng(1234)
    if is_trained(training.model.encoder.network):
        measure_latents(final, source, rng, 32, training.device)
    quality = reconstruction_psnr(final, source, rng, 4, training.device)
    checkpoint.save(out / "autoencoder.pt", training.tier, model=final.state_dict(), steps=training.steps)
    log.write(event="published", steps=training.steps, train_psnr=quality)


def run(options: argparse.Namespace) -> None:
    device = prepare_device(options)
    shaping = LatentShaping(options.latent_noise, options.masked, options.equivariance)
    training = AutoencoderTraining(TIERS[options.tier], device, options.adam_lr, shaping)
    resumed = bool(options.resume) and (options.resume / "training.pt").exists()
    if resumed:
        training.load(options.resume / "training.pt")
    source = ClipBank(options.bank) if options.bank else LiveClips(training.tier, device, options.rng_seed)
    loss = torch.compile(training_loss, dynamic=False) if options.compile else training_loss
    log, box = Log(options.out / "log.jsonl"), TimeBox(options.minutes, training.seconds)
    linear_psnr = None if resumed else training.start(source)
    publish(training, source, options.out, log)
    log.write(event="start", step=training.steps, linear_psnr=linear_psnr, options=vars(options) | paths(options))

    live = LiveUnits(training.model)
    if options.revive:
        log.write(event="revived", blocks=revive(training, source, live))
    saved_at, logged_at = time.monotonic(), time.monotonic()
    while box.progress < 1 and training.steps < options.steps:
        report = training.step(source, options.batch, box.progress, options.bf16, loss, options.crop)
        training.seconds = box.elapsed
        if training.steps % options.log_every == 0:
            now = time.monotonic()
            rate, logged_at = options.log_every / (now - logged_at), now
            report |= live.report()
            log.write(step=training.steps, progress=box.progress, steps_per_second=rate, **report)
        if time.monotonic() - saved_at > options.save_seconds:
            training.save(options.out / "training.pt")
            publish(training, source, options.out, log)
            source.refresh()
            saved_at = time.monotonic()
    training.save(options.out / "training.pt")
    publish(training, source, options.out, log)


@torch.no_grad()
def revive(training: AutoencoderTraining, source, live: LiveUnits) -> list[str]:
    """Starts dead blocks anew, in the model and in its average."""
    reconstruction_psnr(training.model, source, np.random.default_rng(5), 1, training.device)
    blocks = live.revive()
    training.average = Average(training.model)
    return blocks


def is_trained(network: torch.nn.Module | None) -> bool:
    return network is not None and any(weights.requires_grad for weights in network.parameters())


def paths(options: argparse.Namespace) -> dict[str, str | None]:
    return {name: str(value) if value else None for name, value in vars(options).items() if isinstance(value, Path)}


def main() -> None:
    parser = common_arguments(__doc__)
    parser.add_argument("--adam-lr", type=float, default=1e-3)
    parser.add_argument("--latent-noise", type=float, default=LatentShaping.noise)
    parser.add_argument("--masked", type=float, default=LatentShaping.masked)
    parser.add_argument("--equivariance", type=float, default=LatentShaping.equivariance)
    parser.add_argument("--revive", action="store_true", help="start blocks anew whose units are dead")
    parser.add_argument("--crop", type=int, default=0, help="side of the window a step sees; 0: whole pictures")
    run(parser.parse_args())


if __name__ == "__main__":
    main()
