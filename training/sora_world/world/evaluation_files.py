"""Clips for `npm run eval`: lossless frames, depth and everything a judge is compared with (docs/evaluation.md).

    NAME.json       what belongs to the clip and how it is packed; the reader starts here
    NAME.jsonl      one line a frame as in clip_files.py, with `motion` and `attributes` added
    NAME.0.webp     frames stacked on top of each other, lossless; .1, .2 .. where one picture cannot hold all
    NAME.depth.png  16 bits, inverse depth at the centres of 8x8 cells, frames stacked
"""

import json
from pathlib import Path

import numpy as np
from PIL import Image
from torch import Tensor

from .actions import FRAMES_PER_SECOND
from .biomes import BIOME_NAMES
from .clip_files import write_lines
from .clips import ClipBatch
from .sky import TIMES, WEATHERS

CLIP_VERSION = 1
SHEET_HEIGHT = 16_383  # the tallest picture that WebP knows
DEPTH_CELL = 8  # pixels
UNITS_PER_INVERSE_BLOCK = 8192  # 65535 is then 1/8 of a block, nearer than anything can be seen


def check_size(height: int, width: int) -> None:
    """Raises ValueError for a size whose cells would not fill the picture."""
    if height % DEPTH_CELL or width % DEPTH_CELL or not DEPTH_CELL <= height <= SHEET_HEIGHT:
        raise ValueError(f"width and height must be multiples of {DEPTH_CELL} up to {SHEET_HEIGHT}")


def write_evaluation_clip(path: Path, clips: ClipBatch, index: int, scenario: str | None, rng_seed: int,
                          effort: int = 6) -> None:
    """Writes clip `index` of a batch; `path` is the name without a suffix.

    effort: 0 to 6. 6 takes four times as long as 0 for a third less to carry about.
    """
    frames = clips.rgb[index].cpu()
    count, height, width, _ = frames.shape
    check_size(height, width)
    sheets = _write_sheets(path, frames.numpy(), effort)
    depth = path.with_name(f"{path.name}.depth.png")
    _write_depth(depth, clips.inverse_depth[index].cpu())
    write_lines(path.with_suffix(".jsonl"), clips.actions[index].cpu(), clips.pose[index].cpu(), clips.captions[index],
                clips.hotbar[index], _truth(clips, index))
    header = {
        "clipVersion": CLIP_VERSION,
        "scenario": scenario or "mixed",
        "rngSeed": rng_seed,
        "width": width,
        "height": height,
        "frames": count,
        "framesPerSecond": FRAMES_PER_SECOND,
        "sheets": sheets,
        "depth": {"file": depth.name, "cell": DEPTH_CELL, "unitsPerInverseBlock": UNITS_PER_INVERSE_BLOCK},
    }
    # Last: a clip without its header is not there for a reader.
    path.with_suffix(".json").write_text(json.dumps(header, indent=1) + "\n")


def _write_sheets(path: Path, frames: np.ndarray, effort: int) -> list[dict]:
    """Frames uint8 [T, H, W, 3] into as few pictures as WebP allows."""
    per_sheet = SHEET_HEIGHT // frames.shape[1]
    sheets = []
    for number, start in enumerate(range(0, frames.shape[0], per_sheet)):
        part = frames[start : start + per_sheet]
        file = path.with_name(f"{path.name}.{number}.webp")
        picture = Image.fromarray(part.reshape(-1, *part.shape[2:]))
        picture.save(file, "WEBP", lossless=True, quality=100 if effort == 6 else 20 * effort, method=effort)
        sheets.append({"file": file.name, "frames": part.shape[0]})
    return sheets


def _write_depth(path: Path, inverse_depth: Tensor) -> None:
    """Inverse depth [T, H, W] in 1/blocks, sampled at the centres of cells."""
    centre = slice(DEPTH_CELL // 2, None, DEPTH_CELL)
    units = (inverse_depth[:, centre, centre].float() * UNITS_PER_INVERSE_BLOCK).round().clamp(0, 65_535)
    Image.fromarray(units.numpy().astype(np.uint16).reshape(-1, units.shape[2])).save(path, "PNG")


def _truth(clips: ClipBatch, index: int) -> list[dict]:
    """What each line says beyond a recording of the game; `motion` led into the line's own frame."""
    motion, attributes = clips.motion[index].tolist(), clips.attributes[index].tolist()
    return [
        {
            "motion": [round(value, 4) for value in moved],
            "attributes": {"biome": BIOME_NAMES[biome], "time": TIMES[time], "weather": WEATHERS[weather]},
        }
        for moved, (biome, time, weather) in zip(motion, attributes, strict=True)
    ]
