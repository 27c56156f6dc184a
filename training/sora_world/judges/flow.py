"""Where each place in a picture went by the next frame, from depth and pose: the dynamics judge's homework."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from sora_world.config import VERTICAL_FOV_DEGREES
from sora_world.judges.config import SCALE
from sora_world.judges.layers import slopes_of_grid
from sora_world.world.blocks import CREATURE
from sora_world.world.camera import basis

FLOW_SCALE = 8  # picture pixels per place
NEAREST_AFTER = 0.1  # blocks in front of the new camera; what comes closer has left the picture


def scene_flow(inverse_depth: np.ndarray, block_id: np.ndarray, pose: np.ndarray, height: int) -> np.ndarray:
    """Movement between the frames of a clip as float32 [T-1,2,H/8,W/8], right and down in cells of 4 pixels.

    inverse_depth, block_id  [T,h,w]  of cell centres, at 1/4 or 1/8 of the picture
    pose                     [T,5]    eye x, y, z, yaw, pitch
    height                   H in pixels

    nan where it is not known: sky has no depth, and animals and the hand move by themselves.
    """
    depth = torch.from_numpy(np.array(inverse_depth[:-1], np.float32))
    known = (depth > 0) & (torch.from_numpy(np.array(block_id[:-1])) < CREATURE)
    before, after = (torch.from_numpy(np.array(poses)) for poses in (pose[:-1], pose[1:]))
    old, new = (torch.stack(basis(p[:, 3], p[:, 4]), 1).float() for p in (before, after))  # [T-1,3 axes,3]
    slopes = slopes_of_grid(*depth.shape[1:])
    rays = torch.stack([slopes[0], -slopes[1], torch.ones_like(slopes[0])])  # right, up, forward
    points = torch.einsum("tax,ahw->txhw", old, rays) / depth.clamp(min=1e-3)[:, None]
    points = points - (after[:, :3].double() - before[:, :3].double()).float()[..., None, None]
    right, up, forward = torch.einsum("tax,txhw->tahw", new, points).unbind(1)
    known &= forward > NEAREST_AFTER
    forward = forward.clamp(min=NEAREST_AFTER)
    cells_per_slope = height / 2 / math.tan(math.radians(VERTICAL_FOV_DEGREES / 2)) / SCALE
    flow = torch.stack([right / forward - slopes[0], -up / forward - slopes[1]], 1) * cells_per_slope
    flow = flow.where(known[:, None], torch.nan)
    return F.avg_pool2d(flow, depth.shape[1] * FLOW_SCALE // height).numpy()


def flow_error(flow: Tensor, truth: Tensor, reach: tuple[int, int]) -> Tensor:
    """Mean distance in cells where the truth is known and within `reach` (right, down).

    flow [N,2,H/4,W/4], truth [N,2,H/8,W/8] with nan where it is not known.
    """
    known = (truth.abs() <= torch.tensor(reach, device=truth.device)[:, None, None]).all(1)  # nan compares false
    off = (F.avg_pool2d(flow, FLOW_SCALE // SCALE) - truth.nan_to_num()).abs().sum(1)
    return (off * known).sum() / known.sum().clamp(min=1)
