"""The tasks of the evaluation in the true world: from where they can be tried, and when they were really done.

What was done is read off the world itself (blocks broken and placed, place of the body, water, biome), never off
pictures: the scorer, which sees only pictures, is checked against it. See task_clips.py.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from . import task_starts as starts


@dataclass
class Played:
    """What the world knows of players who did a task: B players, T frames."""

    position: Tensor  # float32 [B, T, 3], feet
    wet: Tensor  # bool [B, T]
    ground: Tensor  # bool [B, T]
    biome: Tensor  # int64 [B, T]
    near: Tensor  # bool [B, T], a block within reach; its kind and distance:
    block: Tensor  # uint8 [B, T]
    distance: Tensor  # float32 [B, T]
    edits: Tensor  # int64 [B, T], blocks broken and placed so far
    between: Tensor  # bool [B, T], solid cells left and right of feet and head
    covered: Tensor  # bool [B], something solid above the head at the end

    def rise(self) -> Tensor:
        return self.position[:, -1, 1] - self.position[:, 0, 1]

    def way(self) -> Tensor:
        return (self.position[:, -1] - self.position[:, 0])[:, [0, 2]].norm(dim=1)


@dataclass
class Task:
    """How to find a start for a task, and when it was done."""

    start: Callable[[starts.Profile], Tensor]
    done: Callable[[Played], Tensor]
    biomes: list[str] | None = None
    scenario: str | None = None
    time_after: str | None = None
    weather_after: str | None = None
    pit: int = 0  # blocks deep in which the player stands


def _all(played: Played) -> Tensor:
    return torch.ones(played.covered.shape[0], dtype=torch.bool)


def _at_tree(played: Played) -> Tensor:
    logs = starts.is_block(played.block, starts.LOGS) & played.near & (played.distance < 2)
    return logs[:, -8:].all(1)


def _in_and_out(played: Played) -> Tensor:
    return played.wet[:, 30:90].sum(1).ge(8) & ~played.wet[:, :12].any(1) & ~played.wet[:, -8:].any(1) & (
        played.ground[:, -1])


def _crossed(played: Played) -> Tensor:
    first, last = played.biome[:, :20], played.biome[:, -28:]
    return (first == first[:, :1]).all(1) & (last == last[:, :1]).all(1) & (first[:, 0] != last[:, 0])


def _stayed(played: Played) -> Tensor:
    return (played.position - played.position[:, :1]).norm(dim=2).amax(1) < 0.3


PLAINS = ["plains", "forest", "autumn", "snow", "desert"]
TASKS: dict[str, Task] = {
    "walk-to-tree": Task(starts.tree_ahead, _at_tree, ["forest", "autumn", "snow", "plains"]),
    "climb-hill": Task(starts.slope_ahead, lambda p: p.rise() >= 4),
    "enter-water": Task(starts.water_ahead, _in_and_out, scenario="water"),
    "turn-and-return": Task(starts.anywhere, _all),
    "dig-hole": Task(starts.flat, lambda p: (p.edits[:, -1] >= 9) & _stayed(p), PLAINS),
    "tunnel": Task(starts.flat, lambda p: (p.way() >= 5) & (p.edits[:, -1] >= 8) & p.covered, PLAINS, pit=3),
    "tower-up": Task(starts.flat, lambda p: (p.rise() >= 4) & (p.edits[:, -1] >= 4), PLAINS),
    "place-row": Task(starts.flat, lambda p: (p.edits[:, -1] == 3) & _stayed(p), PLAINS),
    "break-row": Task(starts.flat, lambda p: (p.edits[:, -1] == 6) & _stayed(p), PLAINS),
    "build-wall": Task(starts.flat, lambda p: (p.edits[:, -1] == 6) & _stayed(p), PLAINS),
    "through-door": Task(starts.in_doorway, lambda p: p.between.any(1) & (p.way() >= 5), scenario="village"),
    "cross-border": Task(starts.border_ahead, _crossed),
    "day-to-night": Task(starts.anywhere, _all, time_after="night"),
    "start-rain": Task(starts.anywhere, _all, weather_after="rain"),
    "stand-still": Task(starts.anywhere, _all),
    "sprint-far": Task(starts.long_way, lambda p: p.way() >= 40),
}
