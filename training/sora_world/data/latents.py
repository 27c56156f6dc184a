"""The latent bank: every clip of the clip bank encoded once, small enough to live in memory.

    python -m sora_world.data.latents --bank .runs/bank --autoencoder .runs/nano-ae --out .runs/latents

One file per shard, so that encoding can follow a clip bank that still grows.
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from sora_world.config import FRAMES_PER_CHUNK, VIEW_CHANNELS, Tier
from sora_world.data.batches import Shard
from sora_world.memory.clips import clip_memories
from sora_world.memory.points import LONGEST_AGE
from sora_world.models.autoencoder import Autoencoder, to_bytes, to_network
from sora_world.models.text import PADDING, Tokenizer
from sora_world.train import checkpoint

FIELDS = ("latents", "actions", "pose", "tokens", "memory")


@dataclass
class LatentBatch:
    latents: Tensor  # float32 [B,T,C,h,w] normalised
    actions: Tensor  # float32 [B,T,F,21]
    pose: Tensor  # float32 [B,T,F,6]
    tokens: Tensor  # int64 [B,T,P]
    memory: Tensor  # float32 [B,T,F*6,8h,8w]


def pack_memory(images: Tensor) -> Tensor:
    """Memory images [...,F*6,8h,8w] as uint8; four times smaller, and colours have no more than 8 bits anyway."""
    colour, known_and_depth, age = by_view(images).split([3, 2, 1], -3)
    scaled = torch.cat([colour * 127.5 + 127.5, known_and_depth * 255, age * LONGEST_AGE], -3)
    return scaled.round().clamp(0, 255).to(torch.uint8).flatten(-4, -3)


def unpack_memory(packed: Tensor) -> Tensor:
    """The inverse of `pack_memory`, float32."""
    colour, known, depth, age = by_view(packed).float().split([3, 1, 1, 1], -3)
    known = known / 255
    return torch.cat([(colour / 127.5 - 1) * known, known, depth / 255, age / LONGEST_AGE], -3).flatten(-4, -3)


def by_view(images: Tensor) -> Tensor:
    """Memory images [...,F*6,8h,8w] -> [...,F,6,8h,8w]."""
    return images.unflatten(-3, (-1, VIEW_CHANNELS))


def make_tokenizer(tier: Tier) -> Tokenizer:
    """Over the words of the caption grammar."""
    from sora_world.world.captions import VOCABULARY  # the world is not needed to load a package

    words = [word for word in VOCABULARY if word != PADDING]
    return Tokenizer([PADDING, *words], tier.text.hash_buckets, tier.text.length)


def load_autoencoder(folder: Path, device: torch.device | str = "cpu") -> tuple[Autoencoder, Tier]:
    """The finished autoencoder of a run folder, with its latent statistics."""
    saved = checkpoint.load(folder / "autoencoder.pt")
    tier = checkpoint.tier_of(saved)
    model = Autoencoder(tier.autoencoder)
    checkpoint.load_weights(model, saved["model"])
    return model.to(device).eval(), tier


@torch.no_grad()
def encode_frames(model: Autoencoder, rgb: Tensor, inverse_depth: Tensor) -> Tensor:
    """uint8 [B,T*F,H,W,3] and 1/blocks [B,T*F,H/8,W/8] -> normalised latents [B,T,C,h,w]"""
    chunks, depth = by_chunk(to_network(rgb)), by_chunk(inverse_depth.float())
    return model.encode(chunks.flatten(0, 1), depth.flatten(0, 1)).unflatten(0, chunks.shape[:2])


def by_chunk(values: Tensor) -> Tensor:
    """[B,T*F,...] -> [B,T,F,...]"""
    return values.unflatten(1, (-1, FRAMES_PER_CHUNK))


def encode_captions(tokenizer: Tokenizer, captions: list[list[str]]) -> Tensor:
    """[B][T*F] captions -> int32 [B,T,P]. A chunk's caption is the one in force at its last frame."""
    last = slice(FRAMES_PER_CHUNK - 1, None, FRAMES_PER_CHUNK)
    return torch.tensor([[tokenizer.encode(caption) for caption in clip[last]] for clip in captions], dtype=torch.int32)


@torch.no_grad()
def remember_clips(model: Autoencoder, latents: Tensor, actions: Tensor, motion: Tensor) -> Tensor:
    """Packed memory images uint8 [B,T,F*6,8h,8w] of what the decoder makes of `latents` [B,T,C,h,w]: as in play."""
    raw = latents * model.deviation[:, None, None] + model.mean[:, None, None]
    decoded = model.decode_clip(raw)
    frames = to_bytes(decoded["frames"].float()).flatten(1, 2)
    depth = decoded["inverse_depth"].float().clamp(min=0).flatten(1, 2)
    return pack_memory(clip_memories(frames, depth, actions, motion))


