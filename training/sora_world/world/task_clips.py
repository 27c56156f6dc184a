"""Clips in which a scripted player does the tasks of the evaluation in the true world, and clips of idle players.

    npm run eval -- --task-scripts scripts
    python -m sora_world.world.task_clips --scripts scripts --count 8 --out clips

The scripts are those that play in generated worlds. They do not look where they go, so a start is chosen from which
they succeed: places that look right are tried without drawing, and only what was really done (the world knows) is
drawn. OUT/done/TASK holds those, OUT/idle/TASK the same places with a player who does nothing (or, where nothing is the
task, does what should not be done). The scorer of the tasks is checked on both: `npm run eval -- --tasks --clips OUT`.
"""

import argparse
import copy
import json
from dataclasses import fields, is_dataclass
from pathlib import Path

import torch
from torch import Tensor

from . import task_starts as starts
from .action_files import read_actions
from .bench import parse_size
from .biomes import BIOMES
from .blocks import solid_table
from .clips import Stage, clip_seeds, film, played_action, set_stage, settle
from .editing import EditTables, step_editor
from .evaluation_files import check_size, write_evaluation_clip
from .events import NO_EVENT
from .hashing import choice
from .movers import step_movers
from .physics import Body, in_water, step_body
from .sky import TIMES, WEATHERS
from .task_truth import TASKS, Played, Task

WORLDS_AT_ONCE = 4
TRIES = 8  # starts played per world
START_PITCH = 6.0  # degrees; scripts count from it
EVENT_FRAME = 20
WAY = 170  # frames of travel that a world has room for


def take(value, rows: Tensor):
    """The same stage, body, grid .. with some of its B entries only."""
    if isinstance(value, Tensor):
        return value[rows].clone()
    if is_dataclass(value):
        return type(value)(**{f.name: take(getattr(value, f.name), rows) for f in fields(value)})
    return value


def some_of(stage: Stage, rows: Tensor) -> Stage:
    """Some of the players of a stage, int64 or bool rows."""
    rows = rows.nonzero().view(-1) if rows.dtype == torch.bool else rows
    part = take(stage, rows)
    # Marks are flat indices over all worlds.
    world = stage.grid.cells[0].numel()
    part.movers.marks += ((torch.arange(rows.shape[0]) - rows) * world)[:, None]
    return part


def place(stage: Stage, profile: starts.Profile, chosen: Tensor, pit: int) -> None:
    """Puts the players at rest at the starts int64 [B], in pits of their own; in place."""
    clip = torch.arange(chosen.shape[0])
    feet, yaw = profile.feet[clip, chosen].clone(), profile.yaw[clip, chosen].clone()
    for _ in range(pit):
        feet[:, 1] -= 1
        stage.grid.clear(clip, feet.floor().long())
    stage.body = Body.at(feet, yaw, torch.full_like(yaw, START_PITCH))


@torch.inference_mode()
def play(stage: Stage, actions: Tensor) -> Played:
    """Does `actions` [T, A] without drawing anything; uses the stage up."""
    tables, solid = EditTables(torch.device("cpu")), solid_table(torch.device("cpu"))
    grid, body, editor = stage.grid, stage.body, stage.editor
    clip = torch.arange(stage.seeds.shape[0])
    settle(stage, tables)
    tracks: dict[str, list[Tensor]] = {}
    for frame in range(1, actions.shape[0] + 1):
        action = played_action(actions, frame).expand(clip.shape[0], -1)
        step_body(grid, body, action, tables.solid)
        aim = step_editor(grid, body, editor, action, tables)
        step_movers(grid, stage.movers, body, editor, action, tables, frame)
        cell = body.position.floor().long()
        record = {"position": body.position.clone(), "wet": in_water(grid, body.position, 0.4),
                  "ground": body.on_ground.clone(), "biome": grid.biome[clip, cell[:, 0], cell[:, 2]],
                  "near": aim.near, "block": grid.value(aim.cell), "distance": aim.distance,
                  "edits": editor.edits.clone(), "between": _between(grid, cell, solid)}
        for name, value in record.items():
            tracks.setdefault(name, []).append(value)
    head = body.position.floor().long() + torch.tensor([0, 2, 0])
    column = torch.stack([head + torch.tensor([0, up, 0]) for up in range(12)], 1)
    covered = solid[grid.value(column).long()].any(1)
    return Played(**{name: torch.stack(values, 1) for name, values in tracks.items()}, covered=covered)


def _between(grid, cell: Tensor, solid: Tensor) -> Tensor:
    """bool [B]: is there a wall on both sides of cells [B, 3] and the ones above."""
    sides = []
    for axis in (0, 2):
        shift = torch.zeros(3, dtype=torch.long)
        shift[axis] = 1
        up = torch.tensor([0, 1, 0])
        sides.append(torch.stack([solid[grid.value(cell + s * shift + u * up).long()] for s in (-1, 1)
                                  for u in (0, 1)]).all(0))
    return sides[0] | sides[1]


