"""Shared fixtures: a tiny clip bank of the synthetic world, and tiny networks."""

from __future__ import annotations

import pytest
import torch

from sora_world.config import TINY
from sora_world.data import bank
from sora_world.data.synthetic import render_clips
from sora_world.models.denoiser import Denoiser

torch.set_num_threads(1)  # tiny tensors: a second thread only waits


@pytest.fixture(scope="session")
def clip_bank_folder(tmp_path_factory):
    """Four clips of 64x48, 16 frames each."""
    folder = tmp_path_factory.mktemp("bank")
    bank.fill(folder, render_clips, 64, 48, count=4, frames=16, rng_seed=1)
    return folder


@pytest.fixture
def tiny_denoiser() -> Denoiser:
    """Random, with its zero projections opened, so that every input matters."""
    torch.manual_seed(0)
    model = Denoiser(TINY).eval()
    for param in model.parameters():
        if not param.any():
            torch.nn.init.normal_(param, std=0.1)
    return model
