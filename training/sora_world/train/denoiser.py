"""Trains the denoiser with its text encoder on a latent bank.

    python -m sora_world.train.denoiser --tier nano --minutes 55 --latents .runs/latents --out .runs/nano-dit

The first half of the time box is pure flow; then a quarter of the rows learns to take longer steps from the averaged
weights. The average is what gets exported.
"""

from __future__ import annotations

import argparse
import copy
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from sora_world.config import MEMORY_CELL, TIERS, Tier
from sora_world.data.latents import LatentBank, LatentBatch, load_autoencoder, make_tokenizer
from sora_world.flow.loss import Conditioning, denoising_loss, shortcut_target
from sora_world.flow.own_context import draw_own_rows, with_own_context
from sora_world.flow.rows import SINGLE, STUDIO, Rows, draw_rows
from sora_world.flow.schedule import add_noise
from sora_world.models.denoiser import Denoiser, known_share, memory_patches
from sora_world.models.text import TextEncoder
from sora_world.train.autoencoder import paths
from sora_world.train.optim import Average, Optimisers, warmup_stable_decay
from sora_world.train.resumable import Resumable
from sora_world.train.session import Log, TimeBox, common_arguments, prepare_device

CAPTION_DROPOUT = 0.1
MEMORY_DROPOUT = 0.2
REFRESH_SECONDS = 15  # between looks for new shards
MOST_GAPS = 0.5  # share of cells
OWN_CONTEXT_FROM = 0.25  # share of the time box before predictions are good enough to be a context
SHORTCUTS_FROM = 0.5  # share of the time box without shortcut rows; not before OWN_CONTEXT_FROM
SHORT_CHUNKS, SHORT_SHARE = 5, 0.75  # most batches hold short cuts of many clips (Dreamer 4, table 2: 102 -> 80 FVD)
KEEP_ADAM = (
    "text.embed", "text.position", "text.queries", "text.pool", "denoiser.enter", "denoiser.leave", "denoiser.level",
    "denoiser.memory_token", "denoiser.recall",
    "denoiser.action", "denoiser.text_token", "denoiser.places", "denoiser.pose", "denoiser.modulation",
    *(f"denoiser.blocks.{i}.table" for i in range(64)),
)  # fmt: skip


