"""Trains one judge.

    python -m sora_world.judges.train --judge scene --minutes 25 --banks .runs/judge-bank --out .runs/judge-scene

Ends when the clock says so; the rates fall over most of it and the average of the weights is what counts. Every
`--save-seconds` it writes a checkpoint to go on from and `judge.pt`, the average so far.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from sora_world.judges.config import JudgeConfig
from sora_world.judges.data import Banks, open_banks
from sora_world.judges.degrade import degrade
from sora_world.judges.losses import dynamics_loss, scene_loss
from sora_world.judges.models import DYNAMICS, SCENE, DynamicsJudge, SceneJudge
from sora_world.train import checkpoint
from sora_world.train.autoencoder import paths
from sora_world.train.optim import Average, Optimisers, warmup_stable_decay
from sora_world.train.resumable import Resumable
from sora_world.train.session import Log, TimeBox, prepare_device

KINDS: dict[str, tuple[type[nn.Module], JudgeConfig, Callable]] = {
    "scene": (SceneJudge, SCENE, scene_loss),
    "dynamics": (DynamicsJudge, DYNAMICS, dynamics_loss),
}
# First layers and heads to AdamW, the matrices between them to Muon, which batch norm keeps in bounds.
KEEP_ADAM = ("enter", "block_id", "face", "log_depth", "attributes", "shares", "attention", "turn", "keys")
MUON_LR, ADAM_LR = 0.02, 2e-3
DECAY = 0.6  # share of the time box in which the rates fall; what is learnt late in it is most of the precision


class JudgeTraining(Resumable):
    """Model, optimisers, average and the random state: all that a resumed run needs."""

    def __init__(self, kind: str, device: torch.device):
        make, self.tier, self.loss = KINDS[kind]
        self.kind, self.device = kind, device
        self.model = make(self.tier).to(device, memory_format=torch.channels_last)
        self.optimisers = Optimisers(self.model, KEEP_ADAM, MUON_LR, ADAM_LR)
        self.average = Average(self.model)
        self.steps, self.seconds = 0, 0.0
        self.rng = np.random.default_rng(0)

    def step(self, banks: Banks, batch_size: int, progress: float, bf16: bool) -> dict[str, float]:
        """One optimiser step on fresh rows; returns the loss terms."""
        sample = banks.sample_scenes if self.kind == "scene" else banks.sample_dynamics
        batch = sample(self.rng, batch_size)
        frames = self.spoil(batch.frames).to(self.device)
        truth = type(batch)(**{name: value.to(self.device) for name, value in vars(batch).items()})
        self.model.train()
        with torch.autocast(self.device.type, torch.bfloat16, enabled=bf16):
            answers = self.model(frames)
        total, report = self.loss(answers, truth)
        total.backward()
        report["norm"] = self.optimisers.step(warmup_stable_decay(self.steps, progress, decay=DECAY))
        self.steps += 1
        self.average.update(self.model, self.steps)
        return report | {"loss": float(total.detach())}

    def spoil(self, frames: Tensor) -> Tensor:
        return degrade(frames[:, None])[:, 0] if self.kind == "scene" else degrade(frames)

    def publish(self, out: Path) -> None:
        """Writes `judge.pt`: the averaged weights."""
        checkpoint.save(out / "judge.pt", self.tier, model=self.average.values, steps=self.steps, seconds=self.seconds)


def load_judge(kind: str, folder: Path) -> nn.Module:
    """The finished judge of a run folder. ValueError when the code has another architecture by now."""
    make, config, _ = KINDS[kind]
    saved = checkpoint.load(folder / "judge.pt")
    if saved["config_hash"] != config.hash():
        raise ValueError(f"{folder} holds a {saved['tier']} judge of another architecture than this code's {kind}")
    model = make(config)
    model.load_state_dict(saved["model"])
    return model.eval()


def run(options: argparse.Namespace, banks: Banks) -> None:
    device = prepare_device(options)
    training = JudgeTraining(options.judge, device)
    if options.resume and (options.resume / "training.pt").exists():
        training.load(options.resume / "training.pt")
    log, box = Log(options.out / "log.jsonl"), TimeBox(options.minutes, training.seconds)
    log.write(event="start", step=training.steps, shards=banks.refresh(), options=vars(options) | paths(options))
    saved_at = time.monotonic()
    while box.progress < 1 and training.steps < options.steps:
        report = training.step(banks, options.batch, box.progress, options.bf16)
        training.seconds = box.elapsed
        if training.steps % options.log_every == 0:
            log.write(step=training.steps, progress=box.progress, seconds=box.elapsed, **report)
        if time.monotonic() - saved_at > options.save_seconds:
            training.save(options.out / "training.pt")
            training.publish(options.out)
            banks.refresh()
            saved_at = time.monotonic()
    training.save(options.out / "training.pt")
    training.publish(options.out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--judge", choices=sorted(KINDS), required=True)
    parser.add_argument("--minutes", type=float, required=True, help="time box; resumed minutes count")
    parser.add_argument("--steps", type=int, default=10**9, help="stop earlier, after this many optimiser steps")
    parser.add_argument("--banks", required=True, help="FOLDER=SHARE,FOLDER=SHARE: where the batches come from")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--resume", type=Path, help="run folder to go on from; often the same as --out")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--bf16", action="store_true", help="bf16 autocast; weights stay fp32")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rng-seed", type=int, default=0)
    parser.add_argument("--save-seconds", type=float, default=120)
    parser.add_argument("--log-every", type=int, default=20)
    options = parser.parse_args()
    try:
        banks = open_banks(options.banks)
    except ValueError as error:
        parser.error(str(error))
    run(options, banks)


if __name__ == "__main__":
    main()
