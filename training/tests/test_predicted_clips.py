from __future__ import annotations

import torch

from sora_world.config import MEMORY_CELL, MEMORY_CHANNELS, TINY
from sora_world.data.latents import unpack_memory
from sora_world.data.predicted import predict_clips
from sora_world.flow.rollout import Rollout
from sora_world.train.denoiser import WorldModel


def test_one_pass_over_two_copies_equals_continuing_the_truth(monkeypatch):
    """Chunk by chunk: commit the true chunks, then sample; noise is zero on both sides."""
    torch.manual_seed(0)
    world = WorldModel(TINY, 20).eval()
    for param in world.parameters():
        if not param.any():
            torch.nn.init.normal_(param, std=0.1)
    chunks = 6
    clips = {
        "latents": torch.randn(1, chunks, TINY.autoencoder.latent_channels, 3, 4),
        "actions": torch.rand(1, chunks, 4, 21),
        "tokens": torch.randint(0, 20, (1, 1, TINY.text.length)).expand(-1, chunks, -1),
        "memory": torch.randint(0, 255, (1, chunks, MEMORY_CHANNELS, 3 * MEMORY_CELL, 4 * MEMORY_CELL)).byte(),
    }
    memories = unpack_memory(clips["memory"])
    text, pooled = world.read(clips["tokens"][:, :1])
    monkeypatch.setattr(torch, "randn_like", torch.zeros_like)
    made = predict_clips(world, clips, steps=2)

    rollout = Rollout(world.denoiser, 1, 3, 4)
    nothing = torch.zeros_like(clips["latents"][:, :1])
    for t in range(chunks):
        actions = clips["actions"][:, t : t + 1]
        mask, previous, index = rollout.mask.clone(), rollout.previous, rollout.index
        key, value = rollout.key.clone(), rollout.value.clone()
        memory = memories[:, t : t + 1]
        expected = rollout.next_chunk(actions, text, pooled, nothing, nothing, steps=2, memory=memory)
        assert torch.allclose(made[:, t : t + 1], expected, atol=1e-4)
        rollout.mask, rollout.previous, rollout.index, rollout.key, rollout.value = mask, previous, index, key, value
        rollout.commit(clips["latents"][:, t : t + 1], nothing, actions, text, pooled, memory)
