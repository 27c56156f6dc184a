"""Weights in few bytes, computed with in full.

Networks are rounded once, before anything is exported: large matrices to 8 bits with one scale per output channel, the
rest to half precision. Graphs then store what these numbers need and widen them by a Cast (and a Mul) that every
runtime folds away while it loads the graph. So PyTorch, the fp32 graph, the int8 graph and the weights read back from a
package are the same numbers, at a quarter of the download. Initialisers that would lose something stay as they are.

The fp32 and the int8 graph of a network hold the same 8-bit matrices; `share_weights` writes them into one file.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import ModelProto, TensorProto, helper, numpy_helper
from torch import Tensor, nn

LEAST_SIZE = 1024  # elements; below that a Cast costs more than it saves
LEAST_BYTES = 16_384  # elements of a matrix that is worth scales of its own
LARGEST = 127
# What latents and pictures enter and leave by: what they lose nothing after them can repair. The decoder's linear path
# in 8 bits costs the voxel autoencoder 0.28 dB, all its other layers together 0.01.
KEPT_IN_HALF = re.compile(r"(^|\.)(enter|leave|recall|pose|linear)\.")


def channel_scale(weight: Tensor) -> Tensor:
    """[N] for weights [N,...]: the step of 8 bits, rounded up to 11 bits of mantissa.

    A step times a number of 7 bits is then exact in fp32, and the largest weight of a channel is 127 steps, so the step
    can be found again from the weights alone.
    """
    largest = weight.flatten(1).abs().amax(1)
    mantissa, exponent = torch.frexp(largest / LARGEST)
    scale = torch.ldexp((mantissa * 2048).ceil() / 2048, exponent)
    return torch.where(largest > 0, scale, torch.ones_like(scale))


@torch.no_grad()
def round_weights(model: nn.Module) -> nn.Module:
    """Rounds every parameter in place to the nearest number that the package can hold; returns the model."""
    for name, param in model.named_parameters():
        if param.ndim >= 2 and param.numel() >= LEAST_BYTES and not KEPT_IN_HALF.search(name):
            scale = channel_scale(param).reshape(-1, *[1] * (param.ndim - 1))
            param.copy_((param / scale).round().clamp(-LARGEST, LARGEST) * scale)
        else:
            param.copy_(param.half().float())
    return model


def fits_in_half(values: np.ndarray) -> bool:
    with np.errstate(over="ignore"):
        return bool(np.array_equal(values.astype(np.float16).astype(np.float32), values))


def as_bytes(values: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """(int8 values, fp32 scale that broadcasts to them) when they are exactly that, along the first or last axis."""
    if values.ndim < 2 or values.size < LEAST_BYTES:
        return None
    for axis in (0, values.ndim - 1):
        others = tuple(i for i in range(values.ndim) if i != axis)
        scale = np.abs(values).max(others, keepdims=True) / np.float32(LARGEST)
        scale[scale == 0] = 1
        whole = np.rint(values / scale)
        if np.array_equal((whole * scale).astype(np.float32), values):
            return whole.astype(np.int8), scale.astype(np.float32)
    return None


def store_small(path: Path) -> int:
    """Rewrites the graph at `path`; returns how many weights are stored in fewer bytes now."""
    model = onnx.load(path)
    graph, nodes = model.graph, []
    for tensor in list(graph.initializer):
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) < LEAST_SIZE:
            continue
        name, values = tensor.name, numpy_helper.to_array(tensor)
        small = as_bytes(values)
        if small is None and not fits_in_half(values):
            continue
        wide, stored = f"{name}.fp32", values.astype(np.float16) if small is None else small[0]
        cast = wide if small is None else f"{name}.steps"
        nodes.append(helper.make_node("Cast", [name], [cast], name=f"{name}.widen", to=TensorProto.FLOAT))
        if small is not None:
            graph.initializer.append(numpy_helper.from_array(small[1], f"{name}.scale"))
            nodes.append(helper.make_node("Mul", [cast, f"{name}.scale"], [wide], name=f"{name}.scaled"))
        rename_input(model, name, wide)
        tensor.CopyFrom(numpy_helper.from_array(stored, name))
    for node in reversed(nodes):
        graph.node.insert(0, node)
    onnx.save(model, path)
    return sum(node.op_type == "Cast" for node in nodes)


def rename_input(model: ModelProto, name: str, new: str) -> None:
    for node in model.graph.node:
        for place, given in enumerate(node.input):
            if given == name:
                node.input[place] = new


def stored_values(model: ModelProto) -> dict[str, np.ndarray]:
    """Initialisers by name, those of `store_small` as the numbers that are computed with."""
    found = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    for name, values in list(found.items()):
        if f"{name}.scale" in found:
            found[name] = values.astype(np.float32) * found[f"{name}.scale"]
        elif values.dtype == np.float16:
            found[name] = values.astype(np.float32)
    return found


def share_weights(paths: list[Path], weights: Path) -> int:
    """Moves the large initialisers of several graphs into one file beside them, equal ones once; returns its bytes."""
    places: dict[bytes, int] = {}
    content = bytearray()
    for path in paths:
        model = onnx.load(path)
        for tensor in model.graph.initializer:
            raw = np.ascontiguousarray(numpy_helper.to_array(tensor)).tobytes()
            if len(raw) < LEAST_SIZE:
                continue
            if raw not in places:
                content.extend(b"\0" * (-len(content) % 64))
                places[raw] = len(content)
                content.extend(raw)
            for field in ("raw_data", "float_data", "int32_data", "int64_data"):
                tensor.ClearField(field)
            tensor.data_location = TensorProto.EXTERNAL
            del tensor.external_data[:]
            for key, value in (("location", weights.name), ("offset", places[raw]), ("length", len(raw))):
                entry = tensor.external_data.add()
                entry.key, entry.value = key, str(value)
        path.write_bytes(model.SerializeToString())
    weights.write_bytes(content)
    return len(content)
