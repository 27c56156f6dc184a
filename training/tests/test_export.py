from __future__ import annotations

import json

import numpy as np
import onnxruntime
import pytest
import torch

from sora_world.config import TINY
from sora_world.evaluate.__main__ import load_held_out
from sora_world.evaluate.runtime import Package, Play
from sora_world.export.graphs import DecoderGraph, EncoderGraph, denoiser_inputs, write_graphs
from sora_world.export.manifest import build_manifest, write_manifest
from sora_world.export.quantise import quantise_denoiser
from sora_world.flow.rollout import Rollout
from sora_world.models.autoencoder import Autoencoder
from sora_world.models.text import TextEncoder
from sora_world.train.denoiser import WorldModel

WORDS = ["<pad>", "a", "b"]


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """(folder, autoencoder, world) with opened zero projections."""
    torch.manual_seed(0)
    autoencoder = Autoencoder(TINY.autoencoder).eval()
    world = WorldModel(TINY, len(WORDS) + TINY.text.hash_buckets).eval()
    for param in [*autoencoder.parameters(), *world.parameters()]:
        if not param.any():
            torch.nn.init.normal_(param, std=0.1)
    folder = tmp_path_factory.mktemp("package")
    write_graphs(folder, TINY, autoencoder, world.text, world.denoiser)
    return folder, autoencoder, world


def run(folder, name: str, inputs: dict[str, torch.Tensor]) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(folder / f"{name}.onnx", providers=["CPUExecutionProvider"])
    return session.run(None, {key: value.numpy() for key, value in inputs.items()})


@pytest.mark.parametrize(
    ("batch", "chunks", "height", "width", "past"),
    [(1, 1, 3, 4, 3), (1, 8, 3, 4, 0), (1, 8, 4, 3, 3), (3, 1, 3, 3, 3), (2, 4, 3, 4, 3)],
)
def test_denoiser_parity(package, batch, chunks, height, width, past):
    folder, _, world = package
    inputs = denoiser_inputs(TINY, batch, chunks, height, width, past)
    with torch.no_grad():
        expected = world.denoiser(*inputs.values())
    for got, want in zip(run(folder, "denoiser", inputs), expected, strict=True):
        np.testing.assert_allclose(got, want.numpy(), atol=1e-4)


@pytest.mark.parametrize(("batch", "height", "width"), [(1, 3, 4), (2, 4, 3)])
def test_autoencoder_parity(package, batch, height, width):
    folder, autoencoder, _ = package
    frames = torch.randint(0, 256, (batch, 4, height * 16, width * 16, 3), dtype=torch.uint8)
    latent = torch.randn(batch, TINY.autoencoder.latent_channels, height, width)
    state = torch.rand(batch, TINY.autoencoder.state_channels, height, width)
    depth_of_some = torch.rand(batch, 4, height * 2, width * 2)
    depth_of_some[0] = 0  # of the first chunk nothing is known
    with torch.no_grad():
        encoded = EncoderGraph(autoencoder)(frames, depth_of_some)
        pictures, depth, after = DecoderGraph(autoencoder)(latent, state)
    told = {"frames": frames, "inverse_depth": depth_of_some}
    np.testing.assert_allclose(run(folder, "encoder", told)[0], encoded.numpy(), atol=1e-4)
    got = run(folder, "decoder", {"latent": latent, "state": state})
    assert np.abs(got[0].astype(int) - pictures.numpy().astype(int)).max() <= 1
    np.testing.assert_allclose(got[1], depth.numpy(), atol=1e-4)
    np.testing.assert_allclose(got[2], after.numpy(), atol=1e-4)


def test_text_parity(package):
    folder, _, world = package
    tokens = torch.tensor([[1, 2, 0, 0, 0, 0, 0, 0], [0] * 8, [5] * 8])
    with torch.no_grad():
        expected = TextEncoder.forward(world.text, tokens)
    for got, want in zip(run(folder, "text", {"tokens": tokens}), expected, strict=True):
        np.testing.assert_allclose(got, want.numpy(), atol=1e-4)


def test_onnx_play_equals_torch_rollout(package):
    """The judge's runtime and the training code's rollout, both over a wrapped ring."""
    folder, _, world = package
    action_space = {
        "buttons": [{"name": f"b{i}", "binding": "hold"} for i in range(19)],
        "axes": [{"name": name, "binding": "pointer", "max": 8.0} for name in ("camera.yaw", "camera.pitch")],
    }
    write_manifest(folder, build_manifest(TINY, WORDS, action_space, folder, (), {"tier": "tiny"}))
    play = Play(Package(folder, threads=1), ["a b"], 3, 4)
    rollout = Rollout(world.denoiser, 1, 3, 4)
    text, pooled = (torch.from_numpy(value)[:, None] for value in (play.text, play.pooled))
    rng = np.random.default_rng(0)
    for _ in range(5):
        noise, commit_noise, actions = play.noise(rng), play.noise(rng), rng.random((1, 4, 21), np.float32)
        memory = torch.from_numpy(play.seen_before(actions))
        clean = play.sample(actions, noise, 2)
        play.commit(clean, commit_noise, actions)
        tensors = (torch.from_numpy(value) for value in (noise, commit_noise))
        again = rollout.next_chunk(torch.from_numpy(actions)[:, None], text, pooled, *tensors, steps=2, memory=memory)
        np.testing.assert_allclose(clean, again.numpy(), atol=1e-3)
    assert memory.any()


def test_int8_denoiser_stays_close(package, tmp_path):
    folder, _, _ = package
    assert quantise_denoiser(folder / "denoiser.onnx", tmp_path / "denoiser.onnx", 256) == 4 * TINY.denoiser.blocks
    quantised = quantise_denoiser(folder / "denoiser.onnx", tmp_path / "denoiser.onnx", TINY.denoiser.width)
    assert quantised == 3 * TINY.denoiser.blocks
    inputs = denoiser_inputs(TINY, 1, 1, 3, 4, 3)
    exact, rounded = run(folder, "denoiser", inputs)[0], run(tmp_path, "denoiser", inputs)[0]
    assert np.abs(exact - rounded).mean() < 0.05 * np.abs(exact).mean()


def test_manifest_names_every_file_with_its_hash(package):
    folder, _, _ = package
    action_space = {"buttons": [], "axes": []}
    write_manifest(folder, build_manifest(TINY, WORDS, action_space, folder, (), {"tier": "tiny"}))
    manifest = json.loads((folder / "manifest.json").read_text())
    assert set(manifest["files"]) == set(manifest["variants"]["cpu-fp32"].values())
    assert all(len(entry["sha256"]) == 64 and entry["bytes"] > 0 for entry in manifest["files"].values())


def test_held_out_clips_are_encoded_by_the_package(package, tmp_path):
    folder, _, _ = package
    action_space = {"buttons": [], "axes": []}
    write_manifest(folder, build_manifest(TINY, WORDS, action_space, folder, (), {"tier": "tiny"}))
    clips = load_held_out(Package(folder, threads=1), tmp_path, 2, "synthetic")
    size = TINY.sizes[0]
    assert clips.rgb.shape == (2, 36, size[1], size[0], 3)
    assert clips.latents.shape == (2, 9, TINY.autoencoder.latent_channels, size[1] // 16, size[0] // 16)
    assert clips.latents.any() and len(clips.captions[0]) == 9
