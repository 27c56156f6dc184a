from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from sora_world.judges import export, train
from sora_world.judges.calibrate import best_cut, calibrate
from sora_world.judges.config import ATTRIBUTES, BLOCK_NAMES, FACES, KEYS
from sora_world.judges.data import Banks, JudgeBank
from sora_world.judges.measure import Judge, f1, measure, unsigned
from sora_world.judges.models import DynamicsJudge, SceneJudge, match, to_inverse_depth, to_log_depth
from sora_world.judges.train import JudgeTraining, load_judge

SIZES = [(72, 128), (80, 128), (128, 80), (96, 96)]


class OneBatch:
    """The same rows again and again."""

    def __init__(self, folder):
        rng, bank = np.random.default_rng(0), JudgeBank(folder)
        self.scenes, self.moves = bank.sample_scenes(rng, 2), bank.sample_dynamics(rng, 2)

    def sample_scenes(self, rng, count):
        return self.scenes

    def sample_dynamics(self, rng, count):
        return self.moves


@pytest.fixture(scope="module")
def judges():
    """Untrained, with batch statistics that are not those of a fresh network."""
    torch.manual_seed(0)
    pair = SceneJudge(), DynamicsJudge()
    for judge in pair:
        for name, buffer in judge.named_buffers():
            if "running" in name:
                buffer.uniform_(0.5, 1.5)
        judge.eval()
    return pair


@pytest.fixture(scope="module")
def folder(judges, tmp_path_factory):
    out = tmp_path_factory.mktemp("judges")
    export.write_judges(out, *judges)
    return out


def pictures(*shape: int) -> torch.Tensor:
    return torch.randint(0, 256, (*shape, 3), dtype=torch.uint8)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_onnx_equals_pytorch_at_every_size(judges, folder, height, width):
    scene, dynamics = judges
    for rows in (1, 3):
        cases = [
            (export.SceneGraph(scene), "scene", pictures(rows, height, width), list(export.SCENE_OUTPUTS)),
            (export.DynamicsGraph(dynamics), "dynamics", pictures(rows, 5, height, width), ["turn", "keys"]),
        ]
        for graph, name, frames, outputs in cases:
            with torch.no_grad():
                expected = graph(frames)
            got = Judge(folder / f"{name}.onnx")(frames.numpy())
            assert list(got) == outputs
            for output, want in zip(outputs, expected, strict=True):
                np.testing.assert_allclose(got[output], want.numpy(), atol=2e-4, err_msg=output)


def test_outputs_have_the_shapes_of_the_contract(folder):
    read = Judge(folder / "scene.onnx")(pictures(2, 72, 128).numpy())
    grid = (18, 32)
    assert read["block_id"].shape == (2, len(BLOCK_NAMES), *grid) and read["face"].shape == (2, len(FACES), *grid)
    assert read["inverse_depth"].shape == (2, *grid) and (read["inverse_depth"] >= 0).all()
    assert {name: read[name].shape[1] for name in ATTRIBUTES} == {"biome": 8, "time": 4, "weather": 4}
    assert read["feature"].shape == (2, 64)
    moves = Judge(folder / "dynamics.onnx")(pictures(2, 5, 72, 128).numpy())
    assert moves["turn"].shape == (2, 4, 2) and moves["keys"].shape == (2, 4, len(KEYS))
    assert sum(path.stat().st_size for path in folder.glob("*.onnx")) < 4.3e6


def test_matching_finds_a_shift():
    torch.manual_seed(0)
    picture = torch.randn(1, 16, 8, 12)
    likeness = match(picture, picture.roll((-2, 1), (2, 3)))  # up by two cells, right by one
    middle = likeness[0, :, 3:-3, 4:-4].mean((1, 2))
    assert int(middle.argmax()) == 0 * 7 + 4 and middle.max() > 0.99
    assert int(DynamicsJudge().flow(likeness * 9)[0, 0, 4, 6].round()) == 1


def test_matching_equals_a_product_per_shift():
    old, new = torch.randn(2, 2, 16, 5, 6)
    flat_old, flat_new = (F.normalize(x - x.mean((2, 3), keepdim=True), dim=1) for x in (old, new))
    padded = F.pad(flat_new, (3, 3, 2, 2))
    expected = [(flat_old * padded[..., y : y + 5, x : x + 6]).sum(1) for y in range(5) for x in range(7)]
    torch.testing.assert_close(match(old, new), torch.stack(expected, 1))


