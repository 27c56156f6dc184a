"""Bodies in a small hand-made grid: falling, walls, jumps, edits."""

import torch

from sora_world.world.actions import ACTION_SIZE, INDEX
from sora_world.world.blocks import AIR, ID
from sora_world.world.editing import Editor, EditTables, step_editor
from sora_world.world.grid import HEIGHT, Grid, with_leaps
from sora_world.world.physics import EYE_HEIGHT, Body, collides, step_body

SIDE = 24
FLOOR = 10
TABLES = EditTables(torch.device("cpu"))


def flat_grid(wall_x: int | None = None) -> Grid:
    """A stone floor whose surface is at y = FLOOR, with a wall of three blocks at x = wall_x if given."""
    cells = torch.zeros((1, SIDE, SIDE, HEIGHT), dtype=torch.uint8)
    cells[..., :FLOOR] = ID["stone"]
    if wall_x is not None:
        cells[:, wall_x, :, FLOOR : FLOOR + 3] = ID["stone"]
    top = ((cells > 0) * torch.arange(1, HEIGHT + 1)).amax(-1).byte()
    plane = torch.zeros((1, SIDE, SIDE), dtype=torch.int64)
    origin = torch.zeros((1, 2), dtype=torch.int64)
    return Grid(with_leaps(cells), top, plane, plane > 0, origin, torch.zeros((1, SIDE, SIDE)))


def body_at(x: float, y: float, z: float, yaw: float = 90.0, pitch: float = 0.0) -> Body:
    return Body.at(torch.tensor([[x, y, z]]), torch.tensor([yaw]), torch.tensor([pitch]))


def act(**values: float) -> torch.Tensor:
    action = torch.zeros((1, ACTION_SIZE))
    for name, value in values.items():
        action[0, INDEX[name]] = value
    return action


def settle(grid: Grid, body: Body) -> None:
    for _ in range(30):
        step_body(grid, body, act(), TABLES.solid)


def test_falls_and_lands_on_the_floor():
    grid, body = flat_grid(), body_at(12.5, FLOOR + 4.0, 12.5)
    settle(grid, body)
    assert body.on_ground.all() and abs(float(body.position[0, 1]) - FLOOR) < 1e-3
    assert abs(float(body.eye()[0, 1]) - FLOOR - EYE_HEIGHT) < 1e-3


def test_a_wall_stops_the_walk():
    grid, body = flat_grid(wall_x=15), body_at(12.5, FLOOR, 12.5)
    for _ in range(60):
        step_body(grid, body, act(forward=1, sprint=1), TABLES.solid)
        assert not collides(grid, body.position, TABLES.solid).any()
    assert 14.6 < float(body.position[0, 0]) <= 14.71


def test_walking_speed():
    grid, body = flat_grid(), body_at(4.5, FLOOR, 12.5)
    settle(grid, body)
    start = float(body.position[0, 0])
    for _ in range(40):
        step_body(grid, body, act(forward=1), TABLES.solid)
    assert 8.0 < float(body.position[0, 0]) - start < 8.8  # 4.3 blocks a second


def test_a_jump_clears_one_block():
    grid, body = flat_grid(), body_at(12.5, FLOOR, 12.5)
    settle(grid, body)
    heights = []
    for _ in range(20):
        step_body(grid, body, act(jump=float(not heights)), TABLES.solid)
        heights.append(float(body.position[0, 1]) - FLOOR)
    assert 1.2 < max(heights) < 1.3 and abs(heights[-1]) < 1e-3


def test_breaking_and_placing():
    grid, body = flat_grid(), body_at(12.5, FLOOR, 12.5, pitch=60.0)
    settle(grid, body)
    editor = Editor.create(torch.tensor([0]))
    aim = step_editor(grid, body, editor, act(), TABLES)
    assert aim.near.all() and (grid.value(aim.cell) == ID["stone"]).all()
    step_editor(grid, body, editor, act(use=1), TABLES)
    assert (grid.value(aim.beside) == ID["cobblestone"]).all()
    placed, stages = aim.beside, []
    for _ in range(12):
        step_editor(grid, body, editor, act(attack=1), TABLES)
        stages.append(int(editor.stage))
    assert (grid.value(placed) >= AIR).all()
    assert {1, 2, 3} <= set(stages)


def test_leaps_stay_safe_after_placing():
    grid = flat_grid()
    cell = torch.tensor([[12, FLOOR + 8, 12]])
    grid.put(torch.tensor([0]), cell, torch.tensor([ID["planks"]], dtype=torch.uint8))
    fresh = with_leaps(torch.where(grid.cells < AIR, grid.cells, 0))
    assert (grid.cells <= fresh).all()
