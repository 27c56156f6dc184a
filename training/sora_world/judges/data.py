"""Batches for the judges from banks of rendered clips: the judges' own and the ones the model trains on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from sora_world.judges.bank import averaged
from sora_world.judges.config import FRAMES, KEY_PLACES, KEYS, SCALE
from sora_world.judges.flow import FLOW_SCALE, scene_flow

UNKNOWN = 255  # class of cells that a bank says nothing about
FADING = -1  # class while time or weather changes
FADE = 14  # frames after a change of class in which the picture is still between the two
LARGEST = 20_000  # pixels; larger pictures are halved, as a caller does
MIRRORED_SHARE = 0.25  # of the dynamics rows: right and left are alike, but the hand is always on the right
YAW = 3  # field of `motion`; pitch follows


@dataclass
class SceneBatch:
    """Single pictures with what they show."""

    frames: Tensor  # uint8 [N,H,W,3]
    block_id: Tensor  # int64 [N,H/4,W/4] or UNKNOWN
    face: Tensor  # int64 [N,H/4,W/4] or UNKNOWN
    inverse_depth: Tensor  # float32 [N,H/4,W/4] or nan
    attributes: Tensor  # int64 [N,3] biome, time, weather or FADING


@dataclass
class DynamicsBatch:
    """Consecutive pictures with what led from one to the next."""

    frames: Tensor  # uint8 [N,5,H,W,3]
    turn: Tensor  # float32 [N,4,2] degrees
    keys: Tensor  # float32 [N,4,Q] 0 or 1
    flow: Tensor  # float32 [N,4,2,H/8,W/8] movement of each place in cells of 4 pixels, or nan


def without_fades(attributes: np.ndarray) -> np.ndarray:
    """[B,T,3] -> int64 [B,T,3] with FADING for time and weather in the frames after they change."""
    result = attributes.astype(np.int64)
    for field in (1, 2):
        changes = np.diff(attributes[..., field], axis=1, prepend=attributes[:, :1, field]) != 0
        for clip, frame in np.argwhere(changes):
            result[clip, frame : frame + FADE, field] = FADING
    return result


class JudgeShard:
    """One folder of a bank, as pictures of the size a judge is given; big arrays stay on disk until sliced."""

    def __init__(self, folder: Path):
        self.rgb = np.load(folder / "rgb.npy", mmap_mode="r")
        self.motion, self.actions = (np.load(folder / f"{name}.npy") for name in ("motion", "actions"))
        # Banks written before poses were kept have none: then the flow is not known.
        self.pose = np.load(folder / "pose.npy") if (folder / "pose.npy").exists() else None
        self.raw = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("inverse_depth", "block_id")}
        self.attributes = without_fades(np.load(folder / "attributes.npy"))
        height, width = self.rgb.shape[2:4]
        self.factor = 2 if height * width > LARGEST else 1
        self.size = (height // self.factor, width // self.factor)
        self.labels = {name: self.find_label(folder / f"{name}.npy") for name in ("block_id", "face", "inverse_depth")}

    def find_label(self, path: Path) -> np.ndarray | None:
        """The array, if it is there and as fine as the judge's cells."""
        if not path.exists():
            return None
        values = np.load(path, mmap_mode="r")
        return values if values.shape[2] * SCALE == self.size[0] else None

    @property
    def shape(self) -> tuple[int, int]:
        """Clips and frames."""
        return self.rgb.shape[:2]

    def label(self, name: str, clip: int, frames: slice, missing: float) -> np.ndarray:
        """[T,H/4,W/4], filled with `missing` where the bank has none."""
        values = self.labels[name]
        if values is None:
            count = len(range(*frames.indices(self.shape[1])))
            return np.full((count, self.size[0] // SCALE, self.size[1] // SCALE), missing)
        return values[clip, frames]

    def pictures(self, clip: int, frames: slice) -> np.ndarray:
        """uint8 [T,H,W,3]"""
        return averaged(torch.from_numpy(np.array(self.rgb[clip, frames]))[None], self.factor)[0].numpy()

    def scenes(self, clip: int, frames: slice) -> tuple[np.ndarray, ...]:
        """The fields of a SceneBatch for some frames of one clip."""
        return (
            self.pictures(clip, frames),
            self.label("block_id", clip, frames, UNKNOWN).astype(np.int64),
            self.label("face", clip, frames, UNKNOWN).astype(np.int64),
            self.label("inverse_depth", clip, frames, np.nan).astype(np.float32),
            self.attributes[clip, frames],
        )

    def transitions(self, clip: int, start: int) -> tuple[np.ndarray, ...]:
        """The fields of a DynamicsBatch for one row that begins at frame `start`."""
        led = slice(start + 1, start + FRAMES)
        turn = self.motion[clip, led, YAW : YAW + 2].astype(np.float32)
        keys = self.actions[clip, led][:, KEY_PLACES].astype(np.float32)
        shown = slice(start, start + FRAMES)
        return self.pictures(clip, shown), turn, keys, self.flow(clip, shown)

    def flow(self, clip: int, frames: slice) -> np.ndarray:
        """float32 [T-1,2,H/8,W/8], see `scene_flow`."""
        height, width = self.size
        if self.pose is None:
            return np.full((FRAMES - 1, 2, height // FLOW_SCALE, width // FLOW_SCALE), np.nan, np.float32)
        depth, block_id = self.raw["inverse_depth"][clip, frames], self.raw["block_id"][clip, frames]
        return scene_flow(depth, block_id, self.pose[clip, frames], height)


def mirrored(row: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
    """One row of a DynamicsBatch with left and right exchanged."""
    pictures, turn, keys, flow = row
    order = [KEYS.index({"left": "right", "right": "left"}.get(key, key)) for key in KEYS]
    turned = flow[..., ::-1] * np.array([-1, 1], np.float32)[:, None, None]
    return pictures[:, :, ::-1], turn * np.array([-1, 1], np.float32), keys[:, order], turned


def stack(kind: type, rows: list[tuple[np.ndarray, ...]]):
    """Rows to a batch of `kind`."""
    return kind(*(torch.from_numpy(np.stack(fields)) for fields in zip(*rows, strict=True)))


class JudgeBank:
    """All shards below a folder, grouped by size; `refresh` picks up shards written since."""

    def __init__(self, root: Path):
        self.root = root
        self.sizes: dict[tuple[int, int], list[JudgeShard]] = {}
        self.known: set[Path] = set()
        if self.refresh() == 0:
            raise ValueError(f"no shards in {root}")

    def refresh(self) -> int:
        """Number of shards after looking for new ones."""
        for folder in sorted(self.root.glob("*x*/shard-*")):
            if folder not in self.known:
                self.known.add(folder)
                shard = JudgeShard(folder)
                self.sizes.setdefault(shard.size, []).append(shard)
        return len(self.known)

    def shards(self) -> list[JudgeShard]:
        return [shard for shards in self.sizes.values() for shard in shards]

    def draw_size(self, rng: np.random.Generator) -> list[JudgeShard]:
        """The shards of one size, sizes with many shards more often."""
        groups = [self.sizes[size] for size in sorted(self.sizes)]
        weights = np.array([len(group) for group in groups], dtype=float)
        return groups[rng.choice(len(groups), p=weights / weights.sum())]

    def sample_scenes(self, rng: np.random.Generator, count: int) -> SceneBatch:
        """`count` pictures of one size."""
        shards, rows = self.draw_size(rng), []
        for _ in range(count):
            shard = shards[rng.integers(len(shards))]
            clips, frames = shard.shape
            frame = int(rng.integers(frames))
            rows.append(tuple(v[0] for v in shard.scenes(int(rng.integers(clips)), slice(frame, frame + 1))))
        return stack(SceneBatch, rows)

    def sample_dynamics(self, rng: np.random.Generator, count: int) -> DynamicsBatch:
        """`count` rows of one size, some mirrored."""
        shards, rows = self.draw_size(rng), []
        for _ in range(count):
            shard = shards[rng.integers(len(shards))]
            clips, frames = shard.shape
            row = shard.transitions(int(rng.integers(clips)), int(rng.integers(frames - FRAMES + 1)))
            rows.append(mirrored(row) if rng.random() < MIRRORED_SHARE else row)
        return stack(DynamicsBatch, rows)


class Banks:
    """Several banks, each with its share of the batches."""

    def __init__(self, banks: list[JudgeBank], shares: list[float]):
        self.banks = banks
        self.shares = np.array(shares) / sum(shares)

    def refresh(self) -> int:
        return sum(bank.refresh() for bank in self.banks)

    def draw(self, rng: np.random.Generator) -> JudgeBank:
        return self.banks[rng.choice(len(self.banks), p=self.shares)]

    def sample_scenes(self, rng: np.random.Generator, count: int) -> SceneBatch:
        return self.draw(rng).sample_scenes(rng, count)

    def sample_dynamics(self, rng: np.random.Generator, count: int) -> DynamicsBatch:
        return self.draw(rng).sample_dynamics(rng, count)


def open_banks(text: str) -> Banks:
    """"folder=share,folder=share"; a share left out is 1. ValueError when one is malformed or empty."""
    banks, shares = [], []
    for part in text.split(","):
        folder, _, share = part.partition("=")
        try:
            shares.append(float(share or 1))
        except ValueError as error:
            raise ValueError(f"bank {part!r} is not FOLDER=SHARE") from error
        if not shares[-1] > 0:
            raise ValueError(f"bank {part!r} has no share")
        banks.append(JudgeBank(Path(folder)))
    return Banks(banks, shares)
