"""Trains one reader.

    python -m sora_world.readers.train --reader policy --minutes 15 --bank .runs/nano-bank \\
        --latents .runs/nano-latents --out .runs/readers/policy

Ends when the clock says so. Every `--save-seconds` it writes a checkpoint to go on from and `reader.pt`, the averaged
weights so far.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sora_world.config import TIERS, Tier
from sora_world.data.latents import make_tokenizer
from sora_world.readers.config import BUTTON_COUNT, CAMERA_BINS, ReaderConfig
from sora_world.readers.data import Window, Windows, open_clips
from sora_world.readers.models import Captioner, Policy
from sora_world.train import checkpoint
from sora_world.train.autoencoder import paths
from sora_world.train.optim import Average, Optimisers, warmup_stable_decay
from sora_world.train.resumable import Resumable
from sora_world.train.session import Log, TimeBox, prepare_device

KINDS: dict[str, type[nn.Module]] = {"captioner": Captioner, "policy": Policy}
# Everything that is no matrix between two hidden layers.
KEEP_ADAM = ("see.enter", "see.queries", "age", "place", "embed", "position", "did", "buttons", "camera")
MUON_LR, ADAM_LR, DECAY_RATE = 0.02, 3e-3, 0.05
FALLING = 0.5  # share of the time box in which the rates fall
FORGETS = 0.5  # share of the rows whose actions before are blanked: one that may copy them copies idleness for ever
BUTTON_WEIGHT = 10.0  # the mean over buttons is small: most of them are almost never pressed


def reader_config(kind: str, tier: Tier) -> ReaderConfig:
    text = tier.text
    words = len(make_tokenizer(tier).words)
    return ReaderConfig(kind, tier.autoencoder.colour_channels, text.length, words, text.hash_buckets)


def captioner_loss(model: Captioner, latents: Tensor, said: Tensor) -> dict[str, Tensor]:
    """said int64 [B,P]: the mean over the words of each caption and the 0 that ends it."""
    told = torch.cat([torch.zeros_like(said[:, :1]), said[:, :-1]], 1)
    logits = model(latents, told).float()
    counts = torch.cat([torch.ones_like(said[:, :1], dtype=torch.bool), said[:, :-1] > 0], 1)
    word = F.cross_entropy(logits.transpose(1, 2), said, reduction="none", label_smoothing=0.02)
    return {"loss": word[counts].mean()}


def nearest_bin(axes: Tensor) -> Tensor:
    """Axis values [...] to the index of the nearest camera bin."""
    bins = torch.tensor(CAMERA_BINS, device=axes.device)
    return torch.bucketize(axes.contiguous(), (bins[1:] + bins[:-1]) / 2)


def policy_loss(model: Policy, window: Window) -> dict[str, Tensor]:
    buttons, camera = model(window.latents, window.actions, window.tokens)
    pressed, axes = window.next_actions.split([BUTTON_COUNT, 2], -1)
    press = F.binary_cross_entropy_with_logits(buttons.float(), (pressed > 0.5).float())
    turn = F.cross_entropy(camera.float().flatten(0, 3), nearest_bin(axes).flatten())
    return {"loss": BUTTON_WEIGHT * press + turn, "press": press, "turn": turn}


class ReaderTraining(Resumable):
    """Model, optimisers, average and the random state: all that a resumed run needs."""

    def __init__(self, kind: str, tier: Tier, device: torch.device):
        self.kind, self.device = kind, device
        self.tier = reader_config(kind, tier)
        self.words = make_tokenizer(tier).words
        self.model = KINDS[kind](self.tier).to(device)
        self.optimisers = Optimisers(self.model, KEEP_ADAM, MUON_LR, ADAM_LR, DECAY_RATE)
        self.average = Average(self.model)
        self.steps, self.seconds = 0, 0.0
        self.rng = np.random.default_rng(0)

    def step(self, windows: Windows, batch_size: int, progress: float, bf16: bool) -> dict[str, float]:
        """One optimiser step on fresh windows; returns the loss terms."""
        self.model.train()
        with torch.autocast(self.device.type, torch.bfloat16, enabled=bf16):
            losses = self.losses(windows, batch_size)
        losses["loss"].backward()
        norm = self.optimisers.step(warmup_stable_decay(self.steps, progress, decay=FALLING))
        self.steps += 1
        self.average.update(self.model, self.steps)
        return {name: float(value.detach()) for name, value in losses.items()} | {"norm": norm}

    def losses(self, windows: Windows, batch_size: int) -> dict[str, Tensor]:
        if self.kind == "captioner":
            latents, said = windows.captions(self.rng, batch_size)
            return captioner_loss(self.model, latents.to(self.device), said.to(self.device))
        window = windows.actions(self.rng, batch_size)
        forgets = torch.from_numpy(self.rng.random(batch_size) < FORGETS)
        window = replace(window, actions=window.actions * ~forgets[:, None, None, None])
        return policy_loss(self.model, Window(**{name: value.to(self.device) for name, value in vars(window).items()}))

    def publish(self, out: Path) -> None:
        """Writes `reader.pt`: the averaged weights and the words they know."""
        saved = {"model": self.average.values, "words": self.words, "steps": self.steps, "seconds": self.seconds}
        checkpoint.save(out / "reader.pt", self.tier, **saved)


def load_reader(kind: str, tier: Tier, folder: Path) -> tuple[nn.Module, dict]:
    """The finished reader of a run folder and its checkpoint. ValueError when it does not fit code and tier."""
    config = reader_config(kind, tier)
    saved = checkpoint.load(folder / "reader.pt")
    if saved["config_hash"] != config.hash() or saved["words"] != make_tokenizer(tier).words:
        raise ValueError(f"{folder} holds a {saved['tier']} of other words or architecture than the {tier.name} {kind}")
    model = KINDS[kind](config)
    model.load_state_dict(saved["model"])
    return model.eval(), saved


def run(options: argparse.Namespace, windows: Windows) -> None:
    device = prepare_device(options)
    training = ReaderTraining(options.reader, TIERS[options.tier], device)
    if options.resume and (options.resume / "training.pt").exists():
        training.load(options.resume / "training.pt")
    log, box = Log(options.out / "log.jsonl"), TimeBox(options.minutes, training.seconds)
    clips = [len(clips) for clips in windows.sizes]
    log.write(event="start", step=training.steps, clips=clips, options=vars(options) | paths(options))
    saved_at = time.monotonic()
    while box.progress < 1 and training.steps < options.steps:
        report = training.step(windows, options.batch, box.progress, options.bf16)
        training.seconds = box.elapsed
        if training.steps % options.log_every == 0:
            log.write(step=training.steps, progress=box.progress, seconds=box.elapsed, **report)
        if time.monotonic() - saved_at > options.save_seconds:
            training.save(options.out / "training.pt")
            training.publish(options.out)
            saved_at = time.monotonic()
    training.save(options.out / "training.pt")
    training.publish(options.out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reader", choices=sorted(KINDS), required=True)
    parser.add_argument("--tier", choices=sorted(TIERS), default="nano")
    parser.add_argument("--minutes", type=float, required=True, help="time box; resumed minutes count")
    parser.add_argument("--steps", type=int, default=10**9, help="stop earlier, after this many optimiser steps")
    parser.add_argument("--latents", type=Path, required=True, help="latent bank")
    parser.add_argument("--bank", type=Path, required=True, help="the clip bank it was made of")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--resume", type=Path, help="run folder to go on from; often the same as --out")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--bf16", action="store_true", help="bf16 autocast; weights stay fp32")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rng-seed", type=int, default=0)
    parser.add_argument("--save-seconds", type=float, default=120)
    parser.add_argument("--log-every", type=int, default=20)
    options = parser.parse_args()
    tier = TIERS[options.tier]
    width, height = tier.sizes[0]
    try:
        sizes, _ = open_clips(options.latents, options.bank, f"{width}x{height}")
    except (OSError, ValueError) as error:
        parser.error(str(error))
    run(options, Windows(sizes, make_tokenizer(tier)))


if __name__ == "__main__":
    main()
