"""Where a key counts as pressed.

Rare keys are seldom more likely than not, even where they are pressed, so a judge that named a key from one half on
would hardly ever name them. The logits are moved until 0 is where F1 is best, on clips that it did not learn from.
"""

from __future__ import annotations

import numpy as np
import torch

from sora_world.judges.config import KEYS
from sora_world.judges.data import JudgeBank
from sora_world.judges.measure import dynamics_batches
from sora_world.judges.models import DynamicsJudge


def best_cut(logits: np.ndarray, pressed: np.ndarray) -> float:
    """The logit [N] above which `pressed` bool [N] is found with the best F1; 0 where nothing is ever pressed."""
    if not pressed.any():
        return 0.0
    order = np.argsort(-logits, kind="stable")
    ranked, hits = logits[order], pressed[order].cumsum()
    f1 = 2 * hits / (np.arange(1, len(hits) + 1) + pressed.sum())
    best = int(f1.argmax())
    after = ranked[best + 1] if best + 1 < len(ranked) else ranked[best] - 1
    return float((ranked[best] + after) / 2)


@torch.inference_mode()
def calibrate(judge: DynamicsJudge, bank: JudgeBank) -> dict[str, float]:
    """Moves the judge's key logits in place; returns by how much each."""
    logits, pressed = [], []
    for batch, _ in dynamics_batches(bank):
        logits.append(judge(batch.frames)["keys"].reshape(-1, len(KEYS)).numpy())
        pressed.append(batch.keys.reshape(-1, len(KEYS)).numpy() > 0)
    read, true = np.concatenate(logits), np.concatenate(pressed)
    cuts = [best_cut(read[:, place], true[:, place]) for place in range(len(KEYS))]
    judge.keys.bias -= torch.tensor(cuts)
    return dict(zip(KEYS, (round(-cut, 3) for cut in cuts), strict=True))
