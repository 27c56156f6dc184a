from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn

from sora_world.export.graphs import write_graph
from sora_world.export.quantise import quantise_denoiser
from sora_world.export.read_package import read_graph
from sora_world.export.stored import channel_scale, round_weights, share_weights, store_small


class Block(nn.Module):
    """Named as the products that are quantised."""

    def __init__(self):
        super().__init__()
        self.enter, self.grow = nn.Linear(64, 128), nn.Linear(128, 256)

    def forward(self, x):
        return self.grow(torch.relu(self.enter(x)))


def written(path, model: nn.Module) -> torch.Tensor:
    x = torch.randn(3, 2, 64)
    write_graph(path, model, {"x": x}, ["y"], {"x": {0: "B"}, "y": {0: "B"}})
    return x


def run(path, x):
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, {"x": x.numpy()})[0]


def test_the_step_of_a_channel_is_found_again():
    weight = torch.randn(50, 40) * torch.logspace(-6, 2, 50)[:, None]
    weight[7] = 0
    scale = channel_scale(weight)
    whole = (weight / scale[:, None]).round()
    assert torch.equal(whole.abs().amax(1)[weight.abs().amax(1) > 0].unique(), torch.tensor([127.0]))
    assert torch.equal((whole * scale[:, None]).abs().amax(1)[:7] / 127, scale[:7])


def test_a_quarter_of_the_bytes_and_the_same_numbers(tmp_path):
    torch.manual_seed(0)
    model, path = round_weights(Block()), tmp_path / "graph.onnx"
    x = written(path, model)
    size, before = path.stat().st_size, run(path, x)
    assert store_small(path) == 2
    assert path.stat().st_size < 0.4 * size  # `grow` in 8 bits, `enter` in 16
    np.testing.assert_array_equal(run(path, x), before)
    np.testing.assert_allclose(before, model(x).detach().numpy(), atol=1e-5)
    weights = read_graph(path)
    for name, value in model.state_dict().items():
        assert torch.equal(weights[name], value), name


def test_rounding_keeps_what_a_matrix_does():
    torch.manual_seed(0)
    model, x = Block(), torch.randn(8, 2, 64)
    exact = model(x)
    assert (round_weights(model)(x) - exact).square().mean() < 1e-4 * exact.square().mean()


def test_weights_that_would_lose_something_stay(tmp_path):
    torch.manual_seed(0)
    model, path = Block(), tmp_path / "graph.onnx"
    x = written(path, model)
    before = run(path, x)
    assert store_small(path) == 0
    np.testing.assert_array_equal(run(path, x), before)


def test_two_graphs_share_their_weights(tmp_path):
    torch.manual_seed(0)
    model, plain, small = round_weights(Block()), tmp_path / "plain.onnx", tmp_path / "small.onnx"
    x = written(plain, model)
    assert quantise_denoiser(plain, small, 128) == 1
    for path in (plain, small):
        store_small(path)
    before, alone = [run(path, x) for path in (plain, small)], [path.stat().st_size for path in (plain, small)]
    share_weights([plain, small], tmp_path / "shared.weights")
    shared = (tmp_path / "shared.weights").stat().st_size
    matrices = 128 * 256 + 2 * 64 * 128  # bytes, once
    assert matrices <= shared < 1.2 * matrices
    assert sum(alone) > 1.8 * matrices
    for path, expected in zip((plain, small), before, strict=True):
        np.testing.assert_array_equal(run(path, x), expected)
    assert torch.equal(read_graph(plain)["grow.weight"], model.grow.weight)
    assert all(len(t.raw_data) < 1024 for t in onnx.load(plain, load_external_data=False).graph.initializer)
