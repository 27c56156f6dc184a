"""Fixtures of the judges: a tiny bank of the real world, with labels as fine as the judges need them."""

from __future__ import annotations

import pytest

from sora_world.judges import bank
from sora_world.world.clips import render_clips


@pytest.fixture(scope="session")
def judge_bank_folder(tmp_path_factory):
    """Four clips of 64x48 and two of 48x64, 8 frames each."""
    folder = tmp_path_factory.mktemp("judge-bank")
    bank.fill(folder, render_clips, "64x48", 4, 8, rng_seed=1)
    bank.fill(folder, render_clips, "96x128/2", 2, 8, rng_seed=2)
    return folder
