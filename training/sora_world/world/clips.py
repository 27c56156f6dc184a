"""Rendered clips: worlds, players, events and captions put together and drawn frame by frame.

All clips of a batch move in lockstep: one frame of every clip is simulated, then drawn, so that the work per frame is
a few large tensor operations whatever the number of clips.
"""

from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from .biomes import BIOME_NAMES
from .captions import Scene, describe, describe_event
from .editing import Editor, EditTables, eye_in_water, hand_of, marks_of, step_editor, take_aim
from .events import NO_EVENT, Climate, draw_climate
from .grid import Grid, build_grid
from .hashing import choice, hash_integers, uniform
from .movers import Movers, place_boxes, spawn_movers, step_movers
from .physics import Body, step_body
from .players import MODES, M, start_script, step_script, theme_weights
from .render import RAYS_PER_SLICE, Renderer, View
from .sky import MAX_VIEW, TIMES, WEATHERS, mix_atmosphere
from .spawn import choose_places, choose_start, steepness, water_near

SCENARIOS = ["idle", "forward", "turn", "jump", "look_back", "walk_back", "edit", "mine", "village", "water", "events"]
TRAVEL_PER_FRAME = 0.22  # blocks of grid added for each frame, on each side
MAX_TRAVEL = 110
IDLE_SHARE = 0.1  # clips in which nothing is pressed at all
THEMED_SHARE = 0.45  # clips devoted to one theme
# What a model learns last comes more often: a block that breaks or appears changes a few cells for good.
CLIP_THEMES = ["forward", "turn", "jump", "look_back", "walk_back", "edit", "edit", "mine", "mine"]


@dataclass
class ClipBatch:
    """Clips with everything that is known about them. B clips, T frames."""

    rgb: Tensor  # uint8 [B, T, H, W, 3]
    inverse_depth: Tensor  # float16 [B, T, H, W], 1 / z-depth in 1/blocks, 0 = sky
    block_id: Tensor  # uint8 [B, T, H, W], 0 = sky
    face: Tensor  # uint8 [B, T, H, W], 0 none, 1..6 = +x -x +y -y +z -z
    actions: Tensor  # float32 [B, T, A], the action that led into frame t; frame 0 is a no-op
    motion: Tensor  # float32 [B, T, 6] right, up, forward (blocks), yaw, pitch (degrees), on_ground
    pose: Tensor  # float32 [B, T, 5] eye x, y, z (world), yaw, pitch
    captions: list[list[str]]  # [B][T], the caption in force at frame t
    attributes: Tensor  # int64 [B, T, 3] biome, time class, weather class
    hotbar: Tensor  # uint8 [B, T] selected slot 0..8


@dataclass
class Stage:
    """A batch of clips under way."""

    seeds: Tensor
    grid: Grid
    body: Body
    editor: Editor
    climate: Climate
    movers: Movers
    modes: Tensor  # [B, MODES] cumulative weights
    village: Tensor  # bool [B]


def _grid_side(frames: int) -> int:
    travel = min(MAX_TRAVEL, frames * TRAVEL_PER_FRAME)
    return int(2 * (MAX_VIEW + travel) + 15) // 16 * 16


def _mode_weights(seeds: Tensor, scenario: str | None) -> Tensor:
    """Cumulative mode weights [B, MODES]: one theme for all, or a mixture over the clips."""
    if scenario is not None:
        return theme_weights(scenario).to(seeds.device).expand(seeds.shape[0], -1)
    themes = [None, "idle", *CLIP_THEMES]
    table = torch.stack([theme_weights(theme) for theme in themes]).to(seeds.device)
    draw = uniform(seeds, 101)
    themed = 2 + choice(seeds, len(themes) - 2, 102)
    index = torch.where(draw < IDLE_SHARE, 1, torch.where(draw < IDLE_SHARE + THEMED_SHARE, themed, 0))
    return table[index]


def clip_seeds(rng_seed: int, count: int, device: torch.device) -> Tensor:
    """What fixes each of `count` clips, int64 [B]."""
    return hash_integers(torch.tensor(rng_seed, device=device), torch.arange(count, device=device))


