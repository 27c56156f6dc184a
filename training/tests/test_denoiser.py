from __future__ import annotations

import torch

from sora_world.config import TINY
from sora_world.export.graphs import denoiser_inputs
from sora_world.flow.rollout import Rollout, uncached_chunk

HEIGHT, WIDTH = 3, 4


def conditioning(chunks: int) -> dict[str, torch.Tensor]:
    inputs = denoiser_inputs(TINY, 1, chunks, HEIGHT, WIDTH, 0)
    return {name: inputs[name] for name in ("actions", "text", "pooled")}


def test_cached_rollout_equals_recomputing_everything(tiny_denoiser):
    """Longer than the window (3), so that old chunks fall out of the ring."""
    torch.manual_seed(1)
    chunks, steps = 7, 2
    given = conditioning(chunks)
    noise = torch.randn(chunks, 1, 1, TINY.autoencoder.latent_channels, HEIGHT, WIDTH)
    commit_noise = torch.randn_like(noise)
    rollout = Rollout(tiny_denoiser, 1, HEIGHT, WIDTH)
    committed = noise[0][:, :0]
    for t in range(chunks):
        now = {name: value[:, t : t + 1] for name, value in given.items()}
        clean = rollout.next_chunk(**now, noise=noise[t], commit_noise=commit_noise[t], steps=steps)
        so_far = {name: value[:, : t + 1] for name, value in given.items()}
        past_noise = commit_noise[:t, 0].transpose(0, 1) if t else committed
        again = uncached_chunk(tiny_denoiser, committed, past_noise, **so_far, noise=noise[t], steps=steps)
        assert torch.allclose(clean, again, atol=1e-4)
        committed = torch.cat([committed, clean], 1)


def test_time_wraps_exactly(tiny_denoiser):
    """A whole period later the rotation is the same, so cached keys and indices modulo the period stay valid."""
    period = TINY.denoiser.time_period
    time = torch.tensor([[0.0, 5.0]])
    now, later = tiny_denoiser.rotation(HEIGHT, WIDTH, time), tiny_denoiser.rotation(HEIGHT, WIDTH, time + period)
    for a, b in zip(now, later, strict=True):
        assert torch.allclose(a, b, atol=1e-5)


def test_output_depends_on_time_differences_only(tiny_denoiser):
    inputs = denoiser_inputs(TINY, 1, 3, HEIGHT, WIDTH, 0)
    values = list(inputs.values())[:9]
    with torch.no_grad():
        first = tiny_denoiser(*values)[0]
        values[7] = (values[7] + 14) % TINY.denoiser.time_period  # 14, 15, 0: across the wrap
        second = tiny_denoiser(*values)[0]
    assert torch.allclose(first, second, atol=1e-4)


def test_masked_chunks_have_no_influence(tiny_denoiser):
    inputs = denoiser_inputs(TINY, 1, 3, HEIGHT, WIDTH, 0)
    inputs["mask"] = torch.eye(3)[None]
    values = list(inputs.values())[:9]
    with torch.no_grad():
        together = tiny_denoiser(*values)[0][:, 1]
        alone = [value[:, 1:2] for value in values[:8]]
        separate = tiny_denoiser(*alone, torch.ones(1, 1, 1))[0][:, 0]
    assert torch.allclose(together, separate, atol=1e-5)


def test_every_input_matters(tiny_denoiser):
    inputs = denoiser_inputs(TINY, 1, 2, HEIGHT, WIDTH, 2)
    with torch.no_grad():
        before = tiny_denoiser(*inputs.values())[0]
        special = {
            "mask": torch.cat([torch.zeros(1, 2, 2), torch.ones(1, 2, 2)], 2),
            "time": torch.tensor([[3.0, 9.0]]),
        }
        for name in inputs:
            changed = inputs | {name: special.get(name, inputs[name] * 0.5)}
            difference = (tiny_denoiser(*changed.values())[0] - before).abs().max()
            assert difference > 1e-6, name
