"""Moving boxes: animals that wander around a home, and blocks that the player throws away.

The cells that a mover touches are marked in the grid; only rays that reach a marked cell are tested against boxes.
Leaps of rays around the places where movers may go are shortened once, so that marks can come and go freely.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from .actions import button
from .biomes import BIOME_NAMES
from .blocks import AIR, ANIMALS, CREATURE, ID
from .camera import basis
from .editing import Editor, EditTables
from .grid import Grid
from .hashing import choice, hash_integers, uniform
from .physics import Body

ANIMAL_COUNT = 3  # per clip, if any
HOME = 4  # blocks that an animal may leave its home
PACE = 0.055  # blocks per frame
PERIOD = 24  # frames between decisions
THROW, ITEM_SIZE, ITEM_FRAMES = 0.24, 0.11, 26  # blocks per frame, half side, life

# Chance of animals per biome, in the order of BIOMES.
HERDS = {"plains": 0.8, "forest": 0.55, "autumn": 0.55, "mountains": 0.4, "swamp": 0.3, "snow": 0.45, "island": 0.2}

# Boxes of an animal that walks along +x: kind of part, x0 y0 z0 x1 y1 z1 from the middle of its feet.
PARTS = [
    ("body", (-0.45, 0.35, -0.27, 0.35, 0.85, 0.27)),
    ("head", (0.35, 0.55, -0.2, 0.72, 0.98, 0.2)),
    ("legs", (-0.42, 0.0, -0.24, -0.18, 0.35, 0.24)),
    ("legs", (0.08, 0.0, -0.24, 0.32, 0.35, 0.24)),
]
BOXES = ANIMAL_COUNT * len(PARTS) + 1


@dataclass
class Movers:
    """Animals [B, ANIMAL_COUNT] and one thrown block per clip [B]."""

    rng_seed: Tensor
    exists: Tensor  # bool
    position: Tensor  # float32 [B, K, 3], middle of the feet
    home: Tensor  # float32 [B, K, 2]
    heading: Tensor  # int64, quarter turns: 0 +x, 1 +z, 2 -x, 3 -z
    kind: Tensor  # int64
    item: Tensor  # float32 [B, 3] middle of the thrown block
    item_speed: Tensor  # float32 [B, 3]
    item_age: Tensor  # int64 [B], ITEM_FRAMES or more: gone
    item_block: Tensor  # uint8 [B]
    marks: Tensor  # int64 [B, M] flat indices of marked cells


def spawn_movers(grid: Grid, rng_seed: Tensor, body: Body) -> Movers:
    """Animals on free ground a few blocks before the players."""
    device, count = rng_seed.device, rng_seed.shape[0]
    key = torch.arange(ANIMAL_COUNT, device=device)[None]
    seeds = hash_integers(rng_seed[:, None], 201, key)
    angle = torch.deg2rad(body.yaw + uniform(rng_seed, 202) * 50 - 25)
    far = 5 + 5 * uniform(rng_seed, 203)
    x = (body.position[:, 0] + far * torch.sin(angle)).long()[:, None] + choice(seeds, 7, 204) - 3
    z = (body.position[:, 2] - far * torch.cos(angle)).long()[:, None] + choice(seeds, 7, 205) - 3
    middle = grid.side // 2
    clip = torch.arange(count, device=device)[:, None]
    y = grid.top[clip, x, z].long()
    floor = grid.value(torch.stack([x, y - 1, z], -1))
    grounds = ["grass", "forest grass", "dry grass", "swamp grass", "snow", "sand"]
    soft = torch.zeros(256, dtype=torch.bool, device=device)
    soft[[ID[name] for name in grounds]] = True
    chance = torch.tensor([HERDS.get(name, 0.0) for name in BIOME_NAMES], device=device)
    herd = uniform(rng_seed, 206) < chance[grid.biome[:, middle, middle]]
    exists = herd[:, None] & soft[floor.long()]
    home = torch.stack([x, z], -1).float() + 0.5
    position = torch.stack([home[..., 0], y.float(), home[..., 1]], -1)
    chosen = exists.nonzero()
    if chosen.shape[0]:
        centre = torch.stack([x, y, z], -1)[chosen[:, 0], chosen[:, 1]]
        reach = torch.tensor([HOME + 1, 2, HOME + 1], device=device)
        grid.shorten_leaps(chosen[:, 0], centre - reach, centre + reach)
    kind = choice(rng_seed, len(ANIMALS), 207)[:, None].expand(-1, ANIMAL_COUNT)
    gone = torch.full((count,), ITEM_FRAMES, device=device)
    still = torch.zeros((count, 3), device=device)
    marks = torch.zeros((count, 0), dtype=torch.int64, device=device)
    return Movers(seeds, exists, position, home, choice(seeds, 4, 208), kind, still, still.clone(), gone,
                  torch.zeros(count, dtype=torch.uint8, device=device), marks)


def step_movers(grid: Grid, movers: Movers, body: Body, editor: Editor, action: Tensor, tables: EditTables,
                frame: int) -> None:
    """One frame of all movers; updates movers and the grid's boxes and marks in place."""
    _walk(grid, movers, tables, frame)
    _throw(grid, movers, body, editor, button(action, "drop"), tables)
    place_boxes(grid, movers)


