"""One definition for CPU and GPU: the same seeds must give the same worlds. Runs where there is a GPU."""

import pytest
import torch

from sora_world.world.clips import render_clips

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU on this machine")


@needs_gpu
@pytest.mark.parametrize("scenario", [None, "village", "water", "mine"])
def test_gpu_renders_what_the_cpu_renders(scenario):
    size = dict(count=4, frames=8, height=72, width=128, rng_seed=31, scenario=scenario)
    here, there = render_clips(**size), render_clips(**size, device="cuda")
    same_block = (here.block_id == there.block_id.cpu()).float().mean()
    assert same_block > 0.995
    assert torch.equal(here.actions, there.actions.cpu())
    assert torch.allclose(here.pose, there.pose.cpu(), atol=1e-2)
    apart = (here.rgb.float() - there.rgb.cpu().float()).abs().mean()
    assert apart < 1.0  # of 255
    assert here.captions == there.captions