def encode_clips(
    model: Autoencoder,
    tokenizer: Tokenizer,
    rgb: Tensor,
    inverse_depth: Tensor,
    actions: Tensor,
    motion: Tensor,
    captions: list[list[str]],
    device: torch.device | str = "cpu",
    part: int = 8,
) -> dict[str, Tensor]:
    """Latents, labels, memory images and true depth of clips [B,T*F,...], `part` clips at a time; on the CPU.

    inverse_depth at 1/8 of the picture.
    """
    fields = (rgb, inverse_depth, by_chunk(actions), by_chunk(motion))
    parts = ([value.to(device) for value in values] for values in zip(*(f.split(part) for f in fields), strict=True))
    by_part = [(encode_frames(model, a, b), c, d) for a, b, c, d in parts]
    return {
        "latents": torch.cat([latents for latents, _, _ in by_part]).half().cpu(),
        "actions": by_chunk(actions).half().cpu(),
        "pose": by_chunk(motion).half().cpu(),
        "tokens": encode_captions(tokenizer, captions),
        "memory": torch.cat([remember_clips(model, *of_part).cpu() for of_part in by_part]),
        "depth": by_chunk(inverse_depth).half().cpu(),
    }


def encode_shard(shard: Shard, model: Autoencoder, tokenizer: Tokenizer, device: torch.device | str = "cpu") -> dict:
    """One shard's latents, labels and memory images."""
    labels = shard.labels()
    rgb, depth = (torch.from_numpy(np.array(values)) for values in (shard.rgb, shard.inverse_depth))
    actions, motion = (torch.from_numpy(labels[name]) for name in ("actions", "motion"))
    return encode_clips(model, tokenizer, rgb, depth, actions, motion, labels["captions"], device)


def write_encoded(path: Path, fields: dict[str, Tensor]) -> None:
    """Writes one shard beside `path` and moves it there, so that readers never see half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(fields, path.with_suffix(".unfinished"))
    os.replace(path.with_suffix(".unfinished"), path)


def encode_bank(bank: Path, out: Path, model: Autoencoder, tokenizer: Tokenizer) -> int:
    """Encodes the shards of `bank` that `out` lacks; returns how many."""
    done = 0
    for folder in sorted(bank.glob("*x*/shard-*")):
        path = out / folder.parent.name / f"{folder.name}.pt"
        if path.exists():
            continue
        write_encoded(path, encode_shard(Shard(folder), model, tokenizer))
        done += 1
    return done


class LatentBank:
    """All encoded clips in a device's memory, grouped by picture size."""

    def __init__(self, root: Path, device: torch.device | str = "cpu"):
        self.root, self.device = root, device
        self.known: set[Path] = set()
        self.sizes: dict[str, dict[str, Tensor]] = {}
        self.refresh()

    def refresh(self) -> int:
        """Number of clips after reading new shards."""
        found: dict[str, list[dict[str, Tensor]]] = {}
        for path in sorted(set(self.root.glob("*x*/shard-*.pt")) - self.known):
            self.known.add(path)
            part = torch.load(path, weights_only=True, map_location=self.device)
            found.setdefault(path.parent.name, []).append(part)
        for size, parts in found.items():
            parts = [self.sizes.pop(size), *parts] if size in self.sizes else parts
            self.sizes[size] = {name: torch.cat([part.pop(name) for part in parts]) for name in FIELDS}
        return self.clip_count()

    @property
    def chunks(self) -> int:
        """Chunks per clip."""
        return next(iter(self.sizes.values()))["latents"].shape[1]

    def clip_count(self) -> int:
        return sum(len(fields["latents"]) for fields in self.sizes.values())

    def sample(self, rng: np.random.Generator, count: int, cut: slice = slice(None)) -> LatentBatch:
        """`count` clips of one size, whole or the chunks in `cut`."""
        names = sorted(self.sizes)
        weights = np.array([len(self.sizes[name]["latents"]) for name in names], dtype=float)
        fields = self.sizes[names[rng.choice(len(names), p=weights / weights.sum())]]
        rows = torch.from_numpy(rng.integers(len(fields["latents"]), size=count)).to(self.device)
        latents, actions, pose, tokens, memory = (fields[name][rows, cut] for name in FIELDS)
        return LatentBatch(latents.float(), actions.float(), pose.float(), tokens.long(), unpack_memory(memory))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bank", type=Path, required=True)
    parser.add_argument("--autoencoder", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--follow-minutes", type=float, default=0, help="keep looking for new shards this long")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    model, tier = load_autoencoder(options.autoencoder)
    tokenizer = make_tokenizer(tier)
    end = time.monotonic() + options.follow_minutes * 60
    while True:
        print(f"{encode_bank(options.bank, options.out, model, tokenizer)} shards encoded", flush=True)
        if time.monotonic() >= end:
            return
        time.sleep(20)


if __name__ == "__main__":
    main()
