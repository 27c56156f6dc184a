"""int8 variants for CPUs with VNNI.

Denoiser: dynamic quantisation of the blocks' constant MatMuls, int8 weights per channel. What goes in and out of the
network stays fp32: input and output projections, modulation, level, action and text inputs, pose head. So do the
products after SwiGLU in a narrow network: their inputs have rare large values, and in nano they alone made 97 % of the
rounding error.
Decoder: static quantisation (QDQ, uint8 activations, int8 weights per channel) of the convolutions, calibrated on real
latents; dynamic quantisation of convolutions does not run on onnxruntime's CPU provider.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_dynamic,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

LEAST_DECODER_PSNR = 40.0  # dB between int8 and fp32 pictures; below it the fp32 decoder stays

# The exporter numbers equal layers: /model/qkv/MatMul, /model/qkv_1/MatMul, ...
BLOCK_PRODUCT = re.compile(r"/(qkv|join|grow)(_\d+)?/MatMul$")
SHRINK_PRODUCT = re.compile(r"/shrink(_\d+)?/MatMul$")
SHRINK_FROM = 256  # width from which `shrink` is quantised, too: next chunk 0.3 dB worse at 160, 0.1 dB at 384
# The first sees the latents, whose rounding every later layer inherits; the linear path draws the pixels.
KEPT_CONVOLUTIONS = re.compile(r"/(enter|linear|depth)/")


def quantise_denoiser(path: Path, out: Path, width: int) -> int:
    """Writes the dynamic int8 variant of a denoiser of that width; returns the number of quantised products."""
    patterns = (BLOCK_PRODUCT, SHRINK_PRODUCT) if width >= SHRINK_FROM else (BLOCK_PRODUCT,)
    nodes = onnx.load(path).graph.node
    names = [n.name for n in nodes if n.op_type == "MatMul" and any(p.search(n.name) for p in patterns)]
    quantize_dynamic(
        path,
        out,
        op_types_to_quantize=["MatMul"],
        nodes_to_quantize=names,
        per_channel=True,
        weight_type=QuantType.QInt8,
        extra_options={"MatMulConstBOnly": True, "DefaultTensorType": onnx.TensorProto.FLOAT},
    )
    return len(names)


class LatentReader(CalibrationDataReader):
    """Feeds (latent, state) pairs to the calibration."""

    def __init__(self, pairs: Iterable[tuple[np.ndarray, np.ndarray]]):
        self.feeds = ({"latent": latent, "state": state} for latent, state in pairs)

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self.feeds, None)


def quantise_decoder(path: Path, out: Path, pairs: Iterable[tuple[np.ndarray, np.ndarray]]) -> None:
    """Writes the static int8 variant; pairs of latent [B,C,h,w] and state [B,S,h,w] set the ranges."""
    prepared = out.with_suffix(".prepared")
    quant_pre_process(path, prepared, skip_symbolic_shape=True)
    nodes = onnx.load(prepared).graph.node
    names = [n.name for n in nodes if n.op_type == "Conv" and not KEPT_CONVOLUTIONS.search(n.name)]
    quantize_static(
        prepared,
        out,
        LatentReader(pairs),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=["Conv"],
        nodes_to_quantize=names,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        calibrate_method=CalibrationMethod.MinMax,
    )
    prepared.unlink()


def latent_pairs(path: Path, clips: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Real (latent, state) pairs from clips of latents [B,T,C,h,w], with the states the decoder itself makes."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    channels = session.get_inputs()[1].shape[1]
    state = np.zeros((clips.shape[0], channels, *clips.shape[3:]), np.float32)
    pairs = []
    for t in range(clips.shape[1]):
        latent = np.ascontiguousarray(clips[:, t], np.float32)
        pairs.append((latent, state))
        state = session.run(["next_state"], {"latent": latent, "state": state})[0]
    return pairs


def decoder_psnr(path: Path, other: Path, pairs: Iterable[tuple[np.ndarray, np.ndarray]]) -> float:
    """dB between the pictures of two decoders."""
    sessions = [onnxruntime.InferenceSession(p, providers=["CPUExecutionProvider"]) for p in (path, other)]
    errors = []
    for latent, state in pairs:
        a, b = (s.run(["frames"], {"latent": latent, "state": state})[0].astype(np.float32) for s in sessions)
        errors.append(np.mean((a - b) ** 2))
    return float(10 * np.log10(255**2 / (np.mean(errors) + 1e-6)))


def quantise_package(
    folder: Path, clips: np.ndarray | None, width: int
) -> tuple[tuple[str, ...], dict[str, float]]:
    """Writes the int8 files of a package; returns the graphs that have one, and what was measured.

    width: of the denoiser's tokens.
    clips: latents [B,T,C,h,w] for calibration (even rows) and judging (odd rows); without them the decoder stays fp32.
    """
    quantise_denoiser(folder / "denoiser.onnx", folder / "denoiser.int8.onnx", width)
    if clips is None:
        return ("denoiser",), {}
    plain, small = folder / "decoder.onnx", folder / "decoder.int8.onnx"
    quantise_decoder(plain, small, latent_pairs(plain, clips[::2]))
    psnr = decoder_psnr(plain, small, latent_pairs(plain, clips[1::2]))
    if psnr < LEAST_DECODER_PSNR:
        small.unlink()
        return ("denoiser",), {"decoderInt8Psnr": psnr}
    return ("denoiser", "decoder"), {"decoderInt8Psnr": psnr}
