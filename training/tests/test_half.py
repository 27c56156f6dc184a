from __future__ import annotations

import numpy as np
import onnxruntime
import torch
from torch import nn

from sora_world.export.graphs import write_graph
from sora_world.export.half import round_to_half, store_in_half


def run(path, x):
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, {"x": x.numpy()})[0]


def test_half_the_bytes_and_the_same_numbers(tmp_path):
    torch.manual_seed(0)
    model = round_to_half(nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 64)))
    x, path = torch.randn(3, 64), tmp_path / "graph.onnx"
    write_graph(path, model, {"x": x}, ["y"], {"x": {0: "B"}, "y": {0: "B"}})
    size, before = path.stat().st_size, run(path, x)
    assert store_in_half(path) == 2
    assert path.stat().st_size < 0.6 * size
    np.testing.assert_array_equal(run(path, x), before)
    np.testing.assert_allclose(before, model(x).detach().numpy(), atol=1e-5)


def test_weights_that_would_lose_something_stay(tmp_path):
    torch.manual_seed(0)
    model, x, path = nn.Linear(64, 64), torch.randn(3, 64), tmp_path / "graph.onnx"
    write_graph(path, model, {"x": x}, ["y"], {"x": {0: "B"}, "y": {0: "B"}})
    before = path.read_bytes()
    assert store_in_half(path) == 0
    np.testing.assert_allclose(run(path, x), model(x).detach().numpy(), atol=1e-5)
    assert len(before) == path.stat().st_size
