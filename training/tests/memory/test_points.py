from __future__ import annotations

import torch

from sora_world.memory.camera import moved, project, start_pose, unproject
from sora_world.memory.points import LONGEST_AGE, PointMemory
from sora_world.world.camera import basis

HEIGHT, WIDTH = 24, 32  # of the memory image


def picture(batch: int = 1) -> torch.Tensor:
    """uint8 [B,48,64,3], every memory pixel of another colour."""
    rows, columns = torch.arange(HEIGHT), torch.arange(WIDTH)
    down, across = torch.meshgrid(rows, columns, indexing="ij")
    colour = torch.stack([down * 10, across * 7, down + across], -1)
    return colour.repeat_interleave(2, 0).repeat_interleave(2, 1).to(torch.uint8).expand(batch, -1, -1, -1)


def flat(distance: float, batch: int = 1) -> torch.Tensor:
    return torch.full((batch, 6, 8), 1 / distance)


def turned(pose: torch.Tensor, degrees: float) -> torch.Tensor:
    return moved(pose, torch.tensor([[0.0, 0, 0, degrees, 0]]).expand(len(pose), -1))


def test_camera_is_the_worlds_camera():
    pose = torch.tensor([[1.0, 2, 3, 40, -25], [0, 0, 0, 190, 80]])
    for ours, theirs in zip(basis(pose[:, 3], pose[:, 4]), axes_of(pose), strict=True):
        assert torch.allclose(ours, theirs, atol=1e-6)
    depth = torch.rand(2, HEIGHT, WIDTH) * 20 + 1
    x, y, z = project(pose, unproject(pose, depth), HEIGHT, WIDTH)
    assert torch.allclose(z, depth.flatten(1), rtol=1e-4)
    assert torch.allclose(x.view(2, HEIGHT, WIDTH), (torch.arange(WIDTH) + 0.5).expand(2, HEIGHT, -1), atol=1e-3)
    assert torch.allclose(y.view(2, HEIGHT, WIDTH)[..., 0], (torch.arange(HEIGHT) + 0.5).expand(2, -1), atol=1e-3)


def axes_of(pose):
    from sora_world.memory.camera import axes

    return axes(pose)


def test_the_same_view_gives_the_picture_back():
    memory, pose = PointMemory(1), start_pose(1)
    memory.observe(picture(), flat(5), pose, chunk=3)
    image = memory.render(pose, 7, HEIGHT, WIDTH)[0]
    colours = picture()[0, ::2, ::2].permute(2, 0, 1) / 127.5 - 1
    assert torch.allclose(image[:3], colours, atol=1e-5)
    assert (image[3] == 1).all()
    assert torch.allclose(image[4], torch.tensor(0.2), atol=1e-4)
    assert torch.allclose(image[5], torch.tensor(4 / LONGEST_AGE))


def test_looking_away_and_back():
    """What was seen first is still there after half a turn, in spite of what was seen meanwhile."""
    memory, pose = PointMemory(1), start_pose(1)
    memory.observe(picture(), flat(5), pose, chunk=0)
    first = memory.render(pose, 1, HEIGHT, WIDTH)
    away = turned(pose, 180)
    assert not memory.render(away, 1, HEIGHT, WIDTH).any()
    memory.observe(picture().flip(2), flat(3), away, chunk=1)
    again = memory.render(turned(away, -180), 1, HEIGHT, WIDTH)
    assert torch.allclose(again[:, :5], first[:, :5], atol=1e-3)


def test_what_is_seen_through_is_forgotten():
    """A block was broken: the picture now goes deeper there, and the old surface must not come back."""
    memory, pose = PointMemory(1), start_pose(1)
    memory.observe(picture(), flat(2), pose, chunk=0)
    memory.observe(picture(), flat(9), pose, chunk=1)
    assert memory.render(pose, 2, HEIGHT, WIDTH)[:, 4].max() < 1 / 8


def test_what_is_hidden_is_kept():
    memory, pose = PointMemory(1), start_pose(1)
    memory.observe(picture(), flat(9), pose, chunk=0)
    memory.observe(picture(), flat(2), pose, chunk=1)
    assert memory.alive.sum() == 2 * HEIGHT * WIDTH
    assert memory.render(pose, 2, HEIGHT, WIDTH)[:, 4].min() > 1 / 3


def test_worlds_of_a_batch_do_not_mix():
    both, pose = PointMemory(2), start_pose(2)
    frames = torch.cat([picture(), picture().flip(2)])
    poses = torch.cat([pose[:1], turned(pose[:1], 30)])
    both.observe(frames, torch.cat([flat(4), flat(7)]), poses, 0)
    both.observe(frames, torch.cat([flat(6), flat(3)]), turned(poses, 20), 1)
    images = both.render(poses, 2, HEIGHT, WIDTH)
    for world in range(2):
        one, row = PointMemory(1), slice(world, world + 1)
        one.observe(frames[row], flat((4, 7)[world]), poses[row], 0)
        one.observe(frames[row], flat((6, 3)[world]), turned(poses, 20)[row], 1)
        assert torch.allclose(one.render(poses[row], 2, HEIGHT, WIDTH), images[row])
