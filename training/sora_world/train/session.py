"""What both trainers share: the time box, the JSONL log, the choice of device."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import torch


class TimeBox:
    """Progress 0..1 through a number of minutes, across resumed runs."""

    def __init__(self, minutes: float, used_seconds: float = 0.0):
        self.seconds, self.used, self.started = minutes * 60, used_seconds, time.monotonic()

    @property
    def elapsed(self) -> float:
        return self.used + time.monotonic() - self.started

    @property
    def progress(self) -> float:
        return min(1.0, self.elapsed / self.seconds)


class Log:
    """One JSON object per line to a file and, shortened, to the terminal."""

    def __init__(self, path: Path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file = path.open("a")

    def write(self, **values) -> None:
        line = json.dumps({k: round(v, 5) if isinstance(v, float) else v for k, v in values.items()})
        print(line, file=self.file, flush=True)
        print(line, flush=True)


def common_arguments(description: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--tier", default="nano")
    parser.add_argument("--minutes", type=float, required=True, help="time box; resumed minutes count")
    parser.add_argument("--steps", type=int, default=10**9, help="stop earlier, after this many optimiser steps")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--resume", type=Path, help="run folder to go on from; often the same as --out")
    parser.add_argument("--bank", type=Path, help="clip bank; without it clips are rendered on the device")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--bf16", action="store_true", help="bf16 autocast; weights stay fp32")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rng-seed", type=int, default=0)
    parser.add_argument("--save-seconds", type=float, default=180)
    parser.add_argument("--log-every", type=int, default=20)
    return parser


def prepare_device(options: argparse.Namespace) -> torch.device:
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.rng_seed)
    torch.set_float32_matmul_precision("high")
    return torch.device(options.device)
