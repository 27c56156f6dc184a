from __future__ import annotations

import json

import numpy as np
import onnxruntime
import pytest
import torch

from sora_world.config import TIERS, TINY
from sora_world.data.latents import make_tokenizer
from sora_world.export.manifest import build_manifest
from sora_world.readers.captions import recaption, stated
from sora_world.readers.config import BUTTON_COUNT, CAMERA_BINS, MAX_CHUNKS
from sora_world.readers.data import Clips, Windows, open_clips
from sora_world.readers.export import PolicyGraph, example_inputs, load_readers, write_readers
from sora_world.readers.measure import agreement, behaviour, button_figures, captioner_figures, policy_figures
from sora_world.readers.sample import act, caption, said
from sora_world.readers.train import KINDS, ReaderTraining, load_reader, nearest_bin, reader_config

NANO = TIERS["nano"]
TOKENIZER = make_tokenizer(NANO)
CAPTION = "running through a snowy forest at night"
CHUNKS = MAX_CHUNKS + 1


def striped_clips(count: int = 8) -> Clips:
    """Clips whose channel 0 tells whether the player walks, and in which biome; walking and place never change."""
    generator = torch.Generator().manual_seed(1)
    latents = torch.randn(count, CHUNKS, NANO.autoencoder.latent_channels, 5, 8, generator=generator) * 0.3
    walks = torch.arange(count) % 2
    latents[:, :, 0] += (walks * 6 - 3)[:, None, None, None]
    actions = torch.zeros(count, CHUNKS, 4, 21)
    actions[..., 0] = walks[:, None, None]
    actions[..., BUTTON_COUNT] = 0.2 * walks[:, None, None]
    attributes = torch.zeros(count, CHUNKS, 3, dtype=torch.int64)
    attributes[..., 0] = walks[:, None]
    tokens = torch.tensor(TOKENIZER.encode(CAPTION)).int().expand(count, CHUNKS, -1)
    return Clips(latents.half(), actions.half(), tokens, attributes, [[CAPTION] * CHUNKS for _ in range(count)])


@pytest.fixture(scope="module")
def clips() -> Clips:
    return striped_clips()


@pytest.fixture(scope="module")
def readers() -> dict:
    torch.manual_seed(0)
    return {kind: make(reader_config(kind, NANO)).eval() for kind, make in KINDS.items()}


@pytest.fixture(scope="module")
def folder(readers, tmp_path_factory):
    """(folder with both graphs, the manifest's `readers`)"""
    out = tmp_path_factory.mktemp("readers")
    return out, write_readers(out, NANO, readers)


def trained(kind: str, clips: Clips, steps: int) -> tuple[ReaderTraining, list[float]]:
    torch.manual_seed(0)
    training, windows = ReaderTraining(kind, NANO, torch.device("cpu")), Windows([clips], TOKENIZER)
    return training, [training.step(windows, 4, 0.0, bf16=False)["loss"] for _ in range(steps)]


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize(("batch", "chunks", "height", "width", "words"), [(1, 1, 5, 8, 1), (3, 8, 8, 5, 24)])
def test_onnx_equals_pytorch(readers, folder, kind, batch, chunks, height, width, words):
    inputs = example_inputs(NANO, kind, batch, chunks, height, width)
    inputs["tokens"] = inputs["tokens"][:, :words]
    graph = readers[kind] if kind == "captioner" else PolicyGraph(readers[kind])
    with torch.no_grad():
        expected = graph(*inputs.values())
    session = onnxruntime.InferenceSession(folder[0] / f"{kind}.onnx", providers=["CPUExecutionProvider"])
    got = session.run(None, {name: value.numpy() for name, value in inputs.items()})
    for result, want in zip(got, expected if kind == "policy" else [expected], strict=True):
        np.testing.assert_allclose(result, want.numpy(), atol=1e-4)
    shapes = {
        "captioner": [(batch, words, len(TOKENIZER.words))],
        "policy": [(batch, 4, BUTTON_COUNT), (batch, 4, 2, len(CAMERA_BINS))],
    }
    assert [result.shape for result in got] == shapes[kind]


