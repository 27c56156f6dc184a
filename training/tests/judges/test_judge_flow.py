from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F

from sora_world.judges.data import JudgeBank
from sora_world.judges.flow import flow_error, scene_flow
from sora_world.world.blocks import HAND

HEIGHT, WIDTH = 48, 64
CELLS_PER_SLOPE = HEIGHT / 2 / math.tan(math.radians(30)) / 4


def flow_of(motion: list[float], depth: float = 4.0, block: int = 1) -> np.ndarray:
    """[2,h,w] between a pose at the origin and one moved by `motion`: x, y, z, yaw, pitch; a wall at `depth`."""
    cells = (2, HEIGHT // 8, WIDTH // 8)
    pose = np.array([[0.0] * 5, motion], np.float32)
    return scene_flow(np.full(cells, 1 / depth, np.float32), np.full(cells, block, np.uint8), pose, HEIGHT)[0]


def middle(flow: np.ndarray) -> list[float]:
    return flow[:, 2:4, 3:5].mean((1, 2)).tolist()


def test_turning_moves_the_picture_the_other_way():
    yaw, pitch = flow_of([0, 0, 0, 2, 0]), flow_of([0, 0, 0, 0, 2])
    expected = CELLS_PER_SLOPE * math.tan(math.radians(2))
    np.testing.assert_allclose(middle(yaw), [-expected, 0], atol=0.02)
    np.testing.assert_allclose(middle(pitch), [0, -expected], atol=0.02)


def test_a_step_moves_near_things_more():
    near, far = flow_of([0.2, 0, 0, 0, 0], depth=2), flow_of([0.2, 0, 0, 0, 0], depth=8)
    np.testing.assert_allclose(middle(near), [-0.2 / 2 * CELLS_PER_SLOPE, 0], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(near, 4 * far, rtol=1e-3, atol=1e-5)


def test_walking_ahead_spreads_the_picture():
    flow = flow_of([0, 0, -0.5, 0, 0])
    assert flow[0, 2, 0] < 0 < flow[0, 2, -1] and flow[1, 0, 3] < 0 < flow[1, -1, 3]


def test_sky_and_what_moves_by_itself_have_no_flow():
    assert np.isnan(flow_of([0, 0, 0, 2, 0], block=HAND)).all()
    cells = (2, HEIGHT // 8, WIDTH // 8)
    sky = scene_flow(np.zeros(cells, np.float32), np.zeros(cells, np.uint8), np.zeros((2, 5), np.float32), HEIGHT)
    assert np.isnan(sky).all()


def test_error_counts_known_and_reachable_places_only():
    flow = torch.zeros(1, 2, 4, 6)
    truth = torch.full((1, 2, 2, 3), torch.nan)
    truth[0, :, 0, 0], truth[0, :, 0, 1] = torch.tensor([1.0, -0.5]), torch.tensor([9.0, 0.0])
    assert flow_error(flow, truth, (3, 2)) == 1.5
    assert flow_error(flow, torch.full_like(truth, torch.nan), (3, 2)) == 0


def test_rendered_pictures_follow_the_flow(judge_bank_folder):
    """Where the truth says things went, they are found: better than where they were."""
    shard = JudgeBank(judge_bank_folder).sizes[(48, 64)][0]
    still, followed = 0.0, 0.0
    for clip in range(shard.shape[0]):
        pictures, _, _, flow = shard.transitions(clip, 3)
        frames = torch.from_numpy(pictures.copy()).float().permute(0, 3, 1, 2)
        known = F.interpolate(torch.from_numpy(flow), size=(HEIGHT, WIDTH))
        place = F.affine_grid(torch.eye(2, 3).expand(4, 2, 3), [4, 1, HEIGHT, WIDTH], align_corners=False)
        shift = known.nan_to_num().permute(0, 2, 3, 1) * 4 * torch.tensor([2 / WIDTH, 2 / HEIGHT])
        warped = F.grid_sample(frames[1:], place + shift, align_corners=False)
        use = ~known[:, :1].isnan() & ((place + shift).abs() < 1).all(-1)[:, None]
        still += float(((frames[1:] - frames[:-1]).abs() * use).sum())
        followed += float(((warped - frames[:-1]).abs() * use).sum())
    assert followed < 0.8 * still
