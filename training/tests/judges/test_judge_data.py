from __future__ import annotations

import numpy as np
import pytest
import torch

from sora_world.judges.bank import averaged, parse_size
from sora_world.judges.config import BLOCK_NAMES, KEYS
from sora_world.judges.data import FADE, FADING, JudgeBank, mirrored, open_banks, without_fades
from sora_world.judges.degrade import cosines, degrade, quantised
from sora_world.world.blocks import ANIMALS, HAND, ID


def test_batches_have_the_promised_shapes(judge_bank_folder):
    bank, rng = JudgeBank(judge_bank_folder), np.random.default_rng(0)
    assert sorted(bank.sizes) == [(48, 64), (64, 48)]
    for _ in range(6):
        scenes, moves = bank.sample_scenes(rng, 3), bank.sample_dynamics(rng, 3)
        height, width = scenes.frames.shape[1:3]
        for cells in (scenes.block_id, scenes.face, scenes.inverse_depth):
            assert cells.shape == (3, height // 4, width // 4)
        assert (scenes.inverse_depth == 0).equal(scenes.block_id == 0)  # sky, and known everywhere
        assert moves.frames.shape == (3, 5, *moves.frames.shape[2:]) and moves.frames.dtype == torch.uint8
        assert moves.turn.shape == (3, 4, 2) and moves.keys.shape == (3, 4, len(KEYS))


def test_a_row_of_transitions_is_aligned_with_its_actions(judge_bank_folder):
    shard = JudgeBank(judge_bank_folder).sizes[(48, 64)][0]
    pictures, turn, _, _ = shard.transitions(1, 2)
    np.testing.assert_array_equal(pictures[0], shard.rgb[1, 2])
    np.testing.assert_allclose(turn, shard.motion[1, 3:7, 3:5])
    np.testing.assert_allclose(turn[:, 0], shard.actions[1, 3:7, 19] * 8, atol=1e-3)  # yaw is never clamped


def test_mirroring_exchanges_left_and_right():
    pictures = np.arange(5 * 2 * 3 * 3).reshape(5, 2, 3, 3)
    keys = np.zeros((4, len(KEYS)))
    keys[:, KEYS.index("left")] = 1
    flow = np.arange(2.0 * 3).reshape(1, 2, 1, 3)
    flipped, turn, flipped_keys, turned = mirrored((pictures, np.array([[2.0, 3.0]]), keys, flow))
    np.testing.assert_array_equal(flipped[:, :, 0], pictures[:, :, 2])
    np.testing.assert_array_equal(turn, [[-2.0, 3.0]])
    assert flipped_keys[0, KEYS.index("right")] == 1 and flipped_keys.sum() == 4
    np.testing.assert_array_equal(turned[0, :, 0], [[-2, -1, 0], [5, 4, 3]])


def test_classes_are_unknown_while_they_fade():
    attributes = np.zeros((1, 40, 3), np.int64)
    attributes[0, 10:, 1] = 2
    settled = without_fades(attributes)
    assert (settled[0, :10] == 0).all() and (settled[0, 10 : 10 + FADE, 1] == FADING).all()
    assert (settled[0, 10 + FADE :, 1] == 2).all() and (settled[..., 2] == 0).all()


def test_block_names_follow_the_ids():
    assert BLOCK_NAMES[0] == "sky" and BLOCK_NAMES[ID["lamp"]] == "lamp" and BLOCK_NAMES[HAND] == "hand"
    assert BLOCK_NAMES[ANIMALS[1] + 1] == "sheep head"


def test_averaging_takes_the_mean_of_each_square():
    rgb = torch.tensor([[0, 2], [4, 6]], dtype=torch.uint8)[None, None, :, :, None].expand(1, 1, 2, 2, 3)
    assert averaged(rgb, 2).flatten().tolist() == [3, 3, 3]


@pytest.mark.parametrize("size", ["128", "128x81", "axb", "128x80/0", "128x72/2", "-8x8"])
def test_odd_sizes_are_refused_by_name(size):
    with pytest.raises(ValueError, match=size):
        parse_size(size)


@pytest.mark.parametrize("text", ["{}=x", "{}=0", "{}/nowhere"])
def test_banks_without_share_or_shards_are_refused(text, tmp_path):
    with pytest.raises(ValueError, match=str(tmp_path)):
        open_banks(text.format(tmp_path))


def test_spoiling_keeps_some_rows_and_changes_others():
    torch.manual_seed(0)
    frames = torch.randint(0, 256, (24, 2, 16, 24, 3), dtype=torch.uint8)
    changed = (degrade(frames) - frames.float()).abs().flatten(1).amax(1) > 0
    assert 4 < changed.sum() < 20


def test_fine_quantisation_gives_the_picture_back():
    frames = torch.rand(1, 2, 16, 24, 3) * 255
    torch.testing.assert_close(quantised(frames, torch.full((1, 1, 1, 1, 1), 1e-3)), frames, atol=0.1, rtol=0)
    torch.testing.assert_close(cosines() @ cosines().T, torch.eye(8), atol=1e-5, rtol=0)
