"""The renderer: depth agrees between frames, leaping rays agree with small steps, edits show."""

import torch

from sora_world.world.actions import INDEX
from sora_world.world.biomes import BIOMES
from sora_world.world.blocks import AIR, HAND, ID
from sora_world.world.camera import Lens, basis
from sora_world.world.clips import clip_seeds, render_clips, set_stage
from sora_world.world.editing import cast
from sora_world.world.terrain import find_biome, ground_height


def reproject(clips, clip: int, t: int, lens: Lens) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """z-depth that pixels of frame t should have in frame t + 1, and the least and largest found around there."""
    depth = clips.inverse_depth[clip].float()
    pose = clips.pose[clip]
    u, v = lens.slopes(depth.device)
    right, up, forward = (k[0] for k in basis(pose[t : t + 1, 3], pose[t : t + 1, 4]))
    solid = (depth[t].flatten() > 0) & (clips.block_id[clip, t].flatten() != HAND)
    z = 1 / depth[t].flatten()[solid]
    point = pose[t, :3] + z[:, None] * (forward + u[solid, None] * right + v[solid, None] * up)
    right, up, forward = (k[0] for k in basis(pose[t + 1 : t + 2, 3], pose[t + 1 : t + 2, 4]))
    shift = point - pose[t + 1, :3]
    new_z = shift @ forward
    column = (shift @ right / new_z * lens.focal + lens.width / 2).floor().long()
    row = (-(shift @ up) / new_z * lens.focal + lens.height / 2).floor().long()
    inside = (new_z > 0.3) & (column >= 0) & (column < lens.width) & (row >= 0) & (row < lens.height)
    found = 1 / depth[t + 1].clamp(min=1e-3)
    far = torch.nn.functional.max_pool2d(found[None], 3, 1, 1)[0][row[inside], column[inside]]
    near = -torch.nn.functional.max_pool2d(-found[None], 3, 1, 1)[0][row[inside], column[inside]]
    seen = clips.block_id[clip, t + 1][row[inside], column[inside]] != HAND
    return new_z[inside][seen], near[seen], far[seen]


def test_depth_reprojects_onto_the_next_frame():
    height, width = 60, 96
    clips = render_clips(4, 6, height, width, 21, scenario="forward")
    agree, total = 0, 0
    for clip in range(4):
        for t in range(5):
            if clips.actions[clip, t + 1, [INDEX["attack"], INDEX["use"], INDEX["drop"]]].any():
                continue  # an edit may change the scene
            expected, near, far = reproject(clips, clip, t, Lens(height, width))
            agree += int(((expected > near * 0.98 - 0.02) & (expected < far * 1.02 + 0.02)).sum())
            total += expected.numel()
    # The rest is hidden in frame t + 1 by something nearer.
    assert total > 10000 and agree / total > 0.97


def test_leaps_find_the_same_block_as_small_steps():
    stage = set_stage(clip_seeds(4, 2, torch.device("cpu")), 8, None)
    grid, eye = stage.grid, stage.body.eye()
    generator = torch.Generator().manual_seed(0)
    direction = torch.nn.functional.normalize(torch.randn((2, 200, 3), generator=generator), dim=-1)
    reach = 14.0
    _, t = cast(grid, eye[:, None].expand(-1, 200, -1), direction, reach)
    steps = torch.arange(0, reach, 0.005)
    points = eye[:, None, None] + direction[:, :, None] * steps[None, None, :, None]
    value = grid.value(points.floor().long())
    solid = (value < AIR) & (value != ID["water"])
    first = torch.where(solid.any(-1), steps[solid.float().argmax(-1)], reach)
    near = (first - t).abs() < 0.03
    assert near.float().mean() > 0.985  # small steps miss the thinnest corners


def test_breaking_and_placing_change_the_picture():
    clips = render_clips(6, 44, 20, 32, 9, scenario="edit")
    before, after = clips.rgb[:, :-1].float(), clips.rgb[:, 1:].float()
    still = clips.motion[:, 1:, :5].abs().amax(-1) < 1.5
    changed = (clips.block_id[:, :-1] != clips.block_id[:, 1:]).float().mean((2, 3))
    used = (clips.actions[:, 1:, [7, 8]] > 0.5).any(-1)
    assert (changed[still & used] > 0.01).any()
    assert (before - after).abs().mean() > 0


def test_biomes_are_found_where_they_are_wanted():
    biome = torch.arange(len(BIOMES))
    world = torch.arange(len(BIOMES)) % 3
    x, z = find_biome(world, biome + 50, biome)
    found, height = ground_height(world, x, z)
    assert (found == biome).float().mean() >= 0.75
    assert int(height.min()) >= 5 and int(height.max()) <= 38