@pytest.mark.parametrize("kind", ["scene", "dynamics"])
def test_a_judge_learns_what_it_is_shown(kind, judge_bank_folder):
    torch.manual_seed(0)
    training, source = JudgeTraining(kind, torch.device("cpu")), OneBatch(judge_bank_folder)
    losses = [training.step(source, 2, 0.0, bf16=False)["loss"] for _ in range(50)]
    assert sum(losses[-5:]) < 0.5 * sum(losses[:5])


def test_resumed_training_continues_exactly(judge_bank_folder, tmp_path):
    torch.manual_seed(0)
    banks = Banks([JudgeBank(judge_bank_folder)], [1.0])
    training = JudgeTraining("dynamics", torch.device("cpu"))
    training.step(banks, 2, 0.0, bf16=False)
    training.save(tmp_path / "training.pt")
    expected = training.step(banks, 2, 0.0, bf16=False)
    resumed = JudgeTraining("dynamics", torch.device("cpu"))
    resumed.load(tmp_path / "training.pt")
    assert resumed.step(banks, 2, 0.0, bf16=False) == expected


def test_a_judge_of_another_architecture_is_refused(tmp_path):
    training = JudgeTraining("dynamics", torch.device("cpu"))
    training.publish(tmp_path)
    load_judge("dynamics", tmp_path)
    with pytest.raises(ValueError, match="another architecture"):
        load_judge("scene", tmp_path)


def test_depth_survives_its_logarithm():
    depth = torch.tensor([0.0, 0.023, 0.5, 3.0])
    torch.testing.assert_close(to_inverse_depth(to_log_depth(depth)), depth, atol=1e-6, rtol=1e-5)
    assert to_inverse_depth(torch.tensor(-9.0)) == 0


def test_manifest_is_complete_and_measured(judges, folder, judge_bank_folder):
    accuracy = measure(folder, JudgeBank(judge_bank_folder))
    files = ["scene.onnx", "dynamics.onnx"]
    manifest = export.build_manifest(folder, files, judges[0].config.feature_width, accuracy, {"summary": "untrained"})
    assert list(manifest) == [
        "manifestVersion", "name", "version", "licence", "blocks", "faces", "biomes", "times", "weathers", "keys",
        "scale", "frames", "featureWidth", "heights", "files", "accuracy", "training",
    ]  # fmt: skip
    assert (len(manifest["biomes"]), len(manifest["times"]), len(manifest["weathers"])) == (8, 4, 4)
    assert all(len(manifest["files"][name]["sha256"]) == 64 for name in files)
    assert 0 <= accuracy["blockId"] < 0.6 and accuracy["turnErrorDeg"]["yaw"] > 0  # it knows nothing yet
    assert set(accuracy["keyF1"]) == set(KEYS) and accuracy["clips"] == 6


def test_f1_and_unsigned_faces():
    pressed, read = np.array([1, 1, 1, 0], bool), np.array([1, 1, 0, 1], bool)
    assert f1(pressed, read) == pytest.approx(2 / 3) and f1(pressed, pressed) == 1 and f1(pressed, ~pressed) == 0
    assert unsigned(np.arange(7)).tolist() == [0, 1, 1, 3, 4, 5, 5]


def test_the_cut_is_where_f1_is_best():
    logits, pressed = np.array([-3.0, -1.0, -2.0, -4.0]), np.array([0, 1, 1, 0], bool)
    assert best_cut(logits, pressed) == -2.5 and f1(pressed, logits > -2.5) == 1
    assert best_cut(logits, ~pressed) == -4.5  # naming all of them is best
    assert best_cut(logits, np.zeros(4, bool)) == 0


def test_calibrating_moves_the_logits_to_the_cut(judge_bank_folder):
    torch.manual_seed(0)
    judge, bank = DynamicsJudge().eval(), JudgeBank(judge_bank_folder)
    frames = bank.sample_dynamics(np.random.default_rng(0), 2).frames
    with torch.no_grad():
        before = judge(frames)["keys"]
        moved = calibrate(judge, bank)
        after = judge(frames)["keys"]
    assert any(moved.values())
    expected = torch.tensor([moved[key] for key in KEYS]).expand_as(before)
    torch.testing.assert_close(after - before, expected, atol=1e-3, rtol=0)


def test_command_line_refuses_an_empty_bank(tmp_path, monkeypatch, capsys):
    argv = ["train", "--judge", "scene", "--minutes", "1", "--banks", str(tmp_path), "--out", str(tmp_path / "out")]
    monkeypatch.setattr("sys.argv", argv)
    with pytest.raises(SystemExit):
        train.main()
    assert "no shards" in capsys.readouterr().err
