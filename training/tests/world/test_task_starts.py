"""Starts of tasks on small handmade ground: what lies ahead is found, and only there."""

import torch

from sora_world.world import task_starts as starts
from sora_world.world.blocks import AIR, ID
from sora_world.world.grid import HEIGHT, Grid, with_leaps

SIDE, FLOOR = 96, 20
NORTH, EAST = 0, 1  # places in YAWS


def ground(change=None) -> Grid:
    """One world of flat grass; `change` edits its cells uint8 [X, Z, Y] first."""
    cells = torch.zeros((SIDE, SIDE, HEIGHT), dtype=torch.uint8)
    cells[..., :FLOOR] = ID["grass"]
    if change:
        change(cells)
    top = ((cells > 0) * torch.arange(1, HEIGHT + 1, dtype=torch.uint8)).amax(-1)
    flat = torch.zeros((1, SIDE, SIDE), dtype=torch.long)
    return Grid(with_leaps(cells[None]), top[None], flat, flat > 0, torch.zeros((1, 2), dtype=torch.long))


def fits(grid: Grid, wish, side: int) -> bool:
    """Does a player in the middle, who looks to a side, have it."""
    middle = torch.tensor([[SIDE // 2]])
    return bool(wish(starts.profile(grid, middle, middle, torch.tensor([[side]]))))


def test_flat_ground_is_flat_and_nothing_else():
    grid = ground()
    assert fits(grid, starts.flat, NORTH) and fits(grid, starts.long_way, EAST)
    for wish in (starts.tree_ahead, starts.slope_ahead, starts.water_ahead, starts.border_ahead):
        assert not fits(grid, wish, NORTH)


def test_a_trunk_is_seen_on_the_side_where_it_stands():
    def plant(cells):
        cells[SIDE // 2 + 7, SIDE // 2, FLOOR : FLOOR + 5] = ID["log"]

    grid = ground(plant)
    assert fits(grid, starts.tree_ahead, EAST) and not fits(grid, starts.tree_ahead, NORTH)


def test_a_slope_that_can_be_climbed():
    def pile(step):
        def change(cells):
            for k in range(6):
                cells[SIDE // 2 + 4 + k :, :, : FLOOR + step * (k + 1)] = ID["stone"]

        return ground(change)

    assert fits(pile(1), starts.slope_ahead, EAST)
    assert not fits(pile(2), starts.slope_ahead, EAST)


def test_water_ahead():
    def flood(cells):
        cells[SIDE // 2 + 5 :, :, FLOOR - 1] = ID["water"]

    assert fits(ground(flood), starts.water_ahead, EAST) and not fits(ground(flood), starts.water_ahead, NORTH)


def test_a_door_is_found_from_both_sides():
    x, z = SIDE // 2 + 3, SIDE // 2

    def build(cells):
        cells[x - 8 : x + 9, z, FLOOR : FLOOR + 4] = ID["planks"]
        cells[x, z, FLOOR : FLOOR + 2] = 0

    found = starts.door_starts(ground(build))
    assert found is not None and found.feet.shape[1] == 2
    assert starts.in_doorway(found).all()
    assert sorted(found.feet[0, :, 2].tolist()) == [z - 4 + 0.5, z + 4 + 0.5]
    assert starts.door_starts(ground()) is None


def test_feet_stand_on_the_ground():
    p = starts.survey(ground(), 3)
    assert (p.feet[..., 1] == FLOOR).all() and (p.low[..., 0] >= AIR).all()
