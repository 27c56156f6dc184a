"""Muon for the matrices inside the networks, AdamW for everything else, one schedule for both.

Muon: Keller Jordan, https://kellerjordan.github.io/posts/muon; coefficients of the Newton-Schulz iteration from there.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)


def orthogonalise(matrix: Tensor, iterations: int = 5) -> Tensor:
    """[m,n] -> about the nearest matrix with singular values 1 (they end between 0.7 and 1.2)."""
    a, b, c = NEWTON_SCHULZ
    x = matrix.bfloat16()
    x = x / (x.norm() + 1e-7)
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    for _ in range(iterations):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.T if tall else x).to(matrix.dtype)


class Muon(torch.optim.Optimizer):
    """Momentum, then orthogonalised updates. Convolution kernels count as matrices [out, in*k*k]."""

    def __init__(self, params: Iterable[Tensor], lr: float, momentum: float = 0.95, weight_decay: float = 0.01):
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            for param in group["params"]:
                if param.grad is None:
                    continue
                state = self.state[param]
                if not state:
                    state["momentum"] = torch.zeros_like(param)
                state["momentum"].lerp_(param.grad, 1 - group["momentum"])
                direction = param.grad.lerp(state["momentum"], group["momentum"]).flatten(1)  # Nesterov
                update = orthogonalise(direction)
                scale = max(1.0, update.shape[0] / update.shape[1]) ** 0.5
                param.mul_(1 - group["lr"] * group["weight_decay"])
                param.add_(update.view_as(param), alpha=-group["lr"] * scale)


def split_parameters(model: nn.Module, keep_adam: tuple[str, ...]) -> tuple[list[Tensor], list[Tensor]]:
    """(Muon's, AdamW's): matrices go to Muon unless their name starts with one of `keep_adam`."""
    matrices, others = [], []
    for name, param in model.named_parameters():
        if not param.requires_grad:
            continue
        is_matrix = param.ndim >= 2 and not name.startswith(keep_adam)
        (matrices if is_matrix else others).append(param)
    return matrices, others


class Optimisers:
    """Muon and AdamW as one thing: one step, one learning-rate factor, one state dict."""

    def __init__(
        self, model: nn.Module, keep_adam: tuple[str, ...], muon_lr: float, adam_lr: float, decay: float = 0.01
    ):
        matrices, others = split_parameters(model, keep_adam)
        self.parts = [torch.optim.AdamW(others, lr=adam_lr, betas=(0.9, 0.95), eps=1e-10, weight_decay=0.0)]
        self.peaks = [adam_lr]
        if matrices:
            self.parts.append(Muon(matrices, lr=muon_lr, weight_decay=decay))
            self.peaks.append(muon_lr)
        self.params = matrices + others

    def step(self, factor: float, clip: float = 1.0) -> float:
        """Applies the gradients at `factor` times the peak rates; returns the gradient norm before clipping."""
        norm = torch.nn.utils.clip_grad_norm_(self.params, clip)
        for part, peak in zip(self.parts, self.peaks, strict=True):
            part.param_groups[0]["lr"] = peak * factor
            part.step()
            part.zero_grad(set_to_none=True)
        return float(norm)

    def state_dict(self) -> list[dict]:
        return [part.state_dict() for part in self.parts]

    def load_state_dict(self, states: list[dict]) -> None:
        for part, state in zip(self.parts, states, strict=True):
            part.load_state_dict(state)


def take_step(optimiser: torch.optim.Optimizer, rate: float, clip: float = 1.0) -> None:
    """Applies the clipped gradients of an optimiser with one group of parameters, and clears them."""
    group = optimiser.param_groups[0]
    torch.nn.utils.clip_grad_norm_(group["params"], clip)
    group["lr"] = rate
    optimiser.step()
    optimiser.zero_grad(set_to_none=True)


def warmup_stable_decay(step: int, progress: float, warmup: int = 100, decay: float = 0.25) -> float:
    """Learning-rate factor: linear warm-up by optimiser step, constant, then linear to 2 % over the last `decay`.

    `progress` is the used part of the time box, 0..1: what ends a run here is the clock, not a step count.
    """
    rise = min(1.0, (step + 1) / warmup)
    fall = min(1.0, max(0.02, (1 - progress) / decay))
    return rise * fall


class Average:
    """Exponential moving average of a model's parameters and buffers, in fp32.

    The rate rises with the step count, so that an average over a short run is not mostly its random start.
    """

    def __init__(self, model: nn.Module, rate: float = 0.999):
        self.rate = rate
        self.values = {name: value.detach().clone() for name, value in model.state_dict().items()}

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        rate = min(self.rate, (1 + step) / (10 + step))
        for name, value in model.state_dict().items():
            if value.is_floating_point():
                self.values[name].lerp_(value, 1 - rate)
            else:
                self.values[name].copy_(value)
