"""Renders clips to disk: `python -m sora_world.world.render_clips --count 8 --seconds 10 --size 256x144 --out clips`.

Writes clip-SEED-NUMBER.mp4 and .jsonl, see clip_files.py for the layout. With `--format eval` it writes what `npm run
eval` measures a model against, lossless and with the truth about it: SCENARIO-SEED-NUMBER.*, see evaluation_files.py.
With `--actions FILE` all players do what the file says, see action_files.py, and clips are called after it.
"""

import argparse
import time
from pathlib import Path

from torch import Tensor

from .action_files import read_actions
from .actions import FRAMES_PER_SECOND
from .bench import parse_size
from .clip_files import write_clip
from .clips import SCENARIOS, ClipBatch, render_clips
from .evaluation_files import check_size, write_evaluation_clip

CLIPS_PER_BATCH = 8


def write_batch(clips: ClipBatch, folder: Path, rng_seed: int) -> None:
    """Writes all clips of a batch as recordings."""
    for index in range(clips.rgb.shape[0]):
        write_clip(folder / f"clip-{rng_seed}-{index}", clips.rgb[index].cpu(), clips.actions[index].cpu(),
                   clips.pose[index].cpu(), clips.captions[index], clips.hotbar[index])


def write_evaluation_batch(clips: ClipBatch, folder: Path, rng_seed: int, scenario: str | None) -> None:
    """Writes all clips of a batch for the evaluation."""
    for index in range(clips.rgb.shape[0]):
        write_evaluation_clip(folder / f"{scenario or 'mixed'}-{rng_seed}-{index}", clips, index, scenario, rng_seed)


def check_options(parser: argparse.ArgumentParser, options: argparse.Namespace) -> tuple[int, int, Tensor | None]:
    """Height and width that the format can hold, and what is played; ends the program with a sentence otherwise."""
    try:
        played = read_actions(options.actions) if options.actions else None
    except (OSError, ValueError) as error:
        parser.error(f"--actions: {error}")
    try:
        height, width = parse_size(options.size)
        if options.format == "eval":
            check_size(height, width)
        elif height % 2 or width % 2:
            raise ValueError("width and height must be even for mp4")
    except ValueError as error:
        parser.error(f"--size {options.size}: {error}")
    if options.seconds is None:
        options.seconds = 10 if played is None else (1 + len(played)) / FRAMES_PER_SECOND
    if options.count < 1 or not 0 < options.seconds <= 3600:
        parser.error("--count must be at least 1, --seconds above 0 and at most 3600")
    return height, width, played


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=8)
    parser.add_argument("--seconds", type=float, help="default: 10, or as long as the actions are")
    parser.add_argument("--seed", type=int, default=0, help="rng seed of the first batch")
    parser.add_argument("--size", default="256x144", help="WIDTHxHEIGHT, both even (multiples of 8 for eval)")
    parser.add_argument("--format", choices=["mp4", "eval"], default="mp4")
    parser.add_argument("--scenario", choices=SCENARIOS)
    parser.add_argument("--actions", type=Path, help="action file for all players")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    height, width, played = check_options(parser, options)
    name = options.actions.stem if options.actions else options.scenario
    frames = max(2, round(options.seconds * FRAMES_PER_SECOND))
    options.out.mkdir(parents=True, exist_ok=True)
    start, written = time.perf_counter(), 0
    while written < options.count:
        count = min(CLIPS_PER_BATCH, options.count - written)
        rng_seed = options.seed + written // CLIPS_PER_BATCH
        clips = render_clips(count, frames, height, width, rng_seed, options.device, options.scenario,
                             played=played)
        if options.format == "eval":
            write_evaluation_batch(clips, options.out, rng_seed, name)
        else:
            write_batch(clips, options.out, rng_seed)
        written += count
        speed = written * frames / (time.perf_counter() - start)
        print(f"{written}/{options.count} clips, {speed:.0f} frames/s", flush=True)


if __name__ == "__main__":
    main()
