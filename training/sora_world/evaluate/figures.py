"""The numbers of a model card, all from worlds that training never saw."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from sora_world.config import FRAMES_PER_CHUNK
from sora_world.evaluate.runtime import Package, Play, held

FAST_TURN = 5.0  # degrees per frame
STEPS = (1, 2, 4)


@dataclass
class HeldOut:
    """rgb uint8 [B,T*F,H,W,3]; actions [B,T,F,A]; motion [B,T,F,6]; captions [B][T]; latents [B,T,C,h,w]"""

    rgb: np.ndarray
    actions: np.ndarray
    motion: np.ndarray
    captions: list[list[str]]
    latents: np.ndarray


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    """dB between uint8 pictures."""
    error = np.mean((a.astype(np.float32) - b.astype(np.float32)) ** 2)
    return float(10 * np.log10(255**2 / (error + 1e-6)))


def mean_psnr(a: np.ndarray, b: np.ndarray) -> float:
    """Mean over frames of [.., H, W, 3]; a mean of errors would let a few bright clips decide."""
    pairs = zip(a.reshape(-1, *a.shape[-3:]), b.reshape(-1, *b.shape[-3:]), strict=True)
    return float(np.mean([psnr(x, y) for x, y in pairs]))


def reconstruction(package: Package, clips: HeldOut) -> dict[str, float]:
    """Through the autoencoder and back, all frames and those of fast turns."""
    decoded = package.decode_clip(clips.latents)
    yaw = np.abs(clips.motion[..., 3]).reshape(decoded.shape[0], -1)
    fast = yaw >= FAST_TURN
    figures = {"reconstructionPsnr": mean_psnr(decoded, clips.rgb)}
    if fast.any():
        figures["reconstructionPsnrFastTurns"] = mean_psnr(decoded[fast], clips.rgb[fast])
    return figures


def warm_play(
    package: Package, clips: HeldOut, chunk: int, rng: np.random.Generator, remembers: bool = True
) -> Play:
    """A rollout whose context are the true chunks before `chunk`."""
    play = Play(package, [clip[chunk] for clip in clips.captions], *clips.latents.shape[-2:], remembers)
    for t in range(chunk):
        play.commit(clips.latents[:, t : t + 1], play.noise(rng), clips.actions[:, t])
    return play


def next_chunk(package: Package, clips: HeldOut, chunk: int) -> dict[str, float]:
    """One chunk ahead from true context: against the truth, the reconstruction, and two lazy guesses."""
    rng = np.random.default_rng(5)
    play = warm_play(package, clips, chunk, rng)
    noise = play.noise(rng)
    truth = clips.latents[:, chunk : chunk + 1]
    frames = slice(chunk * FRAMES_PER_CHUNK, (chunk + 1) * FRAMES_PER_CHUNK)
    before = package.decode(clips.latents[:, chunk - 1], None)[2]
    figures = {
        "nextChunkPsnrCeiling": mean_psnr(package.decode(truth[:, 0], before)[0], clips.rgb[:, frames]),
        "nextChunkPsnrRepeatLastFrame": mean_psnr(
            np.repeat(clips.rgb[:, frames.start - 1 : frames.start], FRAMES_PER_CHUNK, 1), clips.rgb[:, frames]
        ),
        "nextChunkErrorRepeatLatent": float(np.mean((clips.latents[:, chunk - 1 : chunk] - truth) ** 2)),
    }
    for steps in STEPS:
        clean = play.sample(clips.actions[:, chunk], noise, steps)
        pictures = package.decode(clean[:, 0], before)[0]
        figures[f"nextChunkPsnr{steps}Steps"] = mean_psnr(pictures, clips.rgb[:, frames])
        figures[f"nextChunkError{steps}Steps"] = float(np.mean((clean - truth) ** 2))
    return figures | action_use(play, clips, chunk, noise, truth)


def without_memory(package: Package, clips: HeldOut, chunk: int, steps: int = 2) -> dict[str, float]:
    """The same chunk ahead by the same model, with nothing remembered but the context window."""
    if not package.manifest.get("memory"):
        return {}
    rng = np.random.default_rng(5)
    play = warm_play(package, clips, chunk, rng, remembers=False)
    clean = play.sample(clips.actions[:, chunk], play.noise(rng), steps)
    before = package.decode(clips.latents[:, chunk - 1], None)[2]
    frames = slice(chunk * FRAMES_PER_CHUNK, (chunk + 1) * FRAMES_PER_CHUNK)
    return {"nextChunkPsnr2StepsNoMemory": mean_psnr(package.decode(clean[:, 0], before)[0], clips.rgb[:, frames])}


def action_use(play: Play, clips: HeldOut, chunk: int, noise: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """How much worse the first prediction gets with another clip's actions; 1 means actions are ignored."""
    actions = clips.actions[:, chunk]
    right = play.denoise(noise, 1.0, 0.5, actions)[0]
    wrong = play.denoise(noise, 1.0, 0.5, np.roll(actions, 1, 0))[0]
    ratio = np.mean((wrong - truth) ** 2) / np.mean((right - truth) ** 2)
    return {"actionShuffleRatio": float(ratio)}


def pose_reading(package: Package, clips: HeldOut) -> dict[str, float]:
    """Mean absolute error of the pose head on committed true chunks."""
    rng = np.random.default_rng(6)
    play = Play(package, [clip[0] for clip in clips.captions], *clips.latents.shape[-2:])
    errors = []
    for t in range(clips.latents.shape[1]):
        pose = play.commit(clips.latents[:, t : t + 1], play.noise(rng), clips.actions[:, t])
        errors.append(np.abs(pose[..., :5] - clips.motion[:, t, :, :5]))
    error = np.mean(errors, axis=(0, 1, 2))
    return {
        "poseForwardErrorBlocks": float(error[2]),
        "poseYawErrorDegrees": float(error[3]),
        "posePitchErrorDegrees": float(error[4]),
    }


def drift(package: Package, clips: HeldOut, chunks: int = 60, steps: int = 2) -> dict[str, float]:
    """Standing still for `chunks` chunks after a true start: colours and detail must not wander off."""
    rng = np.random.default_rng(7)
    play = warm_play(package, clips, 4, rng)
    idle, state = held(package, play.batch), None
    contrast, change = [], []
    first = None
    for _ in range(chunks):
        clean = play.sample(idle, play.noise(rng), steps)
        play.commit(clean, play.noise(rng), idle)
        frames, _, state = package.decode(clean[:, 0], state)
        last = frames[:, -1].astype(np.float32)
        first = last if first is None else first
        contrast.append(np.abs(np.diff(last, axis=2)).mean())
        change.append(np.abs(last.mean((1, 2)) - first.mean((1, 2))).mean())
    return {
        "idleColourDrift": float(change[-1]),
        "idleDetailKept": float(np.mean(contrast[-5:]) / np.mean(contrast[:5])),
    }


def speed(package: Package, repeats: int = 30) -> dict[str, float]:
    """Median milliseconds for one room at the default size."""
    size = package.manifest["sizes"][0]
    play = Play(package, ["a forest"], size["latentHeight"], size["latentWidth"])
    actions, noise = held(package, 1), play.noise(np.random.default_rng(0))
    play.mask[:] = 1
    calls = {
        "denoiserMs": lambda: play.denoise(noise, 1.0, 0.5, actions),
        "decoderMs": lambda: package.decode(noise[:, 0], None),
    }
    return {name: median_ms(call, repeats) for name, call in calls.items()}


def median_ms(call, repeats: int) -> float:
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return float(np.median(times) * 1000)
