from __future__ import annotations

import torch

from sora_world.config import TINY
from sora_world.data.batches import FrameBatch
from sora_world.models.autoencoder import Autoencoder
from sora_world.train.critic import KNOWS_ENOUGH, AdversarialLoss, Critic, anchor_loss, pairs_of
from sora_world.train.reconstruction import LatentShaping


def batch_of(is_paired: bool, clips: int = 2, chunks: int = 2) -> FrameBatch:
    frames = (clips, chunks * 4)
    stripes = torch.arange(64).remainder(4).mul(60).byte()
    rgb = stripes[None, None, None, :, None].expand(*frames, 48, 64, 3).contiguous()
    depth, ids = torch.rand(*frames, 6, 8), torch.zeros(*frames, 6, 8, dtype=torch.int64)
    return FrameBatch(rgb, depth, ids, torch.randn(clips, chunks, TINY.autoencoder.latent_channels, 3, 4), is_paired)


def test_pairs_are_neighbours_in_time():
    frames = torch.arange(6.0)[None, :, None, None, None].expand(1, 6, 3, 4, 4)
    pairs = pairs_of(frames)
    assert torch.equal(pairs[:, 3] - pairs[:, 0], torch.ones_like(pairs[:, 0]))
    assert pairs.shape[1:] == (6, 4, 4)


def test_critic_learns_to_tell_stripes_from_grey():
    torch.manual_seed(0)
    judge = AdversarialLoss(Autoencoder(TINY.autoencoder), bf16=False, ratio=0.0, adam_lr=2e-3)
    striped = torch.arange(16).remainder(4).div(1.5).sub(1).expand(2, 4, 3, 16, 16)
    found = [judge.learn(striped, torch.zeros_like(striped)) for _ in range(40)]
    assert found[-1] < 0.5 * found[0]


def test_pull_is_as_strong_as_asked_and_leaves_the_critic_alone():
    torch.manual_seed(0)
    model = Autoencoder(TINY.autoencoder)
    loss = AdversarialLoss(model, bf16=False, ratio=0.5)
    frames = torch.rand(1, 2, 4, 3, 48, 64, requires_grad=True)
    base = frames.square().mean()
    # A critic that cannot tell pulls at nothing, one that is half way pulls half.
    for lead, share in ((-0.1, 0.0), (KNOWS_ENOUGH / 2, 0.25), (KNOWS_ENOUGH, 0.5), (1.5, 0.5)):
        loss.lead = lead
        term = loss.pull(base, torch.rand(1, 8, 3, 48, 64), frames, True, {})
        push, tug = (torch.autograd.grad(x, frames, retain_graph=True)[0].norm() for x in (base, term))
        assert torch.isclose(tug, share * push, rtol=1e-3)
    total, report = loss(model, batch_of(is_paired=True), LatentShaping(0.05, 0, 0), False)
    total.backward()
    assert {"psnr", "critic", "fooled"} <= set(report)
    assert any(param.grad is not None and param.grad.any() for param in model.decoder.parameters())


def test_latents_without_a_true_picture_keep_their_coarse_colours():
    torch.manual_seed(0)
    model, batch = Autoencoder(TINY.autoencoder), batch_of(is_paired=False)
    raw = batch.latents
    frames = model.decode_clip(raw)["frames"].flatten(1, 2)
    assert anchor_loss(model, raw, frames) < 1e-6
    assert torch.isclose(anchor_loss(model, raw, frames + 0.25), torch.tensor(0.25))
    _, report = AdversarialLoss(model, bf16=False, ratio=0.5)(model, batch, LatentShaping(0.05, 0, 0), False)
    assert "psnr" not in report and report["anchor"] < 0.05


def test_scores_cover_the_picture():
    assert Critic()(torch.zeros(3, 6, 32, 48))[0].shape == (3, 1, 8, 12)
