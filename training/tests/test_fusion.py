from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from sora_world.config import KNOWN, TINY, VIEW_CHANNELS
from sora_world.data.latents import pack_memory, write_encoded
from sora_world.export.fusion import FILE, add_fusion, fusion_inputs
from sora_world.export.read_package import read_fusion
from sora_world.models.autoencoder import Autoencoder
from sora_world.models.depth import to_code
from sora_world.models.fusion import FEATURES, INVERSE_DEPTH, DepthFusion, remembered
from sora_world.train import checkpoint, fusion
from sora_world.train.autoencoder import AutoencoderTraining

CONFIG = TINY.autoencoder
COLOURS = CONFIG.colour_channels
HEIGHT, WIDTH = 3, 4  # of the latent grid


@pytest.fixture
def autoencoder() -> Autoencoder:
    torch.manual_seed(0)
    return Autoencoder(CONFIG).eval()


def memory_of(inverse_depth: torch.Tensor, known: torch.Tensor | float = 1.0) -> torch.Tensor:
    """Memory images [B,F*6,8h,8w] that show inverse depths [B,F,2h,2w] in grey, seen just now."""
    fine = inverse_depth.repeat_interleave(4, 2).repeat_interleave(4, 3)
    views = torch.zeros(*fine.shape[:2], VIEW_CHANNELS, *fine.shape[2:])
    views[:, :, KNOWN] = known
    views[:, :, INVERSE_DEPTH] = fine * views[:, :, KNOWN]
    return views.flatten(1, 2)


def test_what_is_remembered_is_the_depth_of_what_is_known():
    inverse = torch.rand(2, 4, 2 * HEIGHT, 2 * WIDTH) * 0.5 + 0.02
    known = (torch.rand(2, 4, 8 * HEIGHT, 8 * WIDTH) < 0.5).float()
    known[:, :, :4, :4] = 0
    features, code, is_known = remembered(memory_of(inverse, known))
    assert features.shape == (2, 4 * FEATURES * 4, HEIGHT, WIDTH)
    expected = to_code(inverse)
    assert torch.allclose(code[is_known > 0], expected[is_known > 0], atol=1e-4)
    share = torch.nn.functional.avg_pool2d(known, 4)
    assert is_known.sum() == (share > 0).sum() < is_known.numel()
    assert torch.equal(features[:, :16], code)
    assert not code[is_known == 0].any()


@torch.no_grad()
def test_untrained_it_believes_the_generated_depth_and_never_touches_the_picture(autoencoder):
    fused = DepthFusion.beside(autoencoder)
    inputs = fusion_inputs(TINY, 2, HEIGHT, WIDTH)
    latent, memory = inputs.values()
    made = fused(latent, memory)
    assert torch.equal(made[:, :COLOURS], latent[:, :COLOURS])
    raw = latent * autoencoder.deviation[:, None, None] + autoencoder.mean[:, None, None]
    generated = fused.decode.code(raw)
    assert torch.allclose(fused.code(latent, raw, memory * 0), generated)
    _, code, _ = remembered(memory)
    way = (fused.code(latent, raw, memory) - generated) / (code - generated)
    assert torch.allclose(way.median(), torch.sigmoid(torch.tensor(-2.0)), atol=1e-3)


def options(folder: Path, steps: int) -> argparse.Namespace:
    return argparse.Namespace(
        tier="tiny", device="cpu", threads=1, rng_seed=0, minutes=5, steps=steps, batch=16, adam_lr=4e-3, log_every=50,
        autoencoder=folder / "ae", resume=None, latents=folder / "latents", predicted=folder / "predicted",
        out=folder / "fusion",
    )  # fmt: skip


def write_shards(folder: Path, model: Autoencoder, count: int) -> None:
    """True depth, latents that hold it, generated ones that lack it, and memory images that show half of it."""
    for shard in range(count):
        inverse = torch.rand(8, 3, 4, 2 * HEIGHT, 2 * WIDTH) * 0.5 + 0.03
        colour = torch.randn(8, 3, COLOURS, HEIGHT, WIDTH)
        depth = model.encoder.depth(inverse.flatten(0, 1), colour.flatten(0, 1)).unflatten(0, (8, 3))
        known = torch.ones(8, 3, 4, 8 * HEIGHT, 8 * WIDTH)
        known[..., : 4 * WIDTH] = 0
        memory = torch.stack([memory_of(inverse[:, t], known[:, t]) for t in range(3)], 1)
        true = torch.cat([colour, depth], 2).detach()
        made = torch.cat([colour, torch.zeros_like(depth)], 2)
        name = f"shard-{shard}.pt"
        write_encoded(folder / "latents" / name, {"latents": true.half(), "depth": inverse.half()})
        write_encoded(folder / "predicted" / name, {"predicted": made.half(), "memory": pack_memory(memory)})


