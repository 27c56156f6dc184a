"""Latent windows with what was done and said, from a latent bank and the clip bank it was made of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from sora_world.config import FRAMES_PER_CHUNK
from sora_world.data.batches import Shard
from sora_world.models.text import Tokenizer
from sora_world.readers.captions import ATTRIBUTES, recaption
from sora_world.readers.config import MAX_CHUNKS

HELD_OUT = 12  # shards of the default size, the last of the clip bank


@dataclass
class Clips:
    """All clips of one picture size. N clips, T chunks."""

    latents: Tensor  # float16 [N,T,C,h,w] normalised
    actions: Tensor  # float16 [N,T,F,21], led into the chunk's frames
    tokens: Tensor  # int32 [N,T,P] of the caption in force
    attributes: Tensor  # int64 [N,T,3] biome, time, weather at the last frame of the chunk
    captions: list[list[str]]  # [N][T]

    def __len__(self) -> int:
        return self.latents.shape[0]

    @property
    def chunks(self) -> int:
        return self.latents.shape[1]

    def attribute_names(self, clip: int, chunk: int) -> list[str]:
        """Biome, time, weather."""
        indices = self.attributes[clip, chunk].tolist()
        return [names[index] for names, index in zip(ATTRIBUTES.values(), indices, strict=True)]

    def full_caption(self, clip: int, chunk: int, rng: np.random.Generator) -> str:
        return recaption(self.captions[clip][chunk], *self.attribute_names(clip, chunk), rng)


@dataclass
class Window:
    """Consecutive chunks of several clips of one size, and the chunk that followed each."""

    latents: Tensor  # float32 [B,T,C,h,w]
    actions: Tensor  # float32 [B,T,F,21], led into the chunks
    next_actions: Tensor  # float32 [B,T,F,21], led into the chunk after each
    tokens: Tensor  # int64 [B,P], caption in force at the last chunk


def read_clips(latents: Path, shard: Path) -> Clips:
    """One shard. ValueError when the two files do not belong together."""
    part = torch.load(latents, weights_only=True)
    labels = Shard(shard).labels()
    last = slice(FRAMES_PER_CHUNK - 1, None, FRAMES_PER_CHUNK)
    attributes = torch.from_numpy(labels["attributes"][:, last])
    if attributes.shape[:2] != part["latents"].shape[:2]:
        raise ValueError(f"{latents} does not hold the chunks of {shard}")
    captions = [clip[last] for clip in labels["captions"]]
    return Clips(part["latents"], part["actions"], part["tokens"], attributes.long(), captions)


def joined(parts: list[Clips]) -> Clips:
    tensors = [torch.cat([getattr(part, name) for part in parts]) for name in list(vars(parts[0]))[:-1]]
    return Clips(*tensors, [caption for part in parts for caption in part.captions])


def open_clips(latents: Path, bank: Path, size: str, held_out: int = HELD_OUT) -> tuple[list[Clips], Clips]:
    """(clips to train on by size, clips held out): the last `held_out` shards of `size` are never trained on.

    Which ones they are follows from the clip bank, not from how far encoding has come.
    """
    kept_back = {folder.name for folder in sorted((bank / size).glob("shard-*"))[-held_out:]}
    sizes: dict[str, list[Clips]] = {}
    apart: list[Clips] = []
    for path in sorted(latents.glob("*x*/shard-*.pt")):
        shard = bank / path.parent.name / path.stem
        if shard.is_dir():
            aside = path.parent.name == size and path.stem in kept_back
            (apart if aside else sizes.setdefault(path.parent.name, [])).append(read_clips(path, shard))
    if not sizes or not apart:
        raise ValueError(f"{latents} needs encoded shards of {bank}: found {len(sizes)} sizes, {len(apart)} held out")
    return [joined(parts) for parts in sizes.values()], joined(apart)


def spoiled(latents: Tensor, rng: np.random.Generator) -> Tensor:
    """Latents [B,T,C,h,w] a little wrong, each row by its own measure: what a model makes is never quite clean."""
    amount = torch.from_numpy(rng.uniform(0, 0.4, (latents.shape[0], 1, 1, 1, 1)).astype(np.float32))
    noise = torch.from_numpy(rng.standard_normal(latents.shape, dtype=np.float32))
    return latents * (1 - amount) + noise * amount


class Windows:
    """Draws batches; sizes by their number of clips."""

    def __init__(self, sizes: list[Clips], tokenizer: Tokenizer):
        self.sizes, self.tokenizer = sizes, tokenizer
        counts = np.array([len(clips) for clips in sizes], dtype=float)
        self.shares = counts / counts.sum()

    def draw(
        self, rng: np.random.Generator, count: int, chunks: int, after: int
    ) -> tuple[Clips, np.ndarray, np.ndarray]:
        """Clips, `count` rows of them and the first of `chunks` chunks in each; `after` more follow it."""
        clips = self.sizes[rng.choice(len(self.sizes), p=self.shares)]
        rows = rng.integers(len(clips), size=count)
        return clips, rows, rng.integers(clips.chunks - chunks - after + 1, size=count)

    def actions(self, rng: np.random.Generator, count: int) -> Window:
        """For the policy: whole windows; a fifth of them from a clip's beginning, where nothing was done yet."""
        clips, rows, starts = self.draw(rng, count, MAX_CHUNKS, 1)
        starts[rng.random(count) < 0.2] = 0
        window = cut_window(clips, rows, starts, MAX_CHUNKS)
        window.latents = spoiled(window.latents, rng)
        window.tokens[torch.from_numpy(rng.random(count) < 0.1)] = 0  # a caption is no must
        return window

    def captions(self, rng: np.random.Generator, count: int) -> tuple[Tensor, Tensor]:
        """For the captioner: latents [B,T,C,h,w] and full captions int64 [B,P] of their last chunk."""
        chunks = int(rng.choice([1, 2, 4, MAX_CHUNKS]))
        clips, rows, starts = self.draw(rng, count, chunks, 0)
        latents = cut_window(clips, rows, starts, chunks).latents
        said = [
            self.tokenizer.encode(clips.full_caption(row, start + chunks - 1, rng))
            for row, start in zip(rows, starts, strict=True)
        ]
        return spoiled(latents, rng), torch.tensor(said)


def cut_window(clips: Clips, rows: np.ndarray, starts: np.ndarray, chunks: int) -> Window:
    """The chunks from `starts` on in the clips `rows`; after the end of a clip the last action stands in."""
    row = torch.from_numpy(rows)[:, None]
    chunk = torch.from_numpy(starts)[:, None] + torch.arange(chunks)
    following = (chunk + 1).clamp(max=clips.chunks - 1)
    return Window(
        clips.latents[row, chunk].float(),
        clips.actions[row, chunk].float(),
        clips.actions[row, following].float(),
        clips.tokens[row[:, 0], chunk[:, -1]].long(),
    )
