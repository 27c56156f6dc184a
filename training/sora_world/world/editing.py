"""Breaking and placing blocks, choosing the held block, and what the hand shows of it."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from .actions import INDEX, button
from .blocks import AIR, BLOCKS, ID, break_table, hotbar_ids, solid_table
from .camera import basis
from .grid import HEIGHT, Grid
from .march import Rays, march, resolve, safe_slope
from .overlay import Hand
from .physics import BODY_HEIGHT, HALF_WIDTH, Body, in_water
from .shade import Marks

REACH = 4.5  # blocks
USE_PAUSE = 5  # frames between two blocks while use is held
SWING_FRAMES = 6
DIP_FRAMES = 5


@dataclass
class Aim:
    """What the players look at [B]."""

    near: Tensor  # bool, a block within reach
    cell: Tensor  # int64 [B, 3]
    beside: Tensor  # int64 [B, 3], the free cell in front of the face
    index: Tensor  # int32 flat cell index
    distance: Tensor  # blocks, REACH where there is none


def cast(grid: Grid, origin: Tensor, direction: Tensor, reach: float) -> tuple[Rays, Tensor]:
    """Marches rays [B, R, 3] of unit direction up to `reach`; returns the rays and t [B, R] (= distance)."""
    count = origin.shape[0]
    clip = torch.arange(count, device=origin.device, dtype=torch.int32)[:, None]
    parts = tuple(origin[..., a].contiguous() for a in range(3))
    slopes = tuple(safe_slope(direction[..., a].contiguous()) for a in range(3))
    first = clip * (grid.side * grid.side * HEIGHT)
    end = torch.full_like(parts[0], reach)
    rays = Rays(parts, slopes, first, torch.zeros_like(end), end)
    return rays, march(grid, rays, through_water=True)


def take_aim(grid: Grid, body: Body) -> Aim:
    """The block in the middle of the picture."""
    _, _, forward = basis(body.yaw, body.pitch)
    rays, t = cast(grid, body.eye()[:, None], forward[:, None], REACH)
    hits = resolve(grid, rays, t)
    cell = torch.stack([c[:, 0] for c in hits.cell], 1).long()
    axis = hits.axis.long()
    slope = forward.gather(1, axis)
    beside = cell.scatter_add(1, axis, -torch.sign(slope).long())
    near = (hits.block[:, 0] > 0) & (t[:, 0] < REACH - 1e-3)
    return Aim(near, cell, beside, hits.index[:, 0], t[:, 0])


@dataclass
class Editor:
    """Progress of the players' edits [B]."""

    slot: Tensor  # int64 0..8
    progress: Tensor  # float32 frames of attack on the target
    target: Tensor  # int32 flat cell index, -1 none
    stage: Tensor  # int64 0..3 cracks shown
    pause: Tensor  # int64 frames until use places again
    swing: Tensor  # int64 frames left of the blow
    dip: Tensor  # int64 frames left of the change of block
    bob: Tensor  # float32 radians
    stride: Tensor  # float32 0..1
    edits: Tensor  # int64 blocks changed so far

    @staticmethod
    def create(slot: Tensor) -> "Editor":
        """All at rest, with the given slots int64 [B]."""
        zero = torch.zeros_like(slot)
        real = zero.float()
        return Editor(slot, real.clone(), (zero - 1).int(), zero.clone(), zero.clone(), zero.clone(), zero.clone(),
                      real.clone(), real.clone(), zero.clone())


class EditTables:
    """Lookup tables of one device."""

    def __init__(self, device: torch.device):
        self.solid = solid_table(device)
        self.break_frames = break_table(device)
        self.hotbar = hotbar_ids(device)
        self.glow = torch.tensor([0, 0, 0, 0, 0, 0.85, 1.0, 0, 0], device=device)


def step_editor(grid: Grid, body: Body, editor: Editor, action: Tensor, tables: EditTables) -> Aim:
    """One frame of attack, use and hotbar under action [B, A]; edits grid and editor in place."""
    aim = take_aim(grid, body)
    _choose_slot(editor, action)
    _attack(grid, editor, aim, button(action, "attack"), tables)
    _use(grid, body, editor, aim, button(action, "use"), tables)
    speed = body.velocity[:, [0, 2]].norm(dim=1)
    moving = (speed / 0.216).clamp(max=1.3) * body.on_ground.float()
    editor.bob = editor.bob + 0.42 * moving
    editor.stride = editor.stride + (moving - editor.stride) * 0.3
    return aim


