"""Contact sheets: pictures for eyes, because no number above notices grey mush."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from sora_world.config import FRAMES_PER_CHUNK
from sora_world.evaluate.figures import HeldOut, warm_play
from sora_world.evaluate.runtime import Package, Play, held

HELD_KEYS = {
    "idle": {},
    "forward": {"forward": 1},
    "back": {"back": 1},
    "turn right": {"camera_yaw": 4},
    "turn left": {"camera_yaw": -4},
    "look up": {"camera_pitch": -2},
    "jump": {"jump": 1},
    "attack": {"attack": 1},
}
CAPTIONS = (
    "plains by day, clear sky",
    "a forest by day",
    "a sandy desert at noon",
    "a snowy forest, snow is falling",
    "rocky mountains in fog",
    "a swamp at dusk",
    "an autumn forest in the morning",
    "a village at night",
)


def save_grid(path: Path, rows: list[list[np.ndarray]]) -> None:
    """Pictures [H,W,3] of one size, row by row."""
    lines = [np.concatenate(row, 1) for row in rows]
    Image.fromarray(np.concatenate(lines, 0)).save(path)


def reconstruction_sheet(package: Package, clips: HeldOut, path: Path) -> None:
    """Per clip two rows: frames of the truth, the same through the autoencoder."""
    decoded = package.decode_clip(clips.latents)
    rows = []
    for truth, copy in zip(clips.rgb[:8], decoded[:8], strict=True):
        rows += [list(truth[3::6]), list(copy[3::6])]
    save_grid(path, rows)


def next_chunk_sheet(package: Package, clips: HeldOut, path: Path, chunk: int = 6) -> None:
    """Per clip: last known frame, true last frame of the next chunk, its reconstruction, 1, 2 and 4 steps."""
    rng = np.random.default_rng(5)
    play = warm_play(package, clips, chunk, rng)
    noise = play.noise(rng)
    state = package.decode(clips.latents[:, chunk - 1], None)[2]
    start = chunk * FRAMES_PER_CHUNK
    copy = package.decode(clips.latents[:, chunk], state)[0]
    columns = [clips.rgb[:, start - 1], clips.rgb[:, start + 3], copy[:, 3]]
    for steps in (1, 2, 4):
        clean = play.sample(clips.actions[:, chunk], noise, steps)
        columns.append(package.decode(clean[:, 0], state)[0][:, 3])
    save_grid(path, [[column[i] for column in columns] for i in range(min(10, len(clips.rgb)))])


def held_keys_sheet(package: Package, clips: HeldOut, path: Path, clip: int, chunks: int = 20, steps: int = 2) -> None:
    """One row per held key: the same true start, then every second chunk of what the model makes of it."""
    names = list(HELD_KEYS)
    one = HeldOut(*(_repeat(value, clip, len(names)) for value in vars(clips).values()))
    rng = np.random.default_rng(8)
    play = warm_play(package, one, 4, rng)
    actions = np.concatenate([held(package, 1, **HELD_KEYS[name]) for name in names])
    noise = np.repeat(play.noise(rng)[:1], len(names), 0)
    state = package.decode(one.latents[:, 3], None)[2]
    columns = [one.rgb[:, 4 * FRAMES_PER_CHUNK - 1]]
    for t in range(chunks):
        clean = play.sample(actions, noise, steps)
        play.commit(clean, play.noise(rng), actions)
        frames, _, state = package.decode(clean[:, 0], state)
        if t % 2 == 0:
            columns.append(frames[:, -1])
        noise = play.noise(rng)
    save_grid(path, [[column[i] for column in columns] for i in range(len(names))])


def _repeat(value, clip: int, count: int):
    return [value[clip]] * count if isinstance(value, list) else np.repeat(value[clip : clip + 1], count, 0)


def first_view_sheet(package: Package, path: Path, chunks: int = 6, steps: int = 4) -> None:
    """One row per caption: two first views, then the second of them walking on."""
    size = package.manifest["sizes"][0]
    rows = [[] for _ in CAPTIONS]
    for rng_seed in (1, 2):
        rng = np.random.default_rng(rng_seed)
        play = Play(package, list(CAPTIONS), size["latentHeight"], size["latentWidth"])
        actions = held(package, len(CAPTIONS), forward=1)
        state = None
        for _ in range(1 if rng_seed == 1 else chunks):
            clean = play.sample(actions, play.noise(rng), steps)
            play.commit(clean, play.noise(rng), actions)
            frames, _, state = package.decode(clean[:, 0], state)
            for row, frame in zip(rows, frames[:, -1], strict=True):
                row.append(frame)
    save_grid(path, rows)
