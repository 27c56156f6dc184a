"""Golden fixtures: numbers the TypeScript side must reproduce from the same package.

    python -m sora_world.export.golden --autoencoder .runs/nano-ae --run .runs/nano-dit --out ../test/fixtures/golden

Each fixture is `<name>.bin` (little-endian arrays one after another, each aligned to 8 bytes) and `<name>.json`: for
every array its dtype, shape and byte offset, and free `values`. Everything is computed in PyTorch, not in onnxruntime.
"""

from __future__ import annotations

import argparse
import gzip
import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from sora_world.config import ACTION_WIDTH, FRAMES_PER_CHUNK, SPATIAL_SCALE, TIERS
from sora_world.export.graphs import DENOISER_OUTPUTS, DecoderGraph, EncoderGraph, denoiser_inputs
from sora_world.export.package import Trained, load_trained, random_weights
from sora_world.flow.rollout import Rollout, uncached_chunk
from sora_world.flow.schedule import sigmas_for, step_size_for
from sora_world.models.text import Tokenizer

ROLLOUT_CHUNKS = 12  # the ring of eight wraps
ROLLOUT_STEPS = 2
CAPTION = "a snowy forest at dusk"
TOKENIZED = (
    CAPTION,
    "",
    "It starts to RAIN!",
    "walking in the desert, by day",
    "a dragon over Neuschwanstein",
    "caf\u00e9 na\u00efve \u2014 3 blocks",
    "a " * 40,
)


class Fixture:
    """Collects arrays, then writes the pair of files."""

    def __init__(self, name: str):
        self.name, self.data, self.arrays = name, bytearray(), {}

    def add(self, name: str, array: Tensor) -> None:
        values = array.detach().cpu().numpy()
        values = np.ascontiguousarray(values.astype(values.dtype.newbyteorder("<")))
        self.data.extend(b"\0" * (-len(self.data) % 8))
        self.arrays[name] = {"dtype": values.dtype.name, "shape": list(values.shape), "offset": len(self.data)}
        self.data.extend(values.tobytes())

    def write(self, out: Path, values: dict) -> None:
        index = {"bin": f"{self.name}.bin.gz", "values": values, "arrays": self.arrays}
        (out / f"{self.name}.bin.gz").write_bytes(gzip.compress(bytes(self.data), 9, mtime=0))
        (out / f"{self.name}.json").write_text(json.dumps(index, indent=1) + "\n")


def write_schedule(out: Path) -> None:
    """sigmas and step size for each allowed number of steps."""
    table = {str(n): {"sigmas": sigmas_for(n), "stepSize": step_size_for(n)} for n in (1, 2, 4)}
    (out / "schedule.json").write_text(json.dumps(table, indent=1) + "\n")


def write_tokenizer(out: Path, trained: Trained) -> None:
    """Captions and their ids."""
    text = trained.tier.text
    tokenizer = Tokenizer(trained.words, text.hash_buckets, text.length)
    examples = [{"text": caption, "ids": tokenizer.encode(caption)} for caption in TOKENIZED]
    (out / "tokenizer.json").write_text(json.dumps(examples, ensure_ascii=True) + "\n")


def encode_caption(trained: Trained, caption: str) -> tuple[Tensor, Tensor, Tensor]:
    """tokens [1,P], text [1,K,D], pooled [1,E]"""
    text = trained.tier.text
    tokens = torch.tensor([Tokenizer(trained.words, text.hash_buckets, text.length).encode(caption)])
    return tokens, *trained.world.text(tokens)


def write_text(out: Path, trained: Trained) -> None:
    fixture = Fixture("text")
    for name, value in zip(("tokens", "text", "pooled"), encode_caption(trained, CAPTION), strict=True):
        fixture.add(name, value)
    fixture.write(out, {"caption": CAPTION})


def grid_of(trained: Trained) -> tuple[int, int]:
    """(height, width) of the default size's latent grid."""
    width, height = trained.tier.sizes[0]
    return height // SPATIAL_SCALE, width // SPATIAL_SCALE


def write_denoise_step(out: Path, trained: Trained) -> None:
    """One call of the denoiser: every input, every output. Three of the cache slots are filled."""
    torch.manual_seed(11)
    inputs = denoiser_inputs(trained.tier, 1, 1, *grid_of(trained), trained.tier.denoiser.context_chunks)
    inputs["mask"][..., 3:-1] = 0
    inputs = {name: (value * 16).round() / 16 for name, value in inputs.items()}  # a quarter of the bytes, packed
    fixture = Fixture("denoise-step")
    for name, value in inputs.items():
        fixture.add(f"in.{name}", value)
    for name, value in zip(DENOISER_OUTPUTS, trained.world.denoiser(*inputs.values()), strict=True):
        fixture.add(f"out.{name}", value)
    fixture.write(out, {"tolerance": 1e-3})


