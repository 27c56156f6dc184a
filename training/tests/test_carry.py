from __future__ import annotations

import pytest
import torch
from test_resume import WORDS, make_denoiser_training, striped_latents

from sora_world.config import TINY
from sora_world.train.carry import pack, split_weights, unpack
from sora_world.train.denoiser import DenoiserTraining


def test_weights_are_split_in_order_and_none_is_cut():
    weights = {"a": torch.zeros(10), "b": torch.zeros(10), "c": torch.zeros(50), "d": torch.zeros(1)}
    groups = split_weights(weights, most_bytes=100)
    assert [list(group) for group in groups] == [["a", "b"], ["c"], ["d"]]


def test_a_carried_run_goes_on_from_the_average(tmp_path):
    training, batch = make_denoiser_training(), striped_latents()
    for _ in range(5):
        training.step(batch, 0.0, False, shortcuts_from=0.5)
    training.save(tmp_path / "run" / "training.pt")
    files = pack(tmp_path / "run", tmp_path / "parts", part_bytes=20_000)
    assert len(files) > 1
    about = unpack(tmp_path / "parts", tmp_path / "other")
    assert about["steps"] == 5 and about["words"] == WORDS

    resumed = DenoiserTraining(TINY, WORDS, torch.device("cpu"), 0.02, 3e-3)
    resumed.load(tmp_path / "other" / "training.pt")
    assert resumed.warm_steps == 0
    for name, value in resumed.model.state_dict().items():
        torch.testing.assert_close(value, training.average.values[name], atol=1e-3, rtol=1e-3)
    resumed.step(batch, 0.0, False, shortcuts_from=0.5)
    assert (resumed.steps, resumed.warm_steps) == (6, 1)


def test_missing_parts_are_refused(tmp_path):
    training = make_denoiser_training()
    training.save(tmp_path / "run" / "training.pt")
    files = pack(tmp_path / "run", tmp_path / "parts", part_bytes=20_000)
    files[-1].unlink()
    with pytest.raises(ValueError, match="whole set"):
        unpack(tmp_path / "parts", tmp_path / "other")
    assert not (tmp_path / "other" / "training.pt").exists()
