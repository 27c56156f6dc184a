from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from sora_world.config import KNOWN, TINY, VIEW_CHANNELS
from sora_world.data import bank
from sora_world.data.latents import LatentBank, write_encoded
from sora_world.data.synthetic import render_clips
from sora_world.models.autoencoder import Autoencoder
from sora_world.models.depth import from_code, to_code
from sora_world.train import checkpoint, depth, depth_decoder
from sora_world.train.autoencoder import AutoencoderTraining
from sora_world.train.denoiser import DenoiserTraining
from sora_world.train.more_channels import take_over, with_channels

CONFIG = TINY.autoencoder
WORDS = ["<pad>", "a", "red", "green", "blue", "world"]


def opened(model: torch.nn.Module) -> torch.nn.Module:
    """With zero projections opened, so that every input matters."""
    for param in model.parameters():
        if not param.any():
            torch.nn.init.normal_(param, std=0.1)
    return model.eval()


@pytest.fixture
def autoencoder() -> Autoencoder:
    torch.manual_seed(0)
    return opened(Autoencoder(CONFIG))


def test_code_is_the_logarithm_of_each_place():
    inverse = torch.rand(2, 4, 6, 8) + 0.02
    inverse[:, :, :2] = 0  # sky
    code = to_code(inverse)
    assert code.shape == (2, 16, 3, 4)
    assert torch.allclose(from_code(code), inverse, atol=1e-5)
    half = to_code(inverse * 0.5 - 0.0025) - code  # half of inverse + 0.005: the same step for near and far
    assert torch.allclose(half[:, :, 1:], half[0, 0, 1, 0].expand_as(half[:, :, 1:]), atol=1e-4)


@torch.no_grad()
def test_depth_that_is_not_known_is_guessed(autoencoder):
    frames = torch.rand(2, 4, 3, 48, 64) * 2 - 1
    inverse = torch.rand(2, 4, 6, 8)
    inverse[1] = 0
    told, guessed = autoencoder.encode(frames, inverse), autoencoder.encode(frames)
    colours = CONFIG.colour_channels
    assert told.shape == (2, CONFIG.latent_channels, 3, 4)
    assert torch.equal(told[:, :colours], guessed[:, :colours])
    assert torch.allclose(told[1], guessed[1], atol=1e-6)
    assert not torch.allclose(told[0, colours:], guessed[0, colours:], atol=1e-2)


@torch.no_grad()
def test_pictures_do_not_depend_on_the_depth_channels(autoencoder):
    latent = torch.randn(1, CONFIG.latent_channels, 3, 4)
    other = latent.clone()
    other[:, CONFIG.colour_channels :] += 1
    a, b = (autoencoder.decode(z, autoencoder.empty_state(z)) for z in (latent, other))
    assert torch.equal(a["frames"], b["frames"]) and torch.equal(a["state"], b["state"])
    assert not torch.allclose(a["inverse_depth"], b["inverse_depth"], rtol=1e-2)


def test_channel_weights_have_one_for_every_channel(autoencoder):
    weights = autoencoder.channel_weights()
    assert weights.shape == (CONFIG.latent_channels,)
    assert torch.isclose(weights.mean(), torch.tensor(1.0), atol=1e-5)


def options(folder: Path, steps: int) -> argparse.Namespace:
    return argparse.Namespace(
        tier="tiny", device="cpu", threads=1, rng_seed=0, minutes=5, steps=steps, batch=16, adam_lr=4e-3, log_every=20,
        autoencoder=folder / "old", bank=folder / "bank", out=folder / "new",
    )  # fmt: skip


def test_training_gives_an_older_autoencoder_depth_and_leaves_its_picture(tmp_path):
    """The older one has no such channels; what its decoder knew of depth is dropped."""
    for rng_seed in range(depth.HELD_OUT_SHARDS + 2):
        bank.fill(tmp_path / "bank", render_clips, 64, 48, count=4, frames=16, rng_seed=rng_seed)
    plain = dataclasses.replace(CONFIG, latent_channels=CONFIG.colour_channels, depth_channels=0)
    tier = dataclasses.replace(TINY, autoencoder=plain)
    torch.manual_seed(0)
    old = AutoencoderTraining(tier, torch.device("cpu"), 1e-3)
    opened(old.model)
    old.model.mean += 0.5
    old.save(tmp_path / "old" / "training.pt")
    depth.run(options(tmp_path, steps=300))
    saved = checkpoint.load(tmp_path / "new" / "autoencoder.pt")
    model = Autoencoder(CONFIG)
    model.load_state_dict(saved["model"])
    frames = torch.rand(1, 4, 3, 48, 64) * 2 - 1
    with torch.no_grad():
        before, after = old.model.encode(frames), model.encode(frames)
        assert torch.equal(before, after[:, : CONFIG.colour_channels])
        shown = [m.decode(z, m.empty_state(z))["frames"] for m, z in ((old.model, before), (model, after))]
    assert torch.equal(*shown)
    assert bool((model.deviation[CONFIG.colour_channels :] > 1e-2).all())
    first = dict(errors_of(Autoencoder(CONFIG), tmp_path))
    trained = dict(errors_of(model, tmp_path))
    assert trained["told"] < 0.5 * first["told"]
    assert trained["told"] < trained["guessed"]


def errors_of(model: Autoencoder, folder: Path) -> dict[str, float]:
    shards = depth.ClipBank(folder / "bank").sizes["64x48"][: depth.HELD_OUT_SHARDS]
    return depth.measure(model, [depth.encode_shard(model, shard) for shard in shards])