def set_stage(seeds: Tensor, frames: int, scenario: str | None) -> Stage:
    """Worlds and players at frame 0, for clip seeds int64 [B]."""
    world, centre = choose_places(seeds, scenario)
    grid = build_grid(world, centre, _grid_side(frames))
    feet, yaw = choose_start(grid, seeds, scenario)
    pitch = uniform(seeds, 103) * 22 - 5
    editor = Editor.create(choice(seeds, 9, 104))
    middle = grid.side // 2
    biome = grid.biome[:, middle, middle].cpu()
    climate = draw_climate(seeds.cpu(), biome, frames, scenario == "events")
    around = slice(middle - 16, middle + 16)
    village = grid.village[:, around, around].flatten(1).float().mean(1) > 0.06
    body = Body.at(feet, yaw, pitch)
    movers = spawn_movers(grid, seeds, body)
    place_boxes(grid, movers)
    return Stage(seeds, grid, body, editor, climate, movers, _mode_weights(seeds, scenario), village)


def _motion(before: Tensor, after: Tensor, on_ground: Tensor) -> Tensor:
    """Motion [B, 6] between two poses [B, 5], in the yaw frame of the pose before."""
    shift = after[:, :3] - before[:, :3]
    sine, cosine = torch.sin(torch.deg2rad(before[:, 3])), torch.cos(torch.deg2rad(before[:, 3]))
    right = shift[:, 0] * cosine + shift[:, 2] * sine
    forward = shift[:, 0] * sine - shift[:, 2] * cosine
    turn = after[:, 3:] - before[:, 3:]
    return torch.stack([right, shift[:, 1], forward, turn[:, 0], turn[:, 1], on_ground.float()], 1)


def _local_pose(body: Body) -> Tensor:
    return torch.cat([body.eye(), body.yaw[:, None], body.pitch[:, None]], 1)


def settle(stage: Stage, tables: EditTables) -> None:
    """Lets the players come to rest before frame 0."""
    still = torch.zeros((stage.seeds.shape[0], 21), device=stage.seeds.device)
    for _ in range(3):
        step_body(stage.grid, stage.body, still, tables.solid)


@torch.inference_mode()
def render_clips(count: int, frames: int, height: int, width: int, rng_seed: int, device: str | torch.device = "cpu",
                 scenario: str | None = None, rays_per_slice: int = RAYS_PER_SLICE,
                 played: Tensor | None = None) -> ClipBatch:
    """Renders `count` clips of `frames` frames; the same arguments give the same clips.

    scenario: None for the usual mixture, or one of SCENARIOS for all clips.
    played:   float32 [T, A], what all players do whatever they see; afterwards nothing. Row 0 leads into frame 1.
    """
    if scenario is not None and scenario not in SCENARIOS:
        raise ValueError(f"unknown scenario {scenario!r}; known: {', '.join(SCENARIOS)}")
    device = torch.device(device)
    stage = set_stage(clip_seeds(rng_seed, count, device), frames, scenario)
    return film(stage, frames, height, width, rays_per_slice, played)


@torch.inference_mode()
def film(stage: Stage, frames: int, height: int, width: int, rays_per_slice: int = RAYS_PER_SLICE,
         played: Tensor | None = None) -> ClipBatch:
    """Plays and draws a stage, which is used up; arguments as in `render_clips`."""
    count, device = stage.seeds.shape[0], stage.seeds.device
    tables = EditTables(device)
    renderer = Renderer(height, width, device, rays_per_slice)
    grid, body, editor = stage.grid, stage.body, stage.editor
    settle(stage, tables)
    script = start_script(stage.seeds, stage.modes, body.yaw)
    aim = take_aim(grid, body)
    pose = _local_pose(body)
    origin = torch.stack([grid.origin[:, 0], torch.zeros_like(grid.origin[:, 0]), grid.origin[:, 1]], 1).float()
    world_shift = torch.cat([origin, torch.zeros((count, 2), device=device)], 1)
    tracks: dict[str, list[Tensor]] = {}
    for frame in range(frames):
        if frame == 0:
            action = torch.zeros((count, 21), device=device)
        else:
            action = step_script(grid, body, editor, aim, script, frame)
            if played is not None:
                action = played_action(played, frame).to(device).expand(count, -1)
                script.mode.fill_(M["look"])  # whose captions name no activity
            step_body(grid, body, action, tables.solid)
            aim = step_editor(grid, body, editor, action, tables)
            step_movers(grid, stage.movers, body, editor, action, tables, frame)
        before, pose = pose, _local_pose(body)
        picture = renderer.draw(grid, _view(stage, tables, frame))
        x, z = body.position[:, 0].long(), body.position[:, 2].long()
        biome = grid.biome[torch.arange(count, device=device), x, z]
        record = {
            **{f.name: getattr(picture, f.name) for f in fields(picture)},
            "actions": action,
            "motion": _motion(before, pose, body.on_ground),
            "pose": pose + world_shift,
            "hotbar": editor.slot.byte(),
            "biome": biome,
            "mode": script.mode.clone(),
        }
        for name, value in record.items():
            tracks.setdefault(name, []).append(value)
    return _finish(stage, {name: torch.stack(values, 1) for name, values in tracks.items()})


