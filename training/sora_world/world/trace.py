"""First visible surface on each ray: full blocks, small blocks that fill part of their cell, and water."""

import torch
from torch import Tensor

from .blocks import CREATURE
from .grid import HEIGHT, Grid
from .march import Hits, Rays, march, resolve

PARTIAL_ROUNDS = 5  # small blocks that one ray may pass
MISSED = 1e9
NEAREST = 0.02  # z-depth below which nothing is drawn


def select_rays(rays: Rays, index: Tensor) -> Rays:
    """Flat rays at flat indices."""
    shape = rays.t_end.shape

    def pick(value: Tensor) -> Tensor:
        return value.expand(shape).reshape(-1).index_select(0, index)

    return Rays(tuple(pick(o) for o in rays.origin), tuple(pick(d) for d in rays.direction), pick(rays.first_cell),
                pick(rays.t), pick(rays.t_end))


def first_hits(grid: Grid, rays: Rays, boxes: Tensor, partial: Tensor) -> Hits:
    """Hits of rays [B, N]; a ray that passes beside the box of a small block goes on behind its cell.

    boxes [6, 256] and partial [256] are the tables of blocks.py.
    """
    hits = resolve(grid, rays, march(grid, rays))
    for round_number in range(PARTIAL_ROUNDS):
        small = partial.index_select(0, hits.block.view(-1).int()).nonzero().view(-1)
        if round_number:
            small = small[hits.t.view(-1).index_select(0, small) == MISSED]
        if small.numel() == 0:
            break
        some = select_rays(rays, small)
        some_hits = _pick_hits(hits, small)
        if round_number == 0:
            _test_boxes(grid, some, some_hits, boxes)
        missed = (some_hits.t == MISSED).nonzero().view(-1)
        if missed.numel():
            beyond = select_rays(some, missed)
            beyond.t = torch.minimum(_cell_exit(beyond, _pick_hits(some_hits, missed)), beyond.t_end)
            new_hits = resolve(grid, beyond, march(grid, beyond))
            _test_boxes(grid, beyond, new_hits, boxes, partial)
            _put_hits(some_hits, missed, new_hits)
        _put_hits(hits, small, some_hits)
    hits.block = torch.where(hits.t == MISSED, 0, hits.block)
    hits.t = torch.minimum(hits.t, rays.t_end)
    return hits


def _test_boxes(grid: Grid, rays: Rays, hits: Hits, boxes: Tensor, partial: Tensor | None = None) -> None:
    """Narrows hits on small blocks to their box; a miss gets t = MISSED. In place, flat rays.

    Without `partial` all hits are known to be on small blocks.
    """
    box = boxes[:, hits.block.long()]
    near, far, axis = torch.zeros_like(hits.t), torch.full_like(hits.t, MISSED), hits.axis
    for a in range(3):
        low = (hits.cell[a] + box[a] - rays.origin[a]) / rays.direction[a]
        high = (hits.cell[a] + box[a + 3] - rays.origin[a]) / rays.direction[a]
        enter, leave = torch.minimum(low, high), torch.maximum(low, high)
        axis = torch.where(enter > near, a, axis).byte()
        near, far = torch.maximum(near, enter), torch.minimum(far, leave)
    boxed = torch.where((near < far) & (near > NEAREST), near, MISSED)
    if partial is not None:
        small = partial[hits.block.long()]
        boxed, axis = torch.where(small, boxed, hits.t), torch.where(small, axis, hits.axis)
    moving = (hits.block == CREATURE).nonzero().view(-1)
    hits.t, hits.axis = boxed, axis
    if moving.numel():
        _test_moving(grid, select_rays(rays, moving), hits, moving)


def _test_moving(grid: Grid, rays: Rays, hits: Hits, chosen: Tensor) -> None:
    """Finds the nearest moving box on flat rays, whose hits are `chosen` among `hits`; in place."""
    clip = (rays.first_cell // (grid.side * grid.side * HEIGHT)).long()
    box = grid.boxes[clip]
    near, far = torch.zeros(box.shape[:2], device=box.device), torch.full(box.shape[:2], MISSED, device=box.device)
    axis = torch.zeros(box.shape[:2], dtype=torch.uint8, device=box.device)
    for a in range(3):
        low = (box[..., a] - rays.origin[a][:, None]) / rays.direction[a][:, None]
        high = (box[..., a + 3] - rays.origin[a][:, None]) / rays.direction[a][:, None]
        enter, leave = torch.minimum(low, high), torch.maximum(low, high)
        axis = torch.where(enter > near, a, axis).byte()
        near, far = torch.maximum(near, enter), torch.minimum(far, leave)
    t, best = torch.where((near < far) & (near > NEAREST), near, MISSED).min(1)
    found = t < MISSED
    hits.t[chosen] = t
    hits.axis[chosen] = axis.gather(1, best[:, None])[:, 0]
    block = grid.box_blocks[clip].gather(1, best[:, None])[:, 0]
    hits.block[chosen] = torch.where(found, block, hits.block[chosen])
    for a in range(3):
        point = (rays.origin[a] + rays.direction[a] * t).floor()
        hits.cell[a][chosen] = torch.where(found, point, hits.cell[a][chosen])


def _cell_exit(rays: Rays, hits: Hits) -> Tensor:
    """t at which rays leave the cells of their hits."""
    ends = []
    for origin, direction, cell in zip(rays.origin, rays.direction, hits.cell, strict=True):
        ends.append((cell + (direction > 0).float() - origin) / direction)
    return torch.minimum(torch.minimum(ends[0], ends[1]), ends[2])


def _pick_hits(hits: Hits, index: Tensor) -> Hits:
    """Flat hits at flat indices."""

    def pick(value: Tensor) -> Tensor:
        return value.reshape(-1).index_select(0, index)

    return Hits(pick(hits.t), tuple(pick(c) for c in hits.cell), pick(hits.index), pick(hits.block), pick(hits.axis))


def _put_hits(hits: Hits, index: Tensor, some: Hits) -> None:
    """Writes flat hits back; in place."""
    for name in ("t", "index", "block", "axis"):
        getattr(hits, name).view(-1)[index] = getattr(some, name)
    for axis in range(3):
        hits.cell[axis].view(-1)[index] = some.cell[axis]