def _choose_slot(editor: Editor, action: Tensor) -> None:
    keys = action[:, INDEX["hotbar.1"] : INDEX["hotbar.9"] + 1]
    chosen = torch.where(keys.amax(1) > 0.5, keys.argmax(1), editor.slot)
    editor.dip = torch.where(chosen != editor.slot, DIP_FRAMES, (editor.dip - 1).clamp(min=0))
    editor.dip = torch.where(button(action, "drop"), DIP_FRAMES, editor.dip)
    editor.slot = chosen


def _attack(grid: Grid, editor: Editor, aim: Aim, attacks: Tensor, tables: EditTables) -> None:
    needed = tables.break_frames[grid.value(aim.cell).long()]
    works = attacks & aim.near & (needed > 0)
    same = aim.index == editor.target
    editor.progress = torch.where(works, torch.where(same, editor.progress + 1, 1.0), 0.0)
    editor.target = torch.where(works, aim.index, -1)
    done = works & (editor.progress >= needed)
    editor.stage = torch.where(works, (editor.progress * 3 / needed.clamp(min=1)).ceil().clamp(1, 3).long(), 0)
    editor.swing = torch.where(attacks & (editor.swing == 0), SWING_FRAMES, (editor.swing - 1).clamp(min=0))
    clip = done.nonzero().view(-1)
    if clip.numel():
        _break(grid, clip, aim.cell[clip], tables)
        editor.progress = torch.where(done, 0.0, editor.progress)
        editor.stage = torch.where(done, 0, editor.stage)
        editor.target = torch.where(done, -1, editor.target)
        editor.edits = editor.edits + done


def _break(grid: Grid, clip: Tensor, cell: Tensor, tables: EditTables) -> None:
    """Empties cells int64 [N, 3] of clips [N]; water beside flows in, and a plant on top goes too."""
    sides = torch.tensor([[1, 0, 0], [-1, 0, 0], [0, 0, 1], [0, 0, -1], [0, 1, 0]], device=cell.device)
    flat = grid.cells.view(-1)
    floods = (flat[grid.index_in(clip[:, None], cell[:, None] + sides)] == ID["water"]).any(1)
    grid.clear(clip, cell)
    flat[grid.index_in(clip[floods], cell[floods])] = ID["water"]
    above = cell + sides[4]
    value = flat[grid.index_in(clip, above)]
    plant = (value < len(BLOCKS)) & (value != ID["water"]) & ~tables.solid[value.long()]
    grid.clear(clip[plant], above[plant])


def _use(grid: Grid, body: Body, editor: Editor, aim: Aim, uses: Tensor, tables: EditTables) -> None:
    block = tables.hotbar[editor.slot]
    value = grid.value(aim.beside)
    free = (value >= AIR) | (value == ID["water"])
    gap = aim.beside.float() + 0.5 - body.position
    apart = (gap[:, [0, 2]].abs() >= 0.5 + HALF_WIDTH).any(1) | (gap[:, 1] < -0.5) | (gap[:, 1] > BODY_HEIGHT + 0.5)
    inside = (aim.beside >= 1).all(1) & (aim.beside[:, 1] < HEIGHT - 1)
    places = uses & (editor.pause == 0) & aim.near & free & inside & (apart | ~tables.solid[block.long()])
    editor.pause = torch.where(uses, torch.where(places, USE_PAUSE, (editor.pause - 1).clamp(min=0)), 0)
    clip = places.nonzero().view(-1)
    if clip.numel():
        grid.put(clip, aim.beside[clip], block[clip])
        bright = clip[tables.glow[editor.slot[clip]] > 0]
        grid.shine(bright, aim.beside[bright])
        editor.swing = torch.where(places, SWING_FRAMES, editor.swing)
        editor.edits = editor.edits + places


def hand_of(editor: Editor, tables: EditTables) -> Hand:
    """What the hand shows now."""
    swing = torch.sin(editor.swing.float() / SWING_FRAMES * math.pi)
    return Hand(tables.hotbar[editor.slot], editor.bob, editor.stride, swing, editor.dip.float() / DIP_FRAMES)


def marks_of(editor: Editor, tables: EditTables) -> Marks:
    """Cracks and held light as the renderer wants them."""
    return Marks(editor.target, editor.stage, tables.glow[editor.slot])


def eye_in_water(grid: Grid, body: Body) -> Tensor:
    """bool [B]."""
    return in_water(grid, body.eye(), 0.0)