def rollout_actions(chunks: int) -> Tensor:
    """[1,chunks,F,A]: forward for a third, a turn to the right for a third, then a jump while walking."""
    actions = torch.zeros(1, chunks, FRAMES_PER_CHUNK, ACTION_WIDTH)
    third = chunks // 3
    actions[:, :third, :, 0] = 1
    actions[:, third : 2 * third, :, -2] = 0.5
    actions[:, 2 * third :, :, 0] = 1
    actions[:, 2 * third :, :, 4] = 1
    return actions


def write_rollout(out: Path, trained: Trained) -> None:
    """Twelve chunks as the server plays them, and the same by recomputing everything at every chunk."""
    torch.manual_seed(12)
    model, channels = trained.world.denoiser, trained.tier.autoencoder.latent_channels
    height, width = grid_of(trained)
    actions = rollout_actions(ROLLOUT_CHUNKS)
    _, text, pooled = encode_caption(trained, CAPTION)
    noise = torch.randn(ROLLOUT_CHUNKS, 1, 1, channels, height, width)
    commit_noise = torch.randn_like(noise)
    rollout = Rollout(model, 1, height, width)
    committed, uncached = noise[0][:, :0], []
    for t in range(ROLLOUT_CHUNKS):
        one = {"text": text[:, None], "pooled": pooled[:, None], "noise": noise[t], "steps": ROLLOUT_STEPS}
        many = one | {"text": text[:, None].expand(-1, t + 1, -1, -1), "pooled": pooled[:, None].expand(-1, t + 1, -1)}
        past_noise = commit_noise[:t, 0].transpose(0, 1)
        uncached.append(uncached_chunk(model, committed, past_noise, actions=actions[:, : t + 1], **many))
        clean = rollout.next_chunk(actions=actions[:, t : t + 1], commit_noise=commit_noise[t], **one)
        committed = torch.cat([committed, clean], 1)
    difference = float((torch.cat(uncached, 1) - committed).abs().max())
    fixture = Fixture("rollout")
    arrays = {
        "actions": actions[0],
        "text": text,
        "pooled": pooled,
        "noise": noise[:, 0, 0],
        "commitNoise": commit_noise[:, 0, 0],
        "latents": committed[0],
        "uncachedLatents": torch.cat(uncached, 1)[0],
    }
    for name, value in arrays.items():
        fixture.add(name, value)
    values = {"caption": CAPTION, "steps": ROLLOUT_STEPS, "firstChunkIndex": 0, "cachedMinusUncached": difference}
    fixture.write(out, values | {"tolerance": 2e-2})


def write_decoder(out: Path, trained: Trained) -> None:
    """Two chunks in a row: the second with the state of the first; and one encoder call."""
    torch.manual_seed(13)
    height, width = grid_of(trained)
    latents = torch.randn(2, 1, trained.tier.autoencoder.latent_channels, height, width)
    graph, state = DecoderGraph(trained.autoencoder), trained.autoencoder.empty_state(latents[0])
    fixture = Fixture("decoder")
    for chunk, latent in enumerate(latents):
        frames, depth, after = graph(latent, state)
        values = {"latent": latent, "state": state, "frames": frames, "inverse_depth": depth, "next_state": after}
        for name, value in values.items():
            fixture.add(f"{chunk}.{name}", value)
        state = after
    told = (depth,) if trained.tier.autoencoder.depth_channels else ()
    fixture.add("encoded", EncoderGraph(trained.autoencoder)(frames, *told))  # of the second chunk's frames
    fixture.write(out, {"tolerance": 1e-3, "frameTolerance": 1})


@torch.no_grad()
def write_all(out: Path, trained: Trained) -> None:
    out.mkdir(parents=True, exist_ok=True)
    write_schedule(out)
    for write in (write_tokenizer, write_text, write_denoise_step, write_rollout, write_decoder):
        write(out, trained)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--autoencoder", type=Path)
    parser.add_argument("--run", type=Path)
    parser.add_argument("--random", help="tier; the untrained weights of `export.package --random`")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    if options.random:
        trained = random_weights(TIERS[options.random])
    else:
        trained = load_trained(options.autoencoder, options.run)
    torch.set_num_threads(1)
    write_all(options.out, trained)
    total = sum(path.stat().st_size for path in options.out.iterdir())
    print(f"{total / 1e6:.2f} MB of fixtures in {options.out}")


if __name__ == "__main__":
    main()
