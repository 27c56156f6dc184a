"""The point memory of B worlds in step.

After each chunk its last frame becomes points: one per pixel of the memory image, at the decoder's depth. What the
frame shows replaces what was known of the same place: older points that it sees at their depth, or through, are
forgotten, so the newest observation wins and a broken block does not come back. Points that it does not see, because
they are outside of the picture or behind something, stay. GEN3C (arXiv 2503.03751) and Voyager (arXiv 2506.04225)
condition a video model on such points; replacing by visibility takes the place of their fusion.

The same algorithm runs in `packages/server/src/memory`; golden arrays hold the two together.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from sora_world.config import MEMORY_CELL, SPATIAL_SCALE, VIEW_CHANNELS
from sora_world.memory.camera import focal, project, unproject

IMAGE_SCALE = SPATIAL_SCALE // MEMORY_CELL  # picture pixels per pixel of the memory image
FARTHEST = 64.0  # blocks; the sky is put there
NEAREST = 0.1  # blocks; nothing nearer is drawn
REPLACED_BEHIND = 1.25  # a point is replaced when its depth is less than this times the depth seen there
LONGEST_AGE = 64  # chunks at which `age` is 1
SLACK = 0.15  # pixels added to a point's half width, so that rotation leaves no gaps
LARGEST_HALF_WIDTH = 1.85  # pixels; a point covers at most four pixels across
STEPS_ACROSS = 4


class PointMemory:
    """Points of `batch` worlds; all of them get the same number of points with every frame."""

    def __init__(self, batch: int, device: torch.device | str = "cpu"):
        self.position = torch.zeros(batch, 0, 3, device=device)
        self.colour = torch.zeros(batch, 0, 3, device=device)  # 0..1
        self.spacing = torch.zeros(batch, 0, device=device)  # blocks between neighbours when seen
        self.born = torch.zeros(batch, 0, device=device)  # chunk
        self.alive = torch.zeros(batch, 0, dtype=torch.bool, device=device)

    def observe(self, frame: Tensor, inverse_depth: Tensor, pose: Tensor, chunk: int) -> None:
        """Takes in what chunk `chunk` ended with.

        frame uint8 [B,H,W,3]; inverse_depth [B,H/8,W/8] in 1/blocks; pose [B,5] of that frame
        """
        colour = shrink(frame)
        depth = depth_at(inverse_depth, colour.shape[1:3])
        self._forget_seen(depth, pose)
        batch, height, width = depth.shape
        spacing = depth.flatten(1) / focal(height)
        self.position = torch.cat([self.position, unproject(pose, depth)], 1)
        self.colour = torch.cat([self.colour, colour.flatten(1, 2)], 1)
        self.spacing = torch.cat([self.spacing, spacing], 1)
        self.born = torch.cat([self.born, torch.full_like(spacing, float(chunk))], 1)
        self.alive = torch.cat([self.alive, torch.ones_like(spacing, dtype=torch.bool)], 1)
        self._drop_dead()

    def _forget_seen(self, depth: Tensor, pose: Tensor) -> None:
        height, width = depth.shape[1:]
        x, y, z = project(pose, self.position, height, width)
        inside = (z > NEAREST) & (x >= 0) & (x < width) & (y >= 0) & (y < height)
        pixel = y.long().clamp(0, height - 1) * width + x.long().clamp(0, width - 1)
        seen = depth.flatten(1).gather(1, pixel)
        self.alive &= ~(inside & (z < seen * REPLACED_BEHIND))

    def _drop_dead(self) -> None:
        """Frees the places of points that are dead in every world."""
        kept = self.alive.any(0)
        for name in ("position", "colour", "spacing", "born", "alive"):
            setattr(self, name, getattr(self, name)[:, kept])

    def image(self, poses: Tensor, chunk: int, height: int, width: int) -> Tensor:
        """The memory image [B,F*6,height,width] before chunk `chunk`: a view from each of its `poses` [B,F,5]."""
        return torch.cat([self.render(pose, chunk, height, width) for pose in poses.unbind(1)], 1)

    def render(self, pose: Tensor, chunk: int, height: int, width: int) -> Tensor:
        """One view [B,6,height,width] of what is known before chunk `chunk`, seen from `pose` [B,5].

        Zeros where nothing is known. Colours -1..1, known 0 or 1, inverse depth in 1/blocks up to 1, age 0..1.
        """
        batch, points = self.alive.shape
        image = self.colour.new_zeros(batch, VIEW_CHANNELS, height * width)
        if points == 0:
            return image.unflatten(2, (height, width))
        x, y, z = project(pose, self.position, height, width)
        half = self.spacing * focal(height) / (2 * z.clamp(min=NEAREST))
        half = half.clamp(min=0.5, max=LARGEST_HALF_WIDTH - SLACK) + SLACK
        visible = self.alive & (z > NEAREST) & (z < 2 * FARTHEST)
        winner = nearest_points(x, y, z, half, visible, height, width)
        known = winner >= 0
        index = winner.clamp(min=0)
        colour = self.colour.gather(1, index[..., None].expand(-1, -1, 3)).transpose(1, 2)
        age = (chunk - self.born.gather(1, index)).clamp(max=LONGEST_AGE) / LONGEST_AGE
        inverse = (1 / z.gather(1, index).clamp(min=NEAREST)).clamp(max=1.0)
        image[:, :3] = colour * 2 - 1
        image[:, 3], image[:, 4], image[:, 5] = 1.0, inverse, age
        return (image * known[:, None]).unflatten(2, (height, width))


def shrink(frame: Tensor) -> Tensor:
    """uint8 [B,H,W,3] -> colours 0..1 [B,H/2,W/2,3], means of four pixels."""
    channels_first = frame.permute(0, 3, 1, 2).float() / 255
    return F.avg_pool2d(channels_first, IMAGE_SCALE).permute(0, 2, 3, 1)


def depth_at(inverse_depth: Tensor, size: tuple[int, int]) -> Tensor:
    """Depth in blocks [B,*size] from inverse depth [B,h,w]: linear in between, which is exact on flat surfaces."""
    fine = F.interpolate(inverse_depth[:, None].float(), size=tuple(size), mode="bilinear", align_corners=False)[:, 0]
    return 1 / fine.clamp(min=1 / FARTHEST)


def nearest_points(x: Tensor, y: Tensor, z: Tensor, half: Tensor, visible: Tensor, height: int, width: int) -> Tensor:
    """Index [B,height*width] of the point that each pixel shows, -1 for none; of equally near ones the newest."""
    batch, points = x.shape
    # The nearest wins; below the depth in the key stands the index, counted down, to break ties.
    key = (z * 1024).long().clamp(0, 2**30) * 2**31 + (points - 1 - torch.arange(points, device=x.device))
    best = torch.full((batch, height * width), torch.iinfo(torch.int64).max, device=x.device)
    first_column, last_column = (x - half - 0.5).ceil().long(), (x + half - 0.5).floor().long()
    first_row, last_row = (y - half - 0.5).ceil().long(), (y + half - 0.5).floor().long()
    for down in range(STEPS_ACROSS):
        row = first_row + down
        for right in range(STEPS_ACROSS):
            column = first_column + right
            covers = visible & (row <= last_row) & (column <= last_column)
            covers &= (row >= 0) & (row < height) & (column >= 0) & (column < width)
            which, place = covers.nonzero(as_tuple=True)
            pixel = row[which, place] * width + column[which, place]
            flat = best.view(-1)
            flat.scatter_reduce_(0, which * (height * width) + pixel, key[which, place], "amin")
    index = points - 1 - best % 2**31
    return torch.where(best == torch.iinfo(torch.int64).max, -1, index)
