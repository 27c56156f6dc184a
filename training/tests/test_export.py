from __future__ import annotations

import json

import numpy as np
import onnxruntime
import pytest
import torch

from sora_world.config import TINY
from sora_world.export.graphs import DecoderGraph, EncoderGraph, denoiser_inputs, write_graphs
from sora_world.export.manifest import build_manifest, write_manifest
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
    with torch.no_grad():
        encoded = EncoderGraph(autoencoder)(frames)
        pictures, depth, after = DecoderGraph(autoencoder)(latent, state)
    np.testing.assert_allclose(run(folder, "encoder", {"frames": frames})[0], encoded.numpy(), atol=1e-4)
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


def test_manifest_names_every_file_with_its_hash(package):
    folder, _, _ = package
    action_space = {"buttons": [], "axes": []}
    write_manifest(folder, build_manifest(TINY, WORDS, action_space, folder, (), {"tier": "tiny"}))
    manifest = json.loads((folder / "manifest.json").read_text())
    assert set(manifest["files"]) == set(manifest["variants"]["cpu-fp32"].values())
    assert all(len(entry["sha256"]) == 64 and entry["bytes"] > 0 for entry in manifest["files"].values())
