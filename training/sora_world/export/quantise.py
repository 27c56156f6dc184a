"""int8 variants for CPUs with VNNI.

Denoiser: dynamic quantisation of the blocks' constant MatMuls, int8 weights per channel. What goes in and out of the
network stays fp32: input and output projections, modulation, level, action and text inputs, pose head.
"""

from __future__ import annotations

import re
from pathlib import Path

import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic

from sora_world.config import Tier

# The exporter numbers equal layers: /model/qkv/MatMul, /model/qkv_1/MatMul, ...
BLOCK_PRODUCT = re.compile(r"/(qkv|join|grow|shrink)(_\d+)?/MatMul$")


def block_matmuls(path: Path) -> list[str]:
    """Names of the MatMul nodes inside the transformer blocks."""
    nodes = onnx.load(path).graph.node
    return [n.name for n in nodes if n.op_type == "MatMul" and BLOCK_PRODUCT.search(n.name)]


def quantise_denoiser(path: Path, out: Path) -> int:
    """Writes the dynamic int8 variant; returns the number of quantised products."""
    names = block_matmuls(path)
    quantize_dynamic(
        path,
        out,
        op_types_to_quantize=["MatMul"],
        nodes_to_quantize=names,
        per_channel=True,
        weight_type=QuantType.QInt8,
        extra_options={"MatMulConstBOnly": True},
    )
    return len(names)


def quantise_package(folder: Path, tier: Tier) -> tuple[str, ...]:
    """Writes the int8 files of a package; returns the graphs that have one."""
    if quantise_denoiser(folder / "denoiser.onnx", folder / "denoiser.int8.onnx") == 0:
        return ()
    return ("denoiser",)
