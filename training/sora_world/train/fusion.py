"""Trains depth fusion (models/fusion.py) on chunks that a denoiser made, with the depth that was really there.

    python -m sora_world.train.fusion --tier voxel --minutes 10 --autoencoder .runs/voxel-ae \\
        --latents .runs/pairs/256x144 --predicted .runs/pairs-played/256x144 --out .runs/voxel-fusion

What a player sees is what the autoencoder's decoder makes of the new depth channels, so that is what is compared with
the truth. The channels themselves are held near those of the true depth: the denoiser reads them as context.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from sora_world.data.latents import load_autoencoder, unpack_memory
from sora_world.models.autoencoder import Autoencoder
from sora_world.models.depth import to_code
from sora_world.models.fusion import DepthFusion
from sora_world.train import checkpoint
from sora_world.train.depth import disturbed, relative_error
from sora_world.train.optim import Average, take_step, warmup_stable_decay
from sora_world.train.session import Log, TimeBox, common_arguments, prepare_device

FIRST_CHUNK = 1  # before it nothing is remembered
HELD_OUT_SHARDS = 2
NEAR_TRUTH = 0.1  # weight of the channels against the decoded depth
FORGOTTEN = 0.1  # share of the rows whose memory is empty
PARTLY_FORGOTTEN = 0.4  # of the rows: a rectangle of their memory is


class Made:
    """Generated chunks, the memory images they were made with, true latents and true depth."""

    def __init__(self, latents: list[Path], predicted: Path):
        fields: dict[str, list[Tensor]] = {"made": [], "true": [], "memory": [], "depth": []}
        for path in latents:
            clips = torch.load(path, weights_only=True)
            played = torch.load(predicted / path.name, weights_only=True)
            known = {"made": played["predicted"], "memory": played["memory"]}
            known |= {"true": clips["latents"], "depth": clips["depth"]}
            for name, values in known.items():
                fields[name].append(values[:, FIRST_CHUNK:].flatten(0, 1))
        self.fields = {name: torch.cat(parts) for name, parts in fields.items()}

    def __len__(self) -> int:
        return len(self.fields["made"])

    def rows(self, picked: Tensor | slice) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """made and true [B,C,h,w], memory [B,F*6,8h,8w], depth [B,F,2h,2w] in 1/blocks; float32."""
        made, true, memory, depth = (self.fields[name][picked] for name in ("made", "true", "memory", "depth"))
        return made.float(), true.float(), unpack_memory(memory), depth.float()


def decoded(model: Autoencoder, latents: Tensor) -> Tensor:
    """Inverse depth [B,F,2h,2w] of normalised latents."""
    return model.decoder.depth(latents * model.deviation[:, None, None] + model.mean[:, None, None])


@torch.no_grad()
def measure(fusion: DepthFusion, model: Autoencoder, chunks: Made) -> dict[str, float]:
    """Median relative errors: of generated chunks, of the same fused, and of true latents."""
    errors: dict[str, list[Tensor]] = {"generated": [], "fused": [], "coded": []}
    for start in range(0, len(chunks), 64):
        made, true, memory, depth = chunks.rows(slice(start, start + 64))
        for name, latents in (("generated", made), ("fused", fusion(made, memory)), ("coded", true)):
            errors[name].append(relative_error(decoded(model, latents), depth))
    return {name: float(torch.cat(parts).median()) for name, parts in errors.items()}


def kept(rng: np.random.Generator, batch: int, height: int, width: int) -> Tensor:
    """[B,1,H,W]: 0 where memory is taken away, in all of some rows and in a rectangle of others, 1 elsewhere."""
    keep = torch.ones(batch, 1, height, width)
    for row in range(batch):
        if rng.random() < FORGOTTEN:
            keep[row] = 0
        elif rng.random() < PARTLY_FORGOTTEN:
            top, left = int(rng.integers(height)), int(rng.integers(width))
            keep[row, :, top : top + height // 2, left : left + width // 2] = 0
    return keep


def loss_of(fusion: DepthFusion, model: Autoencoder, chunks: Made, rng: np.random.Generator, batch: int) -> Tensor:
    made, true, memory, depth = chunks.rows(torch.from_numpy(rng.integers(len(chunks), size=batch)))
    # A few hundred clips are soon known by heart.
    fused = fusion(disturbed(made), memory * kept(rng, batch, *memory.shape[2:]))
    seen = (to_code(decoded(model, fused)) - to_code(depth)).abs().mean()
    channels = slice(-model.config.depth_channels, None)
    return seen + NEAR_TRUTH * (fused[:, channels] - true[:, channels]).abs().mean()


def run(options: argparse.Namespace) -> None:
    prepare_device(options)
    model, tier = load_autoencoder(options.autoencoder)
    model.requires_grad_(False)
    torch.manual_seed(options.rng_seed)
    fusion, log = DepthFusion.beside(model), Log(options.out / "log.jsonl")
    if options.resume:
        checkpoint.load_weights(fusion, checkpoint.load(options.resume / "fusion.pt")["model"])
    fusion.decode.requires_grad_(False)
    files = sorted(path for path in options.latents.glob("*.pt") if (options.predicted / path.name).exists())
    if len(files) <= HELD_OUT_SHARDS:
        raise ValueError(f"{options.predicted} needs more than {HELD_OUT_SHARDS} shards of {options.latents}")
    held_out, chunks = (Made(some, options.predicted) for some in (files[:HELD_OUT_SHARDS], files[HELD_OUT_SHARDS:]))
    log.write(event="before", chunks=len(chunks), **measure(fusion, model, held_out))
    learned = [weight for weight in fusion.parameters() if weight.requires_grad]
    optimiser = torch.optim.AdamW(learned, lr=options.adam_lr, weight_decay=0.01, betas=(0.9, 0.98))
    average, box, rng = Average(fusion, rate=0.998), TimeBox(options.minutes), np.random.default_rng(options.rng_seed)
    steps, sums = 0, []
    while box.progress < 1 and steps < options.steps:
        loss = loss_of(fusion, model, chunks, rng, options.batch)
        loss.backward()
        take_step(optimiser, options.adam_lr * warmup_stable_decay(steps, box.progress))
        steps += 1
        average.update(fusion, steps)
        sums.append(float(loss.detach()))
        if steps % options.log_every == 0:
            log.write(step=steps, progress=box.progress, loss=float(np.mean(sums)), **measure(fusion, model, held_out))
            sums = []
    fusion.load_state_dict(average.values)
    log.write(event="held out", steps=steps, **measure(fusion, model, held_out))
    checkpoint.save(options.out / "fusion.pt", tier, model=fusion.state_dict(), steps=steps)
    print(json.dumps({"written": str(options.out / "fusion.pt")}))


def main() -> None:
    parser = common_arguments(__doc__)
    parser.add_argument("--autoencoder", type=Path, required=True, help="run folder")
    parser.add_argument("--latents", type=Path, required=True, help="one size's folder of a latent bank")
    parser.add_argument("--predicted", type=Path, required=True, help="of the same shards, by data.predicted_play")
    parser.add_argument("--adam-lr", type=float, default=1e-3)
    run(parser.parse_args())


if __name__ == "__main__":
    main()