def test_both_stay_small(readers):
    assert all(sum(param.numel() for param in reader.parameters()) < 400_000 for reader in readers.values())


def test_a_word_depends_on_the_words_before_it_alone(readers):
    inputs = example_inputs(NANO, "captioner", 1, 2, 5, 8)
    changed = inputs["tokens"].clone()
    changed[:, 9:] += 1
    with torch.no_grad():
        first, second = (readers["captioner"](inputs["latents"], tokens) for tokens in (inputs["tokens"], changed))
    torch.testing.assert_close(first[:, :9], second[:, :9])
    assert not torch.allclose(first[:, 9:], second[:, 9:], atol=1e-3)


def test_a_policy_does_not_see_ahead(readers):
    inputs = example_inputs(NANO, "policy", 1, 4, 5, 8)
    with torch.no_grad():
        whole = readers["policy"](*inputs.values())
        begun = readers["policy"](inputs["latents"][:, :2], inputs["previous_actions"][:, :2], inputs["tokens"])
    for long, short in zip(whole, begun, strict=True):
        torch.testing.assert_close(long[:, :2], short, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_reader_learns_what_it_is_shown(kind, clips):
    _, losses = trained(kind, clips, 40)
    assert sum(losses[-5:]) < 0.8 * sum(losses[:5])  # full captions are drawn anew, so the captioner's ends above 0


def test_a_trained_policy_does_what_the_picture_says(clips):
    training, _ = trained("policy", clips, 40)
    figures = policy_figures(training.model.eval(), striped_clips(16), [clips])
    assert figures["buttons"]["forward"]["f1"] > 0.95
    assert figures["cameraLogLikelihood"] > figures["cameraLogLikelihoodMarginal"]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_resumed_training_continues_exactly(kind, clips, tmp_path):
    training, _ = trained(kind, clips, 2)
    windows = Windows([clips], TOKENIZER)
    training.save(tmp_path / "training.pt")
    expected = [training.step(windows, 4, 0.6, bf16=False) for _ in range(2)]
    torch.manual_seed(9)
    resumed = ReaderTraining(kind, NANO, torch.device("cpu"))
    resumed.load(tmp_path / "training.pt")
    assert [resumed.step(windows, 4, 0.6, bf16=False) for _ in range(2)] == expected


def test_a_missing_or_foreign_reader_is_refused(clips, tmp_path):
    training, _ = trained("captioner", clips, 1)
    training.publish(tmp_path / "captioner")
    with pytest.raises(ValueError, match="no trained policy"):
        load_readers(tmp_path, NANO, TOKENIZER.words)
    training.publish(tmp_path / "policy")
    with pytest.raises(ValueError, match="other words or architecture"):
        load_readers(tmp_path, NANO, TOKENIZER.words)
    with pytest.raises(ValueError, match="other words or architecture"):
        load_reader("captioner", TINY, tmp_path / "captioner")


def test_the_manifest_lists_the_readers_and_their_hashes(folder):
    out, readers = folder
    for graph in ("encoder", "decoder", "text", "denoiser"):
        (out / f"{graph}.onnx").write_bytes(b"graph")
    parts = (NANO, TOKENIZER.words, {"buttons": [], "axes": []}, out, (), {"tier": "nano"})
    manifest = build_manifest(*parts, readers)
    assert {"captioner.onnx", "policy.onnx"} < set(manifest["files"])
    assert manifest["readers"]["captioner"] == {"file": "captioner.onnx", "maxChunks": 8, "length": 24}
    assert manifest["readers"]["policy"]["cameraBins"] == sorted(CAMERA_BINS)
    without = build_manifest(*parts)
    assert "readers" not in without and not {"captioner.onnx", "policy.onnx"} & set(without["files"])
    json.dumps(manifest)


def test_held_out_shards_are_the_last_of_the_bank(clips, tmp_path):
    for place in range(3):
        write_shard(tmp_path, f"shard-{place}", clips)
    sizes, apart = open_clips(tmp_path / "latents", tmp_path / "bank", "128x80", held_out=1)
    assert [len(part) for part in sizes] == [2 * len(clips)] and len(apart) == len(clips)
    with pytest.raises(ValueError, match="0 held out"):
        open_clips(tmp_path / "latents", tmp_path / "bank", "96x96", held_out=1)


def write_shard(root, name: str, clips: Clips) -> None:
    shard, latents = root / "bank" / "128x80" / name, root / "latents" / "128x80"
    shard.mkdir(parents=True)
    latents.mkdir(parents=True, exist_ok=True)
    part = {"latents": clips.latents, "actions": clips.actions, "tokens": clips.tokens}
    torch.save(part, latents / f"{name}.pt")
    rows, frames = len(clips), CHUNKS * 4
    for field in ("rgb", "inverse_depth", "block_id"):
        np.save(shard / f"{field}.npy", np.zeros(1))
    for field, width in (("actions", 21), ("motion", 6), ("attributes", 3)):
        np.save(shard / f"{field}.npy", np.zeros((rows, frames, width), np.uint8))
    (shard / "captions.json").write_text(json.dumps([[CAPTION] * frames] * rows))


def test_captions_are_read_word_by_word():
    assert stated("a village in the woods at midnight in the rain")["weather"] == "rain"
    assert stated("it becomes night, at noon")["time"] == "night"
    assert stated("holding a torch") == {"biome": None, "time": None, "weather": None}
    rng = np.random.default_rng(0)
    for biome, time, weather in (("desert", "dusk", "clear"), ("forest", "night", "rain")):
        full = recaption(CAPTION, biome, time, weather, rng)
        assert stated(full) == {"biome": biome, "time": time, "weather": weather}


def test_agreement_counts_silence_as_wrong():
    truth = [["desert", "night", "rain"], ["desert", "noon", "rain"]]
    figures = agreement(["a desert by night", "a forest"], truth)
    assert figures["biome"] == {"stated": 1.0, "right": 0.5} and figures["time"] == {"stated": 0.5, "right": 0.5}
    assert figures["weather"] == {"stated": 0.0, "right": 0.0}


def test_a_caption_ends_at_its_first_zero(readers, clips):
    assert said([1, 2, 0, 3], TOKENIZER.words) == "a after" and said([1], TOKENIZER.words) == "a"
    latents = clips.latents[:2, :2].float()
    assert caption(readers["captioner"], latents, TOKENIZER) == caption(readers["captioner"], latents, TOKENIZER)
    figures = captioner_figures(readers["captioner"], clips, TOKENIZER)
    assert figures["clips"] == len(clips) and 0 <= figures["read"]["biome"]["right"] < 1  # it knows nothing yet


def test_drawn_actions_are_lively_and_repeatable(readers):
    inputs = list(example_inputs(NANO, "policy", 4, 2, 5, 8).values())
    once, again, other = (act(readers["policy"], *inputs, np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert once.shape == (4, 4, 21) and np.array_equal(once, again) and not np.array_equal(once, other)
    assert set(np.unique(once[..., :BUTTON_COUNT])) == {0.0, 1.0}
    assert np.isin(once[..., BUTTON_COUNT:], np.array(CAMERA_BINS, np.float32)).all()


def test_the_nearest_bin_of_a_bin_is_itself():
    assert nearest_bin(torch.tensor(CAMERA_BINS)).tolist() == list(range(len(CAMERA_BINS)))
    assert nearest_bin(torch.tensor([-7.0, 7.0])).tolist() == [0, len(CAMERA_BINS) - 1]


def test_figures_of_buttons_and_behaviour():
    read, pressed = np.array([1, 1, 0, 0], bool), np.array([1, 0, 0, 0], bool)
    figures = button_figures(read, pressed)
    assert figures["f1"] == pytest.approx(2 / 3) and figures["balanced"] == pytest.approx((1 + 2 / 3) / 2)
    actions = np.zeros((1, 2, 4, 21))
    actions[:, 1, :, 0] = 1
    actions[:, 0, :, BUTTON_COUNT] = 0.5
    shares = behaviour(actions)
    assert (shares["forward"], shares["turningYaw"], shares["turningPitch"]) == (0.5, 0.5, 0.0)
    assert shares["forwardChanges"] == pytest.approx(20 / 7)