def test_a_bank_with_nothing_to_learn_from_is_refused(tmp_path, clip_bank_folder):
    with pytest.raises(ValueError, match="held out"):
        depth.encode_bank(Autoencoder(CONFIG), depth.ClipBank(clip_bank_folder), depth.Log(tmp_path / "log.jsonl"))


def latent_bank(folder: Path) -> Path:
    generator = torch.Generator().manual_seed(0)
    fields = {
        "latents": torch.randn(16, 4, CONFIG.latent_channels, 3, 4, generator=generator),
        "actions": torch.zeros(16, 4, 4, 21),
        "pose": torch.zeros(16, 4, 4, 6),
        "tokens": torch.ones(16, 4, TINY.text.length, dtype=torch.int64),
        "memory": torch.randint(0, 256, (16, 4, 24, 24, 32), generator=generator).byte(),
    }
    fields["memory"][:, :, KNOWN::VIEW_CHANNELS] = 255
    write_encoded(folder / "64x48" / "shard-000000.pt", fields)
    return folder


def test_a_denoiser_keeps_what_it_knew_when_latents_get_more_channels(tmp_path):
    plain = dataclasses.replace(CONFIG, latent_channels=CONFIG.colour_channels, depth_channels=0)
    torch.manual_seed(0)
    device = torch.device("cpu")
    old = DenoiserTraining(dataclasses.replace(TINY, autoencoder=plain), WORDS, device, 0.02, 1e-3)
    opened(old.model)
    old.average = type(old.average)(old.model)
    old.steps, old.seconds = 7, 60.0
    old.save(tmp_path / "old" / "training.pt")
    bank_folder = latent_bank(tmp_path / "latents")
    new, _ = take_over(tmp_path / "old", TINY, bank_folder)
    assert (new.steps, new.seconds) == (7, 60.0)
    batch = LatentBank(bank_folder).sample(np.random.default_rng(0), 2)
    few = batch.latents[:, :, : CONFIG.colour_channels]
    told = given(batch)
    with torch.no_grad():
        before = old.model.denoiser(few, few, *told)
        after = new.model.denoiser(batch.latents, batch.latents, *told)
    assert torch.allclose(after[0][:, :, : CONFIG.colour_channels], before[0], atol=1e-5)
    assert torch.allclose(after[1], before[1], atol=1e-5)
    assert new.model.denoiser.recall.weight[CONFIG.colour_channels :].any()


def given(batch) -> list[torch.Tensor]:
    rows, chunks = batch.latents.shape[:2]
    levels = torch.full((rows, chunks), 0.5)
    text, width = TINY.text, TINY.denoiser.width
    return [
        levels, levels, batch.actions, torch.randn(rows, chunks, text.query_tokens, text.width),
        torch.randn(rows, chunks, width), torch.zeros(rows, chunks), torch.ones(rows, chunks, chunks), None, None,
        batch.memory,
    ]  # fmt: skip


def test_only_what_holds_latents_is_widened():
    weights = {"denoiser.enter.weight": torch.ones(32, 3 * 8 + 10), "denoiser.pose.weight": torch.ones(6, 64)}
    wide = with_channels(weights, 8, TINY)
    assert wide["denoiser.enter.weight"].shape == (32, 3 * 10 + 10)
    assert wide["denoiser.enter.weight"][0].tolist() == [1] * 8 + [0] * 2 + [1] * 8 + [0] * 2 + [1] * 18 + [0] * 2
    assert wide["denoiser.pose.weight"] is weights["denoiser.pose.weight"]


def test_the_decoder_of_depth_learns_what_to_believe(tmp_path):
    """Predicted latents whose depth channels say nothing: the picture's channels must do."""
    generator = torch.Generator().manual_seed(1)
    torch.manual_seed(0)
    training = AutoencoderTraining(TINY, torch.device("cpu"), 1e-3)
    opened(training.model)
    training.save(tmp_path / "old" / "training.pt")
    checkpoint.save(tmp_path / "old" / "autoencoder.pt", TINY, model=training.model.state_dict(), steps=0)
    for shard in range(depth_decoder.HELD_OUT_SHARDS + 2):
        latents = torch.randn(16, 4, CONFIG.latent_channels, 3, 4, generator=generator)
        latents[:, :, CONFIG.colour_channels :] = latents[:, :, : CONFIG.depth_channels]
        made = latents.clone()
        made[:, :, CONFIG.colour_channels :] = 3
        write_encoded(tmp_path / "latents" / f"shard-{shard}.pt", {"latents": latents})
        write_encoded(tmp_path / "predicted" / f"shard-{shard}.pt", {"predicted": made})
    told = options(tmp_path, steps=300)
    told.latents, told.predicted = tmp_path / "latents", tmp_path / "predicted"
    depth_decoder.run(told)
    lines = [json.loads(line) for line in (tmp_path / "new" / "log.jsonl").read_text().splitlines()]
    first, last = lines[0], lines[-1]
    assert first["true"] < 1e-6
    assert last["predicted"] < 0.6 * first["predicted"]
    before, after = training.model.state_dict(), checkpoint.load(tmp_path / "new" / "autoencoder.pt")["model"]
    changed = {name for name, value in before.items() if not torch.equal(value, after[name])}
    assert changed and all(name.startswith("decoder.depth.") for name in changed)
