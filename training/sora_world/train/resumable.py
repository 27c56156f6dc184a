"""What any training run needs to go on exactly where it stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from sora_world.config import Tier
from sora_world.train import checkpoint
from sora_world.train.optim import Average, Optimisers


class Resumable:
    """A training run's state in one file: weights, their average, optimisers, counters, both random generators."""

    tier: Tier
    model: nn.Module
    average: Average
    optimisers: Optimisers
    steps: int
    seconds: float
    rng: np.random.Generator
    warm_since = 0  # step at which the optimisers started without a past

    @property
    def warm_steps(self) -> int:
        """Steps of the optimisers, for the warm-up of their rates."""
        return self.steps - self.warm_since

    def parts(self) -> dict[str, Any]:
        """What goes into the file; subclasses add their own."""
        return {
            "model": self.model.state_dict(),
            "average": self.average.values,
            "optimisers": self.optimisers.state_dict(),
            "steps": self.steps,
            "seconds": self.seconds,
            "torch_rng": torch.get_rng_state(),
            "data_rng": self.rng.bit_generator.state,
        }

    def save(self, path: Path) -> None:
        checkpoint.save(path, self.tier, **self.parts())

    def load(self, path: Path) -> None:
        """Goes on from `path`. Where weights are older than the code or come alone, the rest starts anew."""
        saved = checkpoint.load(path)
        filled = checkpoint.load_weights(self.model, saved["model"])
        average = checkpoint.fitted(self.model, saved["average"])[0]
        self.average.values = {name: average[name].to(value.device) for name, value in self.model.state_dict().items()}
        self.steps, self.seconds = saved["steps"], saved["seconds"]
        if "optimisers" in saved and not filled:
            self.optimisers.load_state_dict(saved["optimisers"])
        else:
            self.warm_since = self.steps
        if "torch_rng" not in saved:
            return
        torch.set_rng_state(saved["torch_rng"])
        self.rng.bit_generator.state = saved["data_rng"]
