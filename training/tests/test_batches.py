from __future__ import annotations

import numpy as np
import torch

from sora_world.data.batches import FrameBatch, random_crop


def test_a_window_has_the_latents_of_its_pixels():
    height, width = 64, 96
    cell_of_pixel = torch.arange(height)[:, None] // 16 * 10 + torch.arange(width)[None, :] // 16
    cell_of_eighth = torch.arange(height // 8)[:, None] // 2 * 10 + torch.arange(width // 8)[None, :] // 2
    cells = torch.arange(4)[:, None] * 10 + torch.arange(6)[None, :]
    batch = FrameBatch(
        rgb=cell_of_pixel[None, None, :, :, None].expand(2, 8, -1, -1, 3).byte(),
        inverse_depth=cell_of_eighth.float().expand(2, 8, -1, -1),
        block_id=cell_of_eighth.expand(2, 8, -1, -1),
        latents=cells.float().expand(2, 2, 5, -1, -1),
        is_paired=False,
    )
    seen = set()
    for seed in range(12):
        cut = random_crop(batch, np.random.default_rng(seed), 32)
        assert cut.rgb.shape == (2, 8, 32, 32, 3) and cut.latents.shape == (2, 2, 5, 2, 2) and not cut.is_paired
        assert torch.equal(cut.latents[0, 0, 0], cut.rgb[0, 0, ::16, ::16, 0].float())
        assert torch.equal(cut.latents[0, 0, 0], cut.inverse_depth[0, 0, ::2, ::2])
        assert torch.equal(cut.block_id[0, 0], cut.inverse_depth[0, 0].long())
        seen.add(float(cut.latents[0, 0, 0, 0, 0]))
    assert len(seen) > 3


def test_without_latents_there_are_none():
    batch = FrameBatch(torch.zeros(1, 4, 32, 32, 3), torch.zeros(1, 4, 4, 4), torch.zeros(1, 4, 4, 4))
    assert random_crop(batch, np.random.default_rng(0), 16).latents is None
