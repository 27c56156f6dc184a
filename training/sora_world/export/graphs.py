"""The four ONNX graphs of a package, with the names and shapes of docs/model-package.md."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import ModelProto, numpy_helper
from torch import Tensor, nn

from sora_world.config import (
    ACTION_WIDTH,
    DEPTH_SCALE,
    FRAMES_PER_CHUNK,
    MEMORY_CELL,
    MEMORY_CHANNELS,
    SPATIAL_SCALE,
    Tier,
)
from sora_world.models.autoencoder import Autoencoder, to_bytes
from sora_world.models.denoiser import Denoiser
from sora_world.models.text import TextEncoder

OPSET = 20
WEIGHTS_KEY = "weights"  # of the graph's metadata: weight name -> [initialiser, is transposed]


class EncoderGraph(nn.Module):
    def __init__(self, model: Autoencoder):
        super().__init__()
        self.model = model

    def forward(self, frames: Tensor, inverse_depth: Tensor | None = None) -> Tensor:
        return self.model.encode(frames.permute(0, 1, 4, 2, 3).float() / 127.5 - 1.0, inverse_depth)


class DecoderGraph(nn.Module):
    def __init__(self, model: Autoencoder):
        super().__init__()
        self.model = model

    def forward(self, latent: Tensor, state: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        decoded = self.model.decode(latent, state)
        return to_bytes(decoded["frames"]), decoded["inverse_depth"].clamp(min=0), decoded["state"]


class DenoiserGraph(nn.Module):
    """Positional, in the order of the contract's table."""

    def __init__(self, model: Denoiser):
        super().__init__()
        self.model = model

    def forward(
        self, noisy, previous, sigma, step_size, actions, text, pooled, time, mask, past_key, past_value, memory
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        return self.model(
            noisy, previous, sigma, step_size, actions, text, pooled, time, mask, past_key, past_value, memory
        )


def encoder_inputs(tier: Tier, batch: int, height: int, width: int) -> dict[str, Tensor]:
    """Inputs of the encoder graph by name, for a latent grid of `height` x `width`."""
    pixels, places = (height * SPATIAL_SCALE, width * SPATIAL_SCALE), SPATIAL_SCALE // DEPTH_SCALE
    inputs = {"frames": torch.zeros(batch, FRAMES_PER_CHUNK, *pixels, 3).byte()}
    if tier.autoencoder.depth_channels:
        inputs["inverse_depth"] = torch.rand(batch, FRAMES_PER_CHUNK, height * places, width * places)
    return inputs


def denoiser_inputs(tier: Tier, batch: int, chunks: int, height: int, width: int, past: int) -> dict[str, Tensor]:
    """Random inputs of the denoiser graph by name, with `past` cache slots."""
    config, text = tier.denoiser, tier.text
    tokens = tier.tokens_per_chunk(height, width)
    latent = (batch, chunks, tier.autoencoder.latent_channels, height, width)
    cache = (len(config.temporal_blocks), batch, config.heads, past * tokens, config.head_width)
    return {
        "noisy": torch.randn(latent),
        "previous": torch.randn(latent),
        "sigma": torch.rand(batch, chunks),
        "step_size": torch.full((batch, chunks), 0.5),
        "actions": torch.rand(batch, chunks, FRAMES_PER_CHUNK, ACTION_WIDTH),
        "text": torch.randn(batch, chunks, text.query_tokens, text.width),
        "pooled": torch.randn(batch, chunks, config.width),
        "time": torch.arange(chunks).float().expand(batch, -1).contiguous(),
        "mask": torch.ones(batch, chunks, past + chunks),
        "past.key": torch.randn(cache),
        "past.value": torch.randn(cache),
        "memory": torch.rand(batch, chunks, MEMORY_CHANNELS, height * MEMORY_CELL, width * MEMORY_CELL),
    }


DEPTH_AXES = {0: "B", 2: f"H/{DEPTH_SCALE}", 3: f"W/{DEPTH_SCALE}"}
DENOISER_OUTPUTS = ["clean", "pose", "present.key", "present.value"]
DENOISER_AXES = {
    **{name: {0: "B", 1: "T"} for name in ("sigma", "step_size", "actions", "text", "pooled", "time", "pose")},
    **{name: {0: "B", 1: "T", 3: "h", 4: "w"} for name in ("noisy", "previous", "clean")},
    "mask": {0: "B", 1: "T", 2: "W+T"},
    "memory": {0: "B", 1: "T", 3: "8h", 4: "8w"},
    **{name: {1: "B", 3: "W*N"} for name in ("past.key", "past.value")},
    **{name: {1: "B", 3: "T*N"} for name in ("present.key", "present.value")},
}


def write_graph(
    path: Path, model: nn.Module, inputs: dict[str, Tensor], outputs: list[str], axes: dict, fold: bool = True
) -> None:
    """Traces `model` with example inputs, notes which initialiser holds which weight, and checks the file.

    fold: what is computed from weights alone is computed now. Without it every weight stays as it is and can be found
    again; whoever loads the graph computes that.

    The TorchScript exporter: it keeps every size symbolic, while the newer one specialised B and T to what it saw.
    """
    model.eval()
    torch.onnx.export(
        model,
        tuple(inputs.values()),
        str(path),
        input_names=list(inputs),
        output_names=outputs,
        dynamic_axes=axes,
        opset_version=OPSET,
        do_constant_folding=fold,
        dynamo=False,
    )
    graph = onnx.load(path)
    entry = graph.metadata_props.add()
    entry.key, entry.value = WEIGHTS_KEY, json.dumps(find_weights(graph, model))
    onnx.save(graph, path)
    onnx.checker.check_model(graph, full_check=True)


def find_weights(graph: ModelProto, model: nn.Module) -> dict[str, tuple[str, bool]]:
    """Weight name -> (initialiser, is transposed) of an exported model; the exporter renames and transposes matrices.

    Found by their values: of several equal ones any will do. Names are those inside the wrapped `model`.
    """
    known: dict[tuple[int, float], list[tuple[str, np.ndarray]]] = {}
    for tensor in graph.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.float32:
            known.setdefault(fingerprint(values), []).append((tensor.name, values))
    places = {}
    for name, tensor in model.state_dict().items():
        weight = tensor.detach().cpu().numpy()
        for initialiser, values in known.get(fingerprint(weight), []):
            straight = np.array_equal(values.ravel(), weight.ravel())
            if straight or (values.ndim == 2 and np.array_equal(values.T.ravel(), weight.ravel())):
                places[name.removeprefix("model.")] = (initialiser, not straight)
                break
    return places


def fingerprint(values: np.ndarray) -> tuple[int, float]:
    """The same for a tensor however it is shaped or transposed."""
    return values.size, float(np.round(np.sort(values.astype(np.float64).ravel()).sum(), 6))


def write_graphs(out: Path, tier: Tier, autoencoder: Autoencoder, text: TextEncoder, denoiser: Denoiser) -> list[str]:
    """Writes encoder, decoder, text and denoiser; returns their file names."""
    out.mkdir(parents=True, exist_ok=True)
    width, height = (side // SPATIAL_SCALE for side in tier.sizes[0])
    latent = torch.randn(2, tier.autoencoder.latent_channels, height, width)
    grid = {0: "B", 2: "h", 3: "w"}
    write_graph(
        out / "encoder.onnx",
        EncoderGraph(autoencoder),
        encoder_inputs(tier, 2, height, width),
        ["latent"],
        {"frames": {0: "B", 2: "H", 3: "W"}, "inverse_depth": DEPTH_AXES, "latent": grid},
    )
    write_graph(
        out / "decoder.onnx",
        DecoderGraph(autoencoder),
        {"latent": latent, "state": autoencoder.empty_state(latent)},
        ["frames", "inverse_depth", "next_state"],
        {
            "latent": grid,
            "state": grid,
            "next_state": grid,
            "frames": {0: "B", 2: "H", 3: "W"},
            "inverse_depth": DEPTH_AXES,
        },
        fold=False,  # the linear path puts its weights in another order
    )
    write_graph(
        out / "text.onnx",
        text,
        {"tokens": torch.ones(2, tier.text.length, dtype=torch.int64)},
        ["text", "pooled"],
        {"tokens": {0: "B"}, "text": {0: "B"}, "pooled": {0: "B"}},
    )
    write_graph(
        out / "denoiser.onnx",
        DenoiserGraph(denoiser),
        denoiser_inputs(tier, 2, 3, height, width, tier.denoiser.context_chunks),
        DENOISER_OUTPUTS,
        DENOISER_AXES,
    )
    return ["encoder.onnx", "decoder.onnx", "text.onnx", "denoiser.onnx"]