def find_starts(task: Task, rng_seed: int, actions: Tensor) -> Stage | None:
    """A stage of players who will do the task, or None when these worlds offer no start for it."""
    seeds = clip_seeds(rng_seed, 64, torch.device("cpu"))
    if task.biomes:
        names = [biome.name for biome in BIOMES]
        wanted = torch.tensor([names[int(index)] in task.biomes for index in choice(seeds, len(BIOMES), 3)])
        seeds = seeds[wanted]
    stage = set_stage(seeds[:WORLDS_AT_ONCE], WAY, task.scenario)
    _fix_climate(stage, task)
    survey = starts.door_starts(stage.grid) if task.scenario == "village" else starts.survey(stage.grid, rng_seed)
    if survey is None:
        return None
    fits = task.start(survey)
    done = torch.zeros(fits.shape[0], dtype=torch.bool)
    chosen = torch.zeros(fits.shape[0], dtype=torch.long)
    for attempt in range(TRIES):
        nth = (fits.long().cumsum(1) == attempt + 1) & fits
        open_ = nth.any(1) & ~done
        if not open_.any():
            break
        chosen = torch.where(open_, nth.float().argmax(1), chosen)
        trial = some_of(stage, open_)
        place(trial, take(survey, open_), chosen[open_], task.pit)
        done[open_] = task.done(play(trial, actions))
    if not done.any():
        return None
    result = some_of(stage, done)
    place(result, take(survey, done), chosen[done], task.pit)
    return result


def _fix_climate(stage: Stage, task: Task) -> None:
    """Day and clear sky, as where the tasks are attempted, and no event but the task's own."""
    climate = stage.climate
    climate.time.fill_(TIMES.index("day"))
    climate.weather.fill_(WEATHERS.index("clear"))
    climate.time_after, climate.weather_after = climate.time.clone(), climate.weather.clone()
    climate.event_frame = torch.full_like(climate.event_frame, NO_EVENT)
    if task.time_after or task.weather_after:
        climate.time_after.fill_(TIMES.index(task.time_after or "day"))
        climate.weather_after.fill_(WEATHERS.index(task.weather_after or "clear"))
        climate.event_frame.fill_(EVENT_FRAME)


def no_event(stage: Stage) -> Stage:
    """The same place where nothing happens."""
    stage.climate.event_frame.fill_(NO_EVENT)
    return stage


def write_task(name: str, options: argparse.Namespace, height: int, width: int) -> None:
    """Finds, draws and writes the clips of one task."""
    actions = read_actions(options.scripts / f"{name}.json")
    other = options.scripts / f"{name}.not.json"
    idle = read_actions(other) if other.exists() else torch.zeros_like(actions)
    frames = (actions.shape[0] + 1 + 3) // 4 * 4
    for kind in ("done", "idle"):
        (options.out / kind / name).mkdir(parents=True, exist_ok=True)
    first = options.seed + list(TASKS).index(name) * options.worlds
    written, rng_seed, idles = 0, first, 0
    while written < options.count and rng_seed < first + options.worlds:
        stage = find_starts(TASKS[name], rng_seed, actions)
        if stage is not None:
            keep = torch.arange(min(stage.seeds.shape[0], options.count - written))
            stage = some_of(stage, keep)
            still = some_of(stage, keep[: max(0, options.idle - idles)])
            clips = film(copy.deepcopy(stage), frames, height, width, played=actions)
            _write(clips, options.out / "done" / name, name, rng_seed)
            written += keep.shape[0]
            if still.seeds.shape[0]:
                clips = film(no_event(still), frames, height, width, played=idle)
                _write(clips, options.out / "idle" / name, name, rng_seed)
                idles += still.seeds.shape[0]
        print(f"{name}: {written}/{options.count} clips, worlds up to seed {rng_seed}", flush=True)
        rng_seed += 1


def _write(clips, folder: Path, name: str, rng_seed: int) -> None:
    for index in range(clips.rgb.shape[0]):
        write_evaluation_clip(folder / f"{name}-{rng_seed}-{index}", clips, index, name, rng_seed, effort=0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scripts", type=Path, required=True, help="folder with an action file TASK.json per task")
    parser.add_argument("--tasks", default=",".join(TASKS), help="names, separated by commas; all by default")
    parser.add_argument("--count", type=int, default=20, help="clips per task")
    parser.add_argument("--idle", type=int, default=5, help="clips of idle players per task")
    parser.add_argument("--seed", type=int, default=900_400, help="rng seed of the first worlds of the first task")
    parser.add_argument("--worlds", type=int, default=40, help="seeds tried per task at most")
    parser.add_argument("--size", default="128x80", help="WIDTHxHEIGHT, multiples of 8")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    names = options.tasks.split(",")
    try:
        height, width = parse_size(options.size)
        check_size(height, width)
        for name in names:
            if name not in TASKS:
                raise ValueError(f"there is no task {name!r}; known: {', '.join(TASKS)}")
            json.loads((options.scripts / f"{name}.json").read_text())
    except (OSError, ValueError) as error:
        parser.error(str(error))
    for name in names:
        write_task(name, options, height, width)


if __name__ == "__main__":
    main()
