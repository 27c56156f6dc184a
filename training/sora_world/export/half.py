"""Weights in half the bytes, computed with in full.

A network is rounded to half precision once, before anything is exported; then its weights are stored in 16 bits and
widened by a Cast that every runtime folds away while it loads the graph. So PyTorch, the fp32 graph and the weights
read back from a package are the same numbers, at half the download. Only initialisers that lose nothing are stored
like that: folded constants and the scales of int8 graphs stay as they are.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

LEAST_SIZE = 1024  # elements; below that a Cast costs more than it saves


@torch.no_grad()
def round_to_half(model: nn.Module) -> nn.Module:
    """Rounds every parameter in place to the nearest number that 16 bits can hold; returns the model."""
    for param in model.parameters():
        param.copy_(param.half().float())
    return model


def fits_in_half(values: np.ndarray) -> bool:
    if values.dtype != np.float32 or values.size < LEAST_SIZE:
        return False
    with np.errstate(over="ignore"):
        return bool(np.array_equal(values.astype(np.float16).astype(np.float32), values))


def store_in_half(path: Path) -> int:
    """Rewrites the graph at `path`; returns how many weights are stored in 16 bits now."""
    model = onnx.load(path)
    graph, casts = model.graph, []
    for tensor in graph.initializer:
        if tensor.data_type != TensorProto.FLOAT:
            continue
        values = numpy_helper.to_array(tensor)
        if not fits_in_half(values):
            continue
        wide = f"{tensor.name}.fp32"
        for node in graph.node:
            for place, name in enumerate(node.input):
                if name == tensor.name:
                    node.input[place] = wide
        casts.append(helper.make_node("Cast", [tensor.name], [wide], name=f"{tensor.name}.widen", to=TensorProto.FLOAT))
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), tensor.name))
    for node in reversed(casts):
        graph.node.insert(0, node)
    onnx.save(model, path)
    return len(casts)
