from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from sora_world.config import TINY
from sora_world.data.batches import ClipBank
from sora_world.models.autoencoder import Autoencoder, LinearPath, to_bytes, to_network
from sora_world.train.autoencoder import AutoencoderTraining, LiveUnits, measure_latents, revive
from sora_world.train.checkpoint import load_weights
from sora_world.train.reconstruction import LatentShaping


def test_overfits_a_few_clips(clip_bank_folder):
    """Depth and block ids are learned while the pictures of the linear path are at least kept."""
    source = ClipBank(clip_bank_folder)
    training = AutoencoderTraining(TINY, torch.device("cpu"), 2e-3, LatentShaping(0.0, 0.0, 0.0))
    linear = training.start(source)
    reports = [training.step(source, 2, progress=0.0, bf16=False) for _ in range(80)]
    loss = [report["loss"] for report in reports]
    psnr = [report["psnr"] for report in reports]
    assert sum(loss[-10:]) < 0.9 * sum(loss[:10])
    assert sum(psnr[-10:]) / 10 > linear - 0.5


def test_streaming_decode_equals_parallel_decode():
    torch.manual_seed(0)
    model = Autoencoder(TINY.autoencoder).eval()
    torch.nn.init.normal_(model.decoder.remember.second.weight, std=0.1)
    raw = torch.randn(2, 3, TINY.autoencoder.latent_channels, 3, 4)
    with torch.no_grad():
        parallel = model.decode_clip(raw)["frames"]
        state = model.empty_state(raw[:, 0])
        for t in range(3):
            decoded = model.decode(raw[:, t], state)
            state = decoded["state"]
            assert torch.allclose(decoded["frames"], parallel[:, t], atol=1e-5)


@pytest.mark.parametrize("kernel", [1, 3])
def test_the_linear_path_writes_blocks_of_its_patches(kernel):
    torch.manual_seed(0)
    linear = LinearPath(replace(TINY.autoencoder, linear_kernel=kernel))
    colour = torch.randn(2, TINY.autoencoder.colour_channels, 3, 5)
    patches = torch.nn.functional.conv2d(colour, linear.weight, linear.bias, padding=kernel // 2)
    pictures = torch.nn.functional.pixel_shuffle(patches, 16).reshape(8, 3, 48, 80)
    assert torch.allclose(torch.nn.functional.pixel_shuffle(linear(colour), 4), pictures, atol=1e-5)


def test_a_kernel_of_which_only_the_middle_is_used_becomes_smaller():
    wide, narrow = (Autoencoder(replace(TINY.autoencoder, linear_kernel=kernel)) for kernel in (3, 1))
    saved = wide.state_dict()
    linear = saved["decoder.linear.weight"]
    middle = linear[..., 1:2, 1:2].clone()
    linear.zero_()[..., 1:2, 1:2] = middle
    assert load_weights(narrow, saved) == ["decoder.linear.weight"]  # an optimiser's past would not fit
    assert torch.equal(narrow.decoder.linear.weight, middle)
    linear[0, 0, 0, 0] = 1
    with pytest.raises(ValueError, match="does not fit"):
        load_weights(narrow, saved)


def test_any_size_that_is_a_multiple_of_sixteen():
    model = Autoencoder(TINY.autoencoder)
    latent = model.encode(torch.zeros(1, 4, 3, 96, 32))
    assert latent.shape == (1, TINY.autoencoder.latent_channels, 6, 2)
    decoded = model.decode(latent, model.empty_state(latent))
    assert decoded["frames"].shape == (1, 4, 3, 96, 32)
    assert decoded["inverse_depth"].shape == (1, 4, 12, 4)


def test_measured_latents_are_normalised(clip_bank_folder):
    torch.manual_seed(0)
    model, source = Autoencoder(TINY.autoencoder), ClipBank(clip_bank_folder)
    measure_latents(model, source, np.random.default_rng(0), 8, torch.device("cpu"))
    frames = to_network(source.sample(np.random.default_rng(1), 16, 1).rgb)
    latent = model.encode(frames)
    assert latent.mean().abs() < 0.3
    assert 0.7 < latent.std() < 1.3


def test_pictures_survive_the_trip_to_network_values_and_back():
    frames = torch.randint(0, 256, (1, 2, 4, 5, 3), dtype=torch.uint8)
    assert torch.equal(to_bytes(to_network(frames)), frames)


def test_new_inputs_are_filled_with_zeros_and_keep_the_old_function():
    old, new = torch.nn.Linear(3, 2), torch.nn.Linear(5, 2)
    filled = load_weights(new, old.state_dict())
    assert filled == ["weight"]
    x = torch.randn(4, 5)
    assert torch.allclose(new(x), old(x[:, :3]), atol=1e-6)


def test_dead_blocks_are_noticed_and_revived(clip_bank_folder):
    """Dead: every unit negative for every input. A revived block leaves the pictures as they were."""
    source = ClipBank(clip_bank_folder)
    training = AutoencoderTraining(TINY, torch.device("cpu"), 1e-3)
    live = LiveUnits(training.model)
    torch.nn.init.constant_(training.model.decoder.middle[0].first.bias, -100.0)
    frames = to_network(source.sample(np.random.default_rng(0), 2, 1).rgb)
    latent = training.model.encode(frames)
    before = training.model.decode(latent, training.model.empty_state(latent))["frames"]
    assert live.report() == {"least_live": 0.0, "least_live_block": "decoder.middle.0"}
    assert revive(training, source, live) == ["decoder.middle.0"]
    after = training.model.decode(latent, training.model.empty_state(latent))["frames"]
    assert torch.allclose(before, after, atol=1e-5)
    assert live.report()["least_live"] > 0.1
