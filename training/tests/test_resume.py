from __future__ import annotations

import torch

from sora_world.config import MEMORY_CELL, MEMORY_CHANNELS, TINY
from sora_world.data.batches import ClipBank
from sora_world.data.latents import LatentBatch
from sora_world.train.autoencoder import AutoencoderTraining
from sora_world.train.denoiser import DenoiserTraining

WORDS = ["<pad>", "a", "red", "green", "blue", "world"]


def make_denoiser_training() -> DenoiserTraining:
    torch.manual_seed(0)
    return DenoiserTraining(TINY, WORDS, torch.device("cpu"), muon_lr=0.02, adam_lr=3e-3)


def striped_latents(rows: int = 8, chunks: int = 4) -> LatentBatch:
    """Latents that move by one cell per chunk in the direction of the action; the caption sets their sign."""
    generator = torch.Generator().manual_seed(3)
    channels, text = TINY.autoencoder.latent_channels, TINY.text
    start = torch.randn(rows, channels, 3, 4, generator=generator)
    direction = torch.randint(0, 2, (rows,), generator=generator) * 2 - 1
    latents = torch.stack(
        [torch.stack([s.roll(int(d) * t, -1) for t in range(chunks)]) for s, d in zip(start, direction, strict=True)]
    )
    actions = torch.zeros(rows, chunks, 4, 21)
    actions[..., 19] = direction[:, None, None]
    tokens = torch.ones(rows, chunks, text.length, dtype=torch.int64)
    memory = torch.zeros(rows, chunks, MEMORY_CHANNELS, 3 * MEMORY_CELL, 4 * MEMORY_CELL)
    return LatentBatch(latents, actions, torch.zeros(rows, chunks, 4, 6), tokens, memory)


def test_denoiser_overfits():
    training, batch = make_denoiser_training(), striped_latents()
    losses = [training.step(batch, 0.0, False, shortcuts_from=0.5)["loss"] for _ in range(80)]
    assert sum(losses[-10:]) < 0.6 * sum(losses[:10])


def test_denoiser_resume_continues_exactly(tmp_path):
    training, batch = make_denoiser_training(), striped_latents()
    for _ in range(3):
        training.step(batch, 0.6, False, shortcuts_from=0.5)
    training.save(tmp_path / "training.pt")
    expected = [training.step(batch, 0.6, False, shortcuts_from=0.5)["loss"] for _ in range(3)]
    torch.manual_seed(99)
    resumed = DenoiserTraining(TINY, WORDS, torch.device("cpu"), 0.02, 3e-3)
    resumed.load(tmp_path / "training.pt")
    assert [resumed.step(batch, 0.6, False, shortcuts_from=0.5)["loss"] for _ in range(3)] == expected


def test_autoencoder_resume_continues_exactly(tmp_path, clip_bank_folder):
    source = ClipBank(clip_bank_folder)
    training = AutoencoderTraining(TINY, torch.device("cpu"), 1e-3)
    for _ in range(2):
        training.step(source, 2, 0.0, bf16=False)
    training.save(tmp_path / "training.pt")
    expected = [training.step(source, 2, 0.0, bf16=False)["loss"] for _ in range(2)]
    resumed = AutoencoderTraining(TINY, torch.device("cpu"), 1e-3)
    resumed.load(tmp_path / "training.pt")
    assert [resumed.step(source, 2, 0.0, bf16=False)["loss"] for _ in range(2)] == expected