class WorldModel(nn.Module):
    """Denoiser and text encoder: what is trained, averaged and saved together."""

    def __init__(self, tier: Tier, vocabulary_size: int):
        super().__init__()
        self.text = TextEncoder(tier.text, vocabulary_size, tier.denoiser.width)
        self.denoiser = Denoiser(tier)

    def read(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """tokens [R,T,P] -> text [R,T,K,D], pooled [R,T,E]; each different caption is encoded once."""
        unique, place = torch.unique(tokens.flatten(0, 1), dim=0, return_inverse=True)
        text, pooled = self.text(unique)
        return text[place].unflatten(0, tokens.shape[:2]), pooled[place].unflatten(0, tokens.shape[:2])


class DenoiserTraining(Resumable):
    """Model, averaged teacher, optimisers and random state: all that a resumed run needs."""

    channel_weights: Tensor | None = None  # [C], of the autoencoder

    def __init__(self, tier: Tier, words: list[str], device: torch.device, muon_lr: float, adam_lr: float):
        self.tier, self.words, self.device = tier, words, device
        self.model = WorldModel(tier, len(words) + tier.text.hash_buckets).to(device)
        self.teacher = copy.deepcopy(self.model).requires_grad_(False)
        self.optimisers = Optimisers(self.model, KEEP_ADAM, muon_lr, adam_lr)
        self.average = Average(self.model, rate=0.998)
        self.steps, self.seconds = 0, 0.0
        self.rng = np.random.default_rng(0)

    def step(
        self,
        batch: LatentBatch,
        progress: float,
        bf16: bool,
        shortcuts_from: float,
        own_context_from: float = OWN_CONTEXT_FROM,
    ) -> dict[str, float]:
        """One optimiser step on one batch of clips."""
        with_shortcuts = progress >= shortcuts_from
        config = self.tier.denoiser
        clean = batch.latents
        rows = draw_rows(clean, config.context_chunks, config.time_period, config.max_steps, with_shortcuts)
        dropped = torch.rand(len(clean), 1, 1, device=clean.device) < CAPTION_DROPOUT
        memory = drop_memory(batch.memory, rows.kind)
        batch = replace(batch, tokens=batch.tokens * ~dropped, memory=memory)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=bf16):
            shown, rows = self.own_context(batch, rows) if progress >= own_context_from else (clean, rows)
            noisy = add_noise(shown, rows.noise, rows.sigma)
            target = self.bootstrap(batch, rows, noisy) if bool(rows.is_shortcut.any()) else None
            given = Conditioning(batch.actions, *self.model.read(batch.tokens), batch.pose, batch.memory)
            total, parts = denoising_loss(
                self.model.denoiser, clean, rows, given, noisy, target, self.channel_weights
            )
        total.backward()
        norm = self.optimisers.step(warmup_stable_decay(self.warm_steps, progress))
        self.steps += 1
        self.average.update(self.model, self.steps)
        errors = by_kind(parts["error"], rows)
        return {"loss": float(total.detach()), "pose": float(parts["pose"]), "norm": norm} | errors

    @torch.no_grad()
    def bootstrap(self, batch: LatentBatch, rows: Rows, noisy: Tensor) -> Tensor:
        """Shortcut targets [R,T,C,h,w] from the averaged weights; only the rows that need them are computed."""
        picked = rows.is_shortcut.any(1).nonzero()[:, 0]
        some = Rows(**{name: value[picked] for name, value in vars(rows).items()})
        target = batch.latents.clone()
        given = self.teacher_conditioning(batch, picked)
        target[picked] = shortcut_target(self.teacher.denoiser, noisy[picked], some, given).clamp(-6, 6)
        return target

    def own_context(self, batch: LatentBatch, rows: Rows) -> tuple[Tensor, Rows]:
        """See flow/own_context.py; also brings the teacher up to date."""
        self.teacher.load_state_dict(self.average.values)
        picked = draw_own_rows(rows)
        if len(picked) == 0:
            return batch.latents, rows
        given = self.teacher_conditioning(batch, picked)
        return with_own_context(self.teacher.denoiser, batch.latents, rows, picked, given)

    @torch.no_grad()
    def teacher_conditioning(self, batch: LatentBatch, picked: Tensor) -> Conditioning:
        """Conditioning of the rows `picked` [n], read by the averaged text encoder."""
        told = (*self.teacher.read(batch.tokens[picked]), batch.pose[picked], batch.memory[picked])
        return Conditioning(batch.actions[picked], *told)

    @torch.no_grad()
    def fit_recall(self, bank: LatentBank, clips: int = 400, ridge: float = 1e-3) -> float:
        """Sets the denoiser's linear map from memory patches to latents by least squares; returns the share explained.

        What a linear map can tell needs no training, and a network that starts with it leans on memory much sooner.
        """
        recall = self.model.denoiser.recall
        size = recall.in_features + 1
        # On a GPU products in fp64: its fp32 ones are rounded to 10 bits, and they run at full speed there.
        kind = torch.float64 if self.device.type == "cuda" else torch.float32
        gram, cross = (
            torch.zeros(size, n, dtype=torch.float64, device=self.device) for n in (size, recall.out_features)
        )
        squares = count = 0.0
        for _ in range(max(1, clips // 8)):
            batch = bank.sample(self.rng, 8)
            patches = memory_patches(batch.memory, batch.latents).flatten(0, 2)
            known = known_share(patches)[:, 0] > 0.9
            inputs = torch.cat([patches[known], torch.ones_like(patches[known][:, :1])], 1).to(kind)
            wanted = batch.latents.flatten(3).transpose(2, 3).flatten(0, 2)[known].to(kind)
            gram += (inputs.T @ inputs).double()
            cross += (inputs.T @ wanted).double()
            squares, count = squares + float(wanted.square().sum()), count + wanted.numel()
        weight = gram.diagonal().mean() * ridge * torch.eye(size, dtype=torch.float64, device=self.device)
        solution = torch.linalg.solve(gram + weight, cross)
        recall.weight.copy_(solution[:-1].T)
        recall.bias.copy_(solution[-1])
        left = squares - float((2 * cross * solution).sum() - (solution * (gram @ solution)).sum())
        self.average = Average(self.model, rate=0.998)
        return 1 - left / squares

    def parts(self) -> dict:
        return super().parts() | {"words": self.words}


def drop_memory(memory: Tensor, kind: Tensor) -> Tensor:
    """Memory images [R,T,F*6,8h,8w] as a row may know them: all, nothing, or with gaps.

    A first view and studio work have none. Some rows of play lose it too, so that the model stays whole without; in
    others whole cells are missing, as where the player has never looked.
    """
    rows, chunks, _, height, width = memory.shape
    forgets = torch.rand(rows, device=memory.device) < MEMORY_DROPOUT
    forgets = forgets | (kind == SINGLE) | (kind == STUDIO)
    share = torch.rand(rows, 1, 1, 1, 1, device=memory.device) * MOST_GAPS
    share = share * (torch.rand_like(share) < 0.5)
    gaps = torch.rand(rows, chunks, 1, height // MEMORY_CELL, width // MEMORY_CELL, device=memory.device) < share
    gaps = gaps.repeat_interleave(MEMORY_CELL, 3).repeat_interleave(MEMORY_CELL, 4)
    return memory * ~(gaps | forgets[:, None, None, None, None])


def compile_blocks(denoiser: Denoiser) -> None:
    """Puts compiled blocks in place; all of a kind share one program, with every size left open."""
    torch._dynamo.config.cache_size_limit = max(64, torch._dynamo.config.cache_size_limit)
    for block in denoiser.blocks:
        block.run = torch.compile(block.run, dynamic=True)


def draw_batch(bank: LatentBank, rng: np.random.Generator, rows: int) -> LatentBatch:
    """`rows` whole clips, or more often short cuts with about as many chunks in all."""
    if rng.random() >= SHORT_SHARE:
        return bank.sample(rng, rows)
    start = int(rng.integers(bank.chunks - SHORT_CHUNKS + 1))
    return bank.sample(rng, rows * bank.chunks // SHORT_CHUNKS, slice(start, start + SHORT_CHUNKS))


def by_kind(error: Tensor, rows: Rows) -> dict[str, float]:
    """Mean squared error of unit-variance latents in the cases that matter; missing ones are left out."""
    far = rows.sigma > 0.75
    known_before = rows.previous.abs().sum((2, 3, 4)) > 0
    plain = ((rows.kind != SINGLE) & (rows.kind != STUDIO))[:, None]
    cases = {
        "next": far & plain & known_before & ~rows.is_shortcut,
        "first": far & (rows.kind == SINGLE)[:, None],
        "near": rows.sigma < 0.25,
        "shortcut": rows.is_shortcut,
    }
    return {name: float(error[case].mean()) for name, case in cases.items() if bool(case.any())}


def run(options: argparse.Namespace) -> None:
    device = prepare_device(options)
    tier = TIERS[options.tier]
    words = make_tokenizer(tier).words
    training = DenoiserTraining(tier, words, device, options.muon_lr, options.adam_lr)
    resumed = bool(options.resume) and (options.resume / "training.pt").exists()
    if resumed:
        training.load(options.resume / "training.pt")
    if options.compile:
        compile_blocks(training.model.denoiser)
        compile_blocks(training.teacher.denoiser)
    autoencoder = load_autoencoder(options.autoencoder, device)[0]
    training.channel_weights = autoencoder.channel_weights().detach()
    bank = LatentBank(options.latents, device)
    log, box = Log(options.out / "log.jsonl"), TimeBox(options.minutes, training.seconds)
    if not resumed:
        log.write(event="recall", explained=training.fit_recall(bank))
    log.write(event="start", step=training.steps, clips=bank.clip_count(), options=vars(options) | paths(options))

    saved_at, logged_at, refreshed_at = (time.monotonic() for _ in range(3))
    sums: dict[str, list[float]] = {}
    while box.progress < 1 and training.steps < options.steps:
        batch = draw_batch(bank, training.rng, options.batch)
        own_from = options.own_context_from if training.steps % options.own_context_every == 0 else 2.0
        report = training.step(batch, box.progress, options.bf16, options.shortcuts_from, own_from)
        training.seconds = box.elapsed
        for name, value in report.items():
            sums.setdefault(name, []).append(value)
        if training.steps % options.log_every == 0:
            now = time.monotonic()
            rate, logged_at = options.log_every / (now - logged_at), now
            means = {name: float(np.mean(values)) for name, values in sums.items()}
            log.write(
                step=training.steps, progress=box.progress, steps_per_second=rate, clips=bank.clip_count(), **means
            )
            sums = {}
        if time.monotonic() - refreshed_at > REFRESH_SECONDS:
            bank.refresh()
            refreshed_at = time.monotonic()
        if time.monotonic() - saved_at > options.save_seconds:
            training.save(options.out / "training.pt")
            saved_at = time.monotonic()
    training.save(options.out / "training.pt")
    log.write(event="finished", steps=training.steps, clips=bank.clip_count())


def main() -> None:
    parser = common_arguments(__doc__)
    parser.add_argument("--latents", type=Path, required=True, help="latent bank; may still be growing")
    parser.add_argument("--autoencoder", type=Path, required=True, help="run folder; its channels' weights")
    parser.add_argument("--muon-lr", type=float, default=0.02)
    parser.add_argument("--adam-lr", type=float, default=1e-3)
    parser.add_argument("--shortcuts-from", type=float, default=SHORTCUTS_FROM)
    parser.add_argument("--own-context-from", type=float, default=OWN_CONTEXT_FROM)
    parser.add_argument(
        "--own-context-every", type=int, default=1, help="steps; one after another on a GPU its rollouts are slow"
    )
    run(parser.parse_args())


if __name__ == "__main__":
    main()