def test_training_learns_what_is_worth_believing(tmp_path, autoencoder):
    # Depth channels that hold the depth, and a decoder that finds it there.
    torch.nn.init.orthogonal_(autoencoder.encoder.depth.linear.weight)
    encode = autoencoder.encoder.depth.linear.weight[:, :, 0, 0]
    autoencoder.decoder.depth.linear.weight.data = encode.T.clone()[:, :, None, None]
    autoencoder.decoder.depth.linear.bias.data.zero_()
    training = AutoencoderTraining(TINY, torch.device("cpu"), 1e-3)
    checkpoint.load_weights(training.model, autoencoder.state_dict())
    checkpoint.save(tmp_path / "ae" / "autoencoder.pt", TINY, model=training.model.state_dict(), steps=0)
    write_shards(tmp_path, autoencoder, fusion.HELD_OUT_SHARDS + 2)
    fusion.run(options(tmp_path, steps=200))
    lines = [json.loads(line) for line in (tmp_path / "fusion" / "log.jsonl").read_text().splitlines()]
    first, last = lines[0], lines[-1]
    assert first["fused"] > 0.8 * first["generated"]
    assert last["fused"] < 0.8 * last["generated"]
    assert checkpoint.load(tmp_path / "fusion" / "fusion.pt")["steps"] == 200
    again = options(tmp_path, steps=1)
    again.resume, again.out = tmp_path / "fusion", tmp_path / "again"
    fusion.run(again)
    before = json.loads((tmp_path / "again" / "log.jsonl").read_text().splitlines()[0])
    assert before["fused"] == pytest.approx(last["fused"], abs=1e-4)


def test_too_few_shards_are_refused(tmp_path, autoencoder):
    checkpoint.save(tmp_path / "ae" / "autoencoder.pt", TINY, model=autoencoder.state_dict(), steps=0)
    write_shards(tmp_path, autoencoder, fusion.HELD_OUT_SHARDS)
    with pytest.raises(ValueError, match="needs more than 2 shards"):
        fusion.run(options(tmp_path, steps=1))


@torch.no_grad()
def test_a_package_takes_it_in_and_gives_it_back(tmp_path, autoencoder):
    network = DepthFusion.beside(autoencoder)
    for tensor in network.state_dict().values():
        tensor.copy_(torch.randn_like(tensor) * 0.1)
    network.deviation.abs_().add_(0.5)
    manifest = {"version": "1", "training": {"tier": "tiny"}, "memory": {"scale": 2}, "files": {"a.onnx": {}}}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    entry = add_fusion(tmp_path, network, TINY)
    assert entry == json.loads((tmp_path / "manifest.json").read_text())
    assert entry["memory"] == {"scale": 2, "fusion": FILE} and list(entry["files"]) == ["a.onnx", FILE]
    session = onnxruntime.InferenceSession(tmp_path / FILE, providers=["CPUExecutionProvider"])
    for batch, height, width in ((1, 3, 4), (3, 4, 3)):
        inputs = fusion_inputs(TINY, batch, height, width)
        inputs["memory"][:, KNOWN::VIEW_CHANNELS] = (inputs["memory"][:, KNOWN::VIEW_CHANNELS] > 0.7).float()
        made = session.run(None, {name: value.numpy() for name, value in inputs.items()})[0]
        np.testing.assert_allclose(made, network(*inputs.values()).numpy(), atol=1e-4)
    assert read_fusion(tmp_path, tmp_path / "run") == []
    back = checkpoint.load(tmp_path / "run" / "fusion.pt")["model"]
    for name, expected in network.state_dict().items():
        assert torch.equal(back[name], expected), name
    with pytest.raises(ValueError, match="a fusion of voxel does not fit into a package of tiny"):
        from sora_world.config import VOXEL

        add_fusion(tmp_path, network, VOXEL)