def _walk(grid: Grid, movers: Movers, tables: EditTables, frame: int) -> None:
    beat = frame // PERIOD
    walks = movers.exists & (uniform(movers.rng_seed, 211, beat) < 0.6)
    if frame % PERIOD == 0:
        movers.heading = choice(movers.rng_seed, 4, 212, beat)
    quarter = movers.heading % 4
    step = torch.stack([(quarter == 0).float() - (quarter == 2).float(),
                        (quarter == 1).float() - (quarter == 3).float()], -1)
    ahead = movers.position.clone()
    ahead[..., [0, 2]] += step * 0.85
    cell = ahead.floor().long()
    below, above = cell.clone(), cell.clone()
    below[..., 1] -= 1
    above[..., 1] += 1
    free = ~tables.solid[grid.value(cell).long()] & tables.solid[grid.value(below).long()]
    near = ((ahead[..., [0, 2]] - movers.home).abs() < HOME - 0.5).all(-1)
    goes = walks & free & near
    movers.heading = torch.where(walks & ~goes, movers.heading + 1, movers.heading)
    movers.position[..., [0, 2]] += step * (PACE * goes)[..., None]


def _throw(grid: Grid, movers: Movers, body: Body, editor: Editor, throws: Tensor, tables: EditTables) -> None:
    """Starts and moves thrown blocks."""
    starts = throws.nonzero().view(-1)
    if starts.numel():
        right, _, forward = basis(body.yaw, body.pitch)
        eye = body.eye()
        start = eye + forward * 0.75 + right * 0.2
        start[:, 1] -= 0.25
        speed = forward * THROW
        speed[:, 1] += 0.1
        movers.item[starts], movers.item_speed[starts] = start[starts], speed[starts]
        movers.item_age[starts] = 0
        movers.item_block[starts] = tables.hotbar[editor.slot[starts]]
        middle = eye[starts].floor().long()
        grid.shorten_leaps(starts, middle - 6, middle + 6)
    movers.item_age += 1
    ahead = movers.item + movers.item_speed
    low = ahead.clone()
    low[:, 1] -= ITEM_SIZE
    blocked = tables.solid[grid.value(low.floor().long()).long()]
    movers.item = torch.where(blocked[:, None], movers.item, ahead)
    movers.item_speed = torch.where(blocked[:, None], 0.0, movers.item_speed * 0.95)
    movers.item_speed[:, 1] -= 0.04


def place_boxes(grid: Grid, movers: Movers) -> None:
    """Writes boxes and marks of all movers into the grid; in place."""
    device, count = movers.position.device, movers.position.shape[0]
    quarter = (movers.heading % 4)[..., None]
    parts = torch.tensor([box for _, box in PARTS], device=device)
    x0, y0, z0, x1, y1, z1 = parts.unbind(-1)
    low_x = torch.where(quarter == 0, x0, torch.where(quarter == 2, -x1, z0))
    high_x = torch.where(quarter == 0, x1, torch.where(quarter == 2, -x0, z1))
    low_z = torch.where(quarter == 1, x0, torch.where(quarter == 3, -x1, z0))
    high_z = torch.where(quarter == 1, x1, torch.where(quarter == 3, -x0, z1))
    shape = low_x.shape
    local = torch.stack([low_x, y0.expand(shape), low_z, high_x, y1.expand(shape), high_z], -1)
    boxes = (local + torch.cat([movers.position, movers.position], -1)[:, :, None]).flatten(1, 2)
    item = torch.cat([movers.item - ITEM_SIZE, movers.item + ITEM_SIZE], -1)[:, None]
    offset = torch.tensor([["body", "head", "legs"].index(name) for name, _ in PARTS], device=device)
    blocks = (ANIMALS[0] + movers.kind[..., None] * 3 + offset).flatten(1, 2)
    alive = torch.cat([movers.exists.repeat_interleave(len(PARTS), 1), (movers.item_age < ITEM_FRAMES)[:, None]], 1)
    boxes = torch.cat([boxes, item], 1)
    # A box that does not exist lies where no ray goes.
    grid.boxes = torch.where(alive[..., None], boxes, -1000.0)
    grid.box_blocks = torch.cat([blocks.byte(), movers.item_block[:, None]], 1)

    flat = grid.cells.view(-1)
    old = flat[movers.marks]
    flat[movers.marks] = torch.where(old == CREATURE, torch.tensor(AIR + 1, dtype=torch.uint8, device=device), old)
    low, high = boxes[..., :3], boxes[..., 3:]
    corners = torch.stack([torch.stack([(low, high)[a][..., 0], (low, high)[b][..., 1], (low, high)[c][..., 2]], -1)
                           for a in (0, 1) for b in (0, 1) for c in (0, 1)], 2)
    index = grid.index(corners.floor().long().view(count, -1, 3))
    index = torch.where(alive.repeat_interleave(8, 1), index, index[:, -1:])
    value = flat[index]
    shows = (value >= AIR) & alive.repeat_interleave(8, 1)
    new = torch.where(shows, torch.tensor(CREATURE, dtype=torch.uint8, device=device), value)
    # Cells repeat; marks are smaller than air, so the minimum does not depend on the order.
    flat.scatter_reduce_(0, index.flatten(), new.flatten(), "amin")
    movers.marks = index
