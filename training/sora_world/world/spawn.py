"""Where a clip begins: a place in the endless world, a standing point and a first look."""

import torch
from torch import Tensor

from .biomes import BIOME_INDEX, BIOMES, SEA_LEVEL
from .blocks import AIR, ID
from .editing import cast
from .grid import HEIGHT, Grid
from .hashing import choice, hash_integers, uniform
from .structures import VILLAGE_SLOT, village_here
from .terrain import BIOME_PERIOD, REGION, find_biome, ground_height

WORLDS = 4096  # different worlds that clips are drawn from
SEARCH = 14  # blocks around the middle in which the player may start
PROBES = 12  # directions tried for the first look

GROUND = ["stone", "dirt", "grass", "forest grass", "sand", "snow", "gravel", "dry grass", "swamp grass", "ice"]


def choose_places(clip_seed: Tensor, theme: str | None) -> tuple[Tensor, Tensor]:
    """World int64 [B] and middle int64 [B, 2] (world x, z) for clip seeds [B]."""
    world = hash_integers(choice(clip_seed, WORLDS, 1), 2)
    biome = choice(clip_seed, len(BIOMES), 3)
    if theme == "water":
        watery = torch.tensor([BIOME_INDEX["island"], BIOME_INDEX["swamp"], BIOME_INDEX["island"]])
        biome = watery.to(clip_seed.device)[choice(clip_seed, 3, 4)]
    x, z = find_biome(world, clip_seed, biome)
    village_x, village_z = _find_village(world, clip_seed, biome)
    chance = {"village": 1.0, "water": 0.0}.get(theme, 0.16)
    wants = uniform(clip_seed, 5) < chance
    return world, torch.stack([torch.where(wants, village_x, x), torch.where(wants, village_z, z)], 1)


def _find_village(world: Tensor, clip_seed: Tensor, biome: Tensor) -> tuple[Tensor, Tensor]:
    """Middle of a random village, if possible one in the wanted biome: x and z int64 [B]."""
    tries = torch.arange(160, device=world.device)[None]
    far = REGION * BIOME_PERIOD // VILLAGE_SLOT
    x = (choice(clip_seed[:, None], 2 * far + 1, 6, tries) - far) * VILLAGE_SLOT + VILLAGE_SLOT // 2
    z = (choice(clip_seed[:, None], 2 * far + 1, 7, tries) - far) * VILLAGE_SLOT + VILLAGE_SLOT // 2
    here, height = ground_height(world[:, None], x, z)
    score = village_here(world[:, None], x, z).float() * 4 + (here == biome[:, None]).float()
    score = score + (height > SEA_LEVEL).float() * 2
    best = (score - tries * 1e-4).argmax(1, keepdim=True)
    return x.gather(1, best)[:, 0], z.gather(1, best)[:, 0]


def choose_start(grid: Grid, clip_seed: Tensor, theme: str | None) -> tuple[Tensor, Tensor]:
    """Feet position float32 [B, 3] on free ground (or in water) and a yaw [B] that looks into the open."""
    device = clip_seed.device
    middle = grid.side // 2
    span = torch.arange(middle - SEARCH, middle + SEARCH, device=device)
    x, z = (k.reshape(-1) for k in torch.meshgrid(span, span, indexing="ij"))
    top = grid.top[:, x, z].long()
    cell = torch.stack([x.expand_as(top), top - 1, z.expand_as(top)], -1)
    value = grid.value(cell)
    wanted = torch.zeros(256, device=device)
    wanted[[ID[name] for name in GROUND]] = 10.0
    wanted[ID["water"]] = 20.0 if theme == "water" else 1.0
    score = wanted[value.long()] + uniform(clip_seed[:, None], 21, torch.arange(top.shape[1], device=device)[None]) * 4
    best = score.argmax(1)
    clip = torch.arange(top.shape[0], device=device)
    ground = top[clip, best].float()
    wet = value[clip, best] == ID["water"]
    feet = torch.stack([x[best] + 0.5, ground - wet.float() * 0.8, z[best] + 0.5], 1)
    return feet, _open_yaw(grid, feet, clip_seed)


def _open_yaw(grid: Grid, feet: Tensor, clip_seed: Tensor) -> Tensor:
    """A yaw in degrees [B], random among the directions with a free view."""
    device = feet.device
    probe = torch.arange(PROBES, device=device)[None]
    yaw = (probe + uniform(clip_seed, 22)[:, None]) * (360 / PROBES) - 180
    angle = torch.deg2rad(yaw)
    direction = torch.stack([torch.sin(angle), torch.zeros_like(angle), -torch.cos(angle)], -1)
    eye = feet + torch.tensor([0.0, 1.4, 0.0], device=device)
    _, t = cast(grid, eye[:, None].expand(-1, PROBES, -1), direction, 16.0)
    draw = uniform(clip_seed[:, None], 23, probe)
    best = (t.clamp(max=16) / 16 + draw * 0.8).argmax(1, keepdim=True)
    return yaw.gather(1, best)[:, 0]


def water_near(grid: Grid) -> Tensor:
    """bool [B]: is there much water at the surface of the middle of the grid."""
    middle = grid.cells[:, grid.side // 3 : -(grid.side // 3), grid.side // 3 : -(grid.side // 3), SEA_LEVEL - 1]
    return (middle == ID["water"]).float().mean((1, 2)) > 0.12


def steepness(grid: Grid) -> Tensor:
    """Spread of heights float32 [B] in the middle of the grid."""
    middle = grid.top[:, grid.side // 3 : -(grid.side // 3), grid.side // 3 : -(grid.side // 3)].float()
    return middle.flatten(1).std(1)


assert HEIGHT < AIR  # y of a column fits into uint8 beside the air values
