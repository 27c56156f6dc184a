"""From logits to words and actions; the server does the same (docs/model-package.md, "Readers")."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from sora_world.models.text import Tokenizer
from sora_world.readers.config import BUTTON_COUNT, CAMERA_BINS
from sora_world.readers.models import Captioner, Policy
from sora_world.world.actions import BINDINGS, BUTTONS

IS_PRESS = np.array([BINDINGS[name] == "press" for name in BUTTONS])


@torch.no_grad()
def caption(model: Captioner, latents: Tensor, tokenizer: Tokenizer) -> list[str]:
    """latents [B,T,C,h,w] -> the likeliest word after word, until the end or `length` words."""
    told = torch.zeros(latents.shape[0], 1, dtype=torch.int64)
    for _ in range(tokenizer.length):
        told = torch.cat([told, model(latents, told[:, : tokenizer.length])[:, -1:].argmax(-1)], 1)
    return [said(row.tolist(), tokenizer.words) for row in told[:, 1:]]


def said(tokens: list[int], words: list[str]) -> str:
    """The words before the first 0."""
    end = tokens.index(0) if 0 in tokens else len(tokens)
    return " ".join(words[token] for token in tokens[:end])


@torch.no_grad()
def act(
    model: Policy, latents: Tensor, previous_actions: Tensor, tokens: Tensor, rng: np.random.Generator
) -> np.ndarray:
    """latents [B,T,C,h,w], previous_actions [B,T,F,21], tokens [B,P] -> drawn actions [B,F,21] for the next chunk.

    One uniform number per chunk for every held button and axis: a key stays down, a turn keeps its speed as far as the
    logits of the frames agree. Buttons that are pressed for one frame have a number per frame.
    """
    buttons, camera = model.act(latents, previous_actions, tokens)
    batch, frames = buttons.shape[:2]
    draws = np.repeat(rng.random((batch, 1, BUTTON_COUNT)), frames, 1)
    draws[..., IS_PRESS] = rng.random((batch, frames, int(IS_PRESS.sum())))
    pressed = draws < buttons.double().sigmoid().numpy()
    below = camera.double().softmax(-1).cumsum(-1).numpy()
    bins = (below < rng.random((batch, 1, 2, 1))).sum(-1).clip(max=len(CAMERA_BINS) - 1)
    return np.concatenate([pressed, np.array(CAMERA_BINS)[bins]], -1).astype(np.float32)
