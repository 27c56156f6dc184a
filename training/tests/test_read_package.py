from __future__ import annotations

import json

import pytest
import torch

from sora_world.config import TIERS, TINY
from sora_world.export.graphs import write_graphs
from sora_world.export.read_package import read_package
from sora_world.models.autoencoder import Autoencoder
from sora_world.train.denoiser import WorldModel

WORDS = ["<pad>", "a", "b"]


@pytest.fixture
def package(tmp_path):
    torch.manual_seed(4)
    autoencoder = Autoencoder(TINY.autoencoder).eval()
    world = WorldModel(TINY, len(WORDS) + TINY.text.hash_buckets).eval()
    for tensor in [*autoencoder.state_dict().values(), *world.state_dict().values()]:
        tensor.copy_(torch.randn_like(tensor))
    write_graphs(tmp_path, TINY, autoencoder, world.text, world.denoiser)
    manifest = {"training": {"tier": "tiny"}, "text": {"tokenizer": {"words": WORDS}}}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    return tmp_path, autoencoder, world


def test_every_exported_weight_comes_back(package):
    folder, autoencoder, world = package
    tier, words, pictures, worlds, missing = read_package(folder)
    assert (tier, words) == (TIERS["tiny"], WORDS)
    assert missing == ["decoder.block_id.weight", "decoder.block_id.bias"]
    for model, values in ((autoencoder, pictures), (world, worlds)):
        for name, expected in model.state_dict().items():
            if name not in missing:
                assert torch.equal(values[name], expected), name


def test_a_package_of_other_code_is_refused(package):
    import onnx

    folder = package[0]
    graph = onnx.load(folder / "denoiser.onnx")
    del graph.metadata_props[:]
    onnx.save(graph, folder / "denoiser.onnx")
    with pytest.raises(ValueError, match="denoiser.onnx does not name its weights"):
        read_package(folder)


def test_readers_come_back(tmp_path):
    from sora_world.export.read_package import read_readers
    from sora_world.export.stored import round_weights
    from sora_world.readers.export import load_readers, write_readers
    from sora_world.readers.train import KINDS, ReaderTraining

    torch.manual_seed(5)
    trained = {kind: ReaderTraining(kind, TINY, torch.device("cpu")) for kind in KINDS}
    for reader in trained.values():
        for tensor in reader.model.eval().state_dict().values():
            tensor.copy_(torch.randn_like(tensor))
        round_weights(reader.model)
    (tmp_path / "package").mkdir()
    write_readers(tmp_path / "package", TINY, {kind: reader.model for kind, reader in trained.items()})
    (tmp_path / "package/manifest.json").write_text(json.dumps({"training": {"tier": "tiny"}}))
    assert read_readers(tmp_path / "package", tmp_path / "run") == []
    found = load_readers(tmp_path / "run", TINY, trained["policy"].words)
    for kind, reader in found.items():
        for name, tensor in trained[kind].model.state_dict().items():
            assert torch.equal(reader.state_dict()[name], tensor), (kind, name)