def played_action(played: Tensor, frame: int) -> Tensor:
    """[A] that leads into a frame from 1 on."""
    return played[frame - 1] if frame <= played.shape[0] else torch.zeros_like(played[0])


def _view(stage: Stage, tables: EditTables, frame: int) -> View:
    device = stage.seeds.device
    time, weather = (mix.to(device) for mix in stage.climate.mixes(frame))
    body = stage.body
    return View(body.eye(), body.yaw, body.pitch, mix_atmosphere(time, weather), marks_of(stage.editor, tables),
                hand_of(stage.editor, tables), eye_in_water(stage.grid, body), frame)


def _finish(stage: Stage, tracks: dict[str, Tensor]) -> ClipBatch:
    """Adds attributes and captions to the recorded tracks."""
    biome, mode = tracks.pop("biome"), tracks.pop("mode").cpu()
    frames = biome.shape[1]
    classes = [stage.climate.classes(frame) for frame in range(frames)]
    time = torch.stack([c[0] for c in classes], 1).to(biome.device)
    weather = torch.stack([c[1] for c in classes], 1).to(biome.device)
    captions = _captions(stage, biome.cpu(), mode, tracks["hotbar"].cpu())
    return ClipBatch(captions=captions, attributes=torch.stack([biome, time, weather], -1), **tracks)


def _activity(modes: Tensor) -> str | None:
    """The most frequent activity of modes int64 [T]."""
    name = MODES[int(modes.mode().values)]
    known = {"hold": "idle", "idle": "idle", "walk": "walk", "sprint": "sprint", "break": "edit", "place": "edit",
             "dig": "mine", "tunnel": "mine", "walk_back": "walk"}
    return known.get(name)


def _captions(stage: Stage, biome: Tensor, mode: Tensor, hotbar: Tensor) -> list[list[str]]:
    lake, steep = water_near(stage.grid).tolist(), steepness(stage.grid).tolist()
    seeds, village = stage.seeds.tolist(), stage.village.tolist()
    climate, frames = stage.climate, biome.shape[1]
    result = []
    for clip in range(len(seeds)):
        rng = np.random.default_rng(seeds[clip])
        place = BIOME_NAMES[int(biome[clip].mode().values)]
        nearby = "lake" if lake[clip] and place != "island" else "hills" if steep[clip] > 4.5 else None
        if nearby is None and place in ("forest", "snow", "autumn"):
            nearby = "trees"
        same_slot = bool((hotbar[clip] == hotbar[clip, 0]).all())
        slot = int(hotbar[clip, 0]) if same_slot else None
        event = min(int(climate.event_frame[clip]), frames)

        def scene(frame: int, clip=clip, place=place, nearby=nearby, slot=slot) -> Scene:
            time, weather = climate.classes(frame)
            return Scene(place, TIMES[int(time[clip])], WEATHERS[int(weather[clip])], village[clip], nearby,
                         _activity(mode[clip]), slot)

        before, after = scene(0), scene(NO_EVENT)
        first = describe(before, rng)
        second = describe_event(before, after, rng) if before != after else first
        result.append([first] * event + [second] * (frames - event))
    return result
