"""A package played from Python with onnxruntime: the reference for what the server does, and the judge's hands."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from sora_world.config import FRAMES_PER_CHUNK
from sora_world.flow.schedule import sigmas_for, step_size_for
from sora_world.memory.play import PlayMemory
from sora_world.models.text import Tokenizer


class Package:
    """Sessions and sizes of one model package; latents are float32 numpy arrays."""

    def __init__(self, folder: Path, variant: str = "cpu-fp32", threads: int = 2):
        self.manifest = json.loads((folder / "manifest.json").read_text())
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        files = self.manifest["variants"][variant]
        self.sessions = {
            graph: onnxruntime.InferenceSession(folder / name, options, providers=["CPUExecutionProvider"])
            for graph, name in files.items()
        }
        fusion = (self.manifest.get("memory") or {}).get("fusion")
        if fusion:
            path = folder / fusion
            self.sessions["fusion"] = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        spec = self.manifest["text"]
        words = spec["tokenizer"]
        self.tokenizer = Tokenizer(words["words"], words["hashBuckets"], spec["length"])
        self.actions = [button["name"] for button in self.manifest["actionSpace"]["buttons"]]
        self.actions += [axis["name"] for axis in self.manifest["actionSpace"]["axes"]]

    def encode(self, rgb: np.ndarray, inverse_depth: np.ndarray) -> np.ndarray:
        """uint8 [B,T*F,H,W,3], 1/blocks [B,T*F,H/8,W/8] (for a package whose latents hold depth) -> [B,T,C,h,w]"""
        batch, frames = rgb.shape[:2]
        feeds = {"frames": rgb.reshape(-1, FRAMES_PER_CHUNK, *rgb.shape[2:])}
        if self.manifest["latent"].get("depthChannels"):
            feeds["inverse_depth"] = inverse_depth.reshape(-1, FRAMES_PER_CHUNK, *inverse_depth.shape[2:])
        latents = self.sessions["encoder"].run(None, feeds)[0]
        return latents.reshape(batch, frames // FRAMES_PER_CHUNK, *latents.shape[1:])

    def decode(self, latent: np.ndarray, state: np.ndarray | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """latent [B,C,h,w] -> frames uint8 [B,F,H,W,3], inverse depth [B,F,H/8,W/8], next state"""
        if state is None:
            channels = self.manifest["decoder"]["stateChannels"]
            state = np.zeros((latent.shape[0], channels, *latent.shape[2:]), np.float32)
        return tuple(self.sessions["decoder"].run(None, {"latent": latent, "state": state}))

    def decode_clip(self, latents: np.ndarray) -> np.ndarray:
        """[B,T,C,h,w] -> uint8 [B,T*F,H,W,3]"""
        state, parts = None, []
        for t in range(latents.shape[1]):
            frames, _, state = self.decode(latents[:, t], state)
            parts.append(frames)
        return np.concatenate(parts, 1)

    def read(self, captions: list[str]) -> tuple[np.ndarray, np.ndarray]:
        """text [B,K,D], pooled [B,E]"""
        tokens = np.array([self.tokenizer.encode(caption) for caption in captions], np.int64)
        return tuple(self.sessions["text"].run(None, {"tokens": tokens}))


class Play:
    """B rollouts in step, each with its own ring cache and, where the package has one, its own memory."""

    def __init__(self, package: Package, captions: list[str], height: int, width: int, remembers: bool = True):
        self.package, self.index = package, 0
        self.memory = PlayMemory(len(captions), height, width)
        self.remembers, self.has_memory = remembers, bool(package.manifest.get("memory"))
        self.fuses_depth = remembers and "fusion" in package.sessions
        self.text, self.pooled = package.read(captions)
        spec = package.manifest["denoiser"]
        self.spec, self.batch = spec, len(captions)
        self.tokens = spec["tokensPerChunk"]["fixed"] + height * width
        window = spec["contextChunks"]
        cache = (spec["layers"], self.batch, spec["heads"], window * self.tokens, spec["headDim"])
        self.key, self.value = np.zeros(cache, np.float32), np.zeros(cache, np.float32)
        self.mask = np.zeros((self.batch, 1, window + 1), np.float32)
        self.mask[..., window] = 1
        self.latent_shape = (self.batch, 1, package.manifest["latent"]["channels"], height, width)
        self.previous = np.zeros(self.latent_shape, np.float32)

    def denoise(self, noisy: np.ndarray, sigma: float, step_size: float, actions: np.ndarray) -> list[np.ndarray]:
        """One pass. noisy [B,1,C,h,w]; actions [B,F,A] -> clean, pose, present key and value"""
        full = (self.batch, 1)
        feeds = {
            "noisy": noisy.astype(np.float32),
            "previous": self.previous,
            "sigma": np.full(full, sigma, np.float32),
            "step_size": np.full(full, step_size, np.float32),
            "actions": actions[:, None].astype(np.float32),
            "text": self.text[:, None],
            "pooled": self.pooled[:, None],
            "time": np.full(full, self.index % self.spec["timePeriod"], np.float32),
            "mask": self.mask,
            "past.key": self.key,
            "past.value": self.value,
        }
        if self.has_memory:
            feeds["memory"] = self.seen_before(actions)
        return self.package.sessions["denoiser"].run(None, feeds)

    def seen_before(self, actions: np.ndarray) -> np.ndarray:
        """The memory image [B,1,F*6,8h,8w] under `actions` [B,F,A] of the coming chunk."""
        image = self.memory.image(torch.from_numpy(actions.astype(np.float32)))
        return (image if self.remembers else torch.zeros_like(image))[:, None].numpy()

    def sample(self, actions: np.ndarray, noise: np.ndarray, steps: int) -> np.ndarray:
        """A clean chunk [B,1,C,h,w]; nothing is committed."""
        latent, levels = noise, sigmas_for(steps)
        for sigma, after in zip(levels, levels[1:], strict=False):
            clean = self.denoise(latent, sigma, step_size_for(steps), actions)[0]
            latent = clean + after / sigma * (latent - clean)
        return self.fused(latent, actions) if self.fuses_depth else latent

    def fused(self, latent: np.ndarray, actions: np.ndarray) -> np.ndarray:
        """The same chunk [B,1,C,h,w] with depth that agrees with the memory."""
        feeds = {"latent": latent[:, 0].astype(np.float32), "memory": self.seen_before(actions)[:, 0]}
        return self.package.sessions["fusion"].run(None, feeds)[0][:, None]

    def commit(self, clean: np.ndarray, noise: np.ndarray, actions: np.ndarray) -> np.ndarray:
        """Writes a chunk into the ring; returns the pose the model reads from it [B,F,Q]."""
        level = self.spec["contextNoise"]
        noisy = (1 - level) * clean + level * noise
        _, pose, key, value = self.denoise(noisy, level, 1 / self.spec["steps"]["max"], actions)
        slot = self.index % self.spec["contextChunks"]
        place = slice(slot * self.tokens, (slot + 1) * self.tokens)
        self.key[:, :, :, place], self.value[:, :, :, place] = key, value
        self.mask[..., slot] = 1
        self.previous = clean.astype(np.float32)
        self.index += 1
        if self.has_memory and self.remembers:
            self.remember(clean, pose[:, 0], actions)
        return pose[:, 0]

    def remember(self, clean: np.ndarray, pose: np.ndarray, actions: np.ndarray) -> None:
        """Decodes a committed chunk [B,1,C,h,w] and takes in what it ends with; pose [B,F,Q] as the model reads it."""
        frames, depth, self.memory.state = self.package.decode(clean[:, 0].astype(np.float32), self.memory.state)
        values = (np.array(frames[:, -1]), depth[:, -1], pose, actions.astype(np.float32))
        self.memory.observe(*(torch.from_numpy(value) for value in values))

    def noise(self, rng: np.random.Generator) -> np.ndarray:
        return rng.standard_normal(self.latent_shape, np.float32)


def held(package: Package, batch: int, **values: float) -> np.ndarray:
    """Actions [B,F,A] of one chunk with some held; `camera_yaw=4` is four degrees per frame."""
    actions = np.zeros((batch, FRAMES_PER_CHUNK, len(package.actions)), np.float32)
    for name, value in values.items():
        name = name.replace("camera_", "camera.")
        scale = package.manifest["actionSpace"]["axes"][0]["max"] if name.startswith("camera.") else 1.0
        actions[..., package.actions.index(name)] = value / scale
    return actions
