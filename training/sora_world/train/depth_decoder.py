"""Tunes the decoder of depth to what the denoiser really hands it; everything else stays as it is.

    python -m sora_world.train.depth_decoder --tier voxel --minutes 6 --autoencoder .runs/voxel-ae \\
        --latents .runs/voxel-latents/256x144 --predicted .runs/predicted/256x144 --out .runs/voxel-ae-tuned

Generated depth channels are means of what could be there, softer than encoded ones, and a decoder that has only seen
encoded ones takes what they lack for something. How much to believe them, and how much the picture's channels, it can
only learn from pairs: chunks that the denoiser made from true context, and the depth of the true chunk.
"""

from __future__ import annotations

import argparse
import copy
import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from sora_world.config import TIERS
from sora_world.models.autoencoder import Autoencoder
from sora_world.models.depth import DepthDecoder, to_code
from sora_world.train import checkpoint
from sora_world.train.autoencoder import AutoencoderTraining
from sora_world.train.depth import disturbed, relative_error
from sora_world.train.optim import Average, take_step, warmup_stable_decay
from sora_world.train.session import Log, TimeBox, common_arguments, prepare_device

FIRST_CHUNK = 1  # the first of a clip is made from nothing and shows something else
TRUE_SHARE = 0.35  # of the batches: what an encoder was told must still come back
HELD_OUT_SHARDS = 2


class Pairs:
    """Predicted and true latents of the same chunks, raw, and the depth of the true ones."""

    def __init__(self, model: Autoencoder, latents: list[Path], predicted: Path):
        true, made = [], []
        for path in latents:
            for kind, file, name in ((true, path, "latents"), (made, predicted / path.name, "predicted")):
                kind.append(torch.load(file, weights_only=True)[name][:, FIRST_CHUNK:].flatten(0, 1))
        self.true, self.made = (as_raw(model, torch.cat(values).float()) for values in (true, made))
        teacher = copy.deepcopy(model.decoder.depth).eval()
        with torch.no_grad():
            self.inverse_depth = torch.cat([teacher(part) for part in self.true.split(256)]).clamp(min=0)

    def __len__(self) -> int:
        return len(self.true)


def as_raw(model: Autoencoder, latents: Tensor) -> Tensor:
    return latents * model.deviation[:, None, None] + model.mean[:, None, None]


@torch.no_grad()
def measure(decoder: DepthDecoder, pairs: Pairs) -> dict[str, float]:
    """Median relative errors on true and on predicted latents; the truth is what was decoded before tuning."""
    found = {name: decoder(latents) for name, latents in (("true", pairs.true), ("predicted", pairs.made))}
    return {name: float(relative_error(made, pairs.inverse_depth).median()) for name, made in found.items()}


def step(decoder: DepthDecoder, pairs: Pairs, rng: np.random.Generator, batch: int) -> Tensor:
    """The loss of one batch: half of its rows noisy."""
    rows = torch.from_numpy(rng.integers(len(pairs), size=batch))
    latents = pairs.true if rng.random() < TRUE_SHARE else pairs.made
    made = decoder(disturbed(latents[rows]))
    return (to_code(made) - to_code(pairs.inverse_depth[rows])).abs().mean()


def run(options: argparse.Namespace) -> None:
    device = prepare_device(options)
    training = AutoencoderTraining(TIERS[options.tier], device, options.adam_lr)
    saved = checkpoint.load(options.autoencoder / "training.pt")
    published = checkpoint.load(options.autoencoder / "autoencoder.pt")["model"]
    checkpoint.load_weights(training.model, published)
    training.steps, training.seconds = saved["steps"], saved["seconds"]
    decoder, log = training.model.decoder.depth, Log(options.out / "log.jsonl")
    files = sorted(path for path in options.latents.glob("*.pt") if (options.predicted / path.name).exists())
    if len(files) <= HELD_OUT_SHARDS:
        raise ValueError(f"{options.predicted} needs more than {HELD_OUT_SHARDS} shards of {options.latents}")
    held_out, pairs = (
        Pairs(training.model, some, options.predicted) for some in (files[:HELD_OUT_SHARDS], files[HELD_OUT_SHARDS:])
    )
    log.write(event="before", chunks=len(pairs), **measure(decoder, held_out))
    optimiser = torch.optim.AdamW(decoder.parameters(), lr=options.adam_lr, weight_decay=0.01, betas=(0.9, 0.98))
    average, box, rng = Average(decoder, rate=0.998), TimeBox(options.minutes), np.random.default_rng(options.rng_seed)
    steps, sums = 0, []
    while box.progress < 1 and steps < options.steps:
        loss = step(decoder, pairs, rng, options.batch)
        loss.backward()
        take_step(optimiser, options.adam_lr * warmup_stable_decay(steps, box.progress))
        steps += 1
        average.update(decoder, steps)
        sums.append(float(loss.detach()))
        if steps % options.log_every == 0:
            log.write(step=steps, progress=box.progress, depth=float(np.mean(sums)), **measure(decoder, held_out))
            sums = []
    decoder.load_state_dict(average.values)
    log.write(event="held out", steps=steps, **measure(decoder, held_out))
    training.average = Average(training.model)
    training.save(options.out / "training.pt")
    model = training.model.state_dict()
    checkpoint.save(options.out / "autoencoder.pt", training.tier, model=model, steps=training.steps)
    print(json.dumps({"written": str(options.out / "autoencoder.pt")}))


def main() -> None:
    parser = common_arguments(__doc__)
    parser.add_argument("--autoencoder", type=Path, required=True, help="run folder to go on from")
    parser.add_argument("--latents", type=Path, required=True, help="one size's folder of a latent bank")
    parser.add_argument("--predicted", type=Path, required=True, help="of the same shards, by data.predicted")
    parser.add_argument("--adam-lr", type=float, default=1e-3)
    run(parser.parse_args())


if __name__ == "__main__":
    main()
