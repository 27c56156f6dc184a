"""The diffusion transformer: noisy latent chunks to clean ones.

A chunk is N tokens: F actions, K text tokens, registers, then one token per latent cell. Most blocks attend inside
their chunk; the few temporal blocks attend over all chunks a mask allows, cached ones first. The same forward pass is
play (one chunk, past in the cache), training (many chunks, no cache) and studio work (many chunks, any mask).

Conditioning that is the same for all tokens of a chunk (sigma, step size, actions, pooled caption) modulates every
block (adaLN-single, arXiv 2310.00426 section 2.3). Actions and caption also stand in the sequence.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sora_world.config import (
    ACTION_WIDTH,
    KNOWN,
    MEMORY_CELL,
    MEMORY_CHANNELS,
    POSE_FIELDS,
    VERTICAL_FOV_DEGREES,
    VIEW_CHANNELS,
    Tier,
)
from sora_world.models import rotary
from sora_world.models.norm import RMSNorm

# Added to attention scores, which normalised queries and keys keep within about 20. Not -inf, a fully masked row must
# not become NaN; not far below either: exp would give denormals, which make a softmax 15 times as slow on a CPU.
FORBIDDEN = -50.0


class Attention(nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads, self.head_width = heads, width // heads
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.join = nn.Linear(width, width, bias=False)
        self.norm_query, self.norm_key = RMSNorm(self.head_width), RMSNorm(self.head_width)
        nn.init.zeros_(self.join.weight)

    def project(self, x: Tensor, cosine: Tensor, sine: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """x [G,M,d] -> query, key, value [G,heads,M,head_width]; cosine, sine [G,1,M,head_width/2]."""
        qkv = self.qkv(x).unflatten(-1, (3 * self.heads, self.head_width)).transpose(1, 2)
        query, key, value = qkv.split([self.heads] * 3, 1)
        query = rotary.rotate(self.norm_query(query), cosine, sine)
        return query, rotary.rotate(self.norm_key(key), cosine, sine), value

    def mix(self, query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None = None) -> Tensor:
        """[G,heads,M,head_width] each -> [G,M,d]"""
        if query.is_cuda:
            mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        else:
            mixed = plain_attention(query, key, value, bias)
        return self.join(mixed.transpose(1, 2).flatten(2))


class Block(nn.Module):
    def __init__(self, width: int, heads: int, hidden: int):
        super().__init__()
        self.norm_attention = RMSNorm(width, has_weight=False)
        self.norm_hidden = RMSNorm(width, has_weight=False)
        self.attention = Attention(width, heads)
        self.grow = nn.Linear(width, 2 * hidden, bias=False)  # gate and value of SwiGLU in one product
        self.shrink = nn.Linear(hidden, width, bias=False)
        # Scale, shift and gate of both halves; added to what all blocks share. Gates start open: the output
        # projections are zero, so a fresh block still does nothing.
        self.table = nn.Parameter(torch.tensor([0.0, 0.0, 1.0, 0.0, 0.0, 1.0])[:, None].repeat(1, width))
        nn.init.zeros_(self.shrink.weight)

    def run(
        self,
        x: Tensor,
        shared: Tensor,
        cosine: Tensor,
        sine: Tensor,
        bias: Tensor | None = None,
        past: tuple[Tensor, Tensor] | None = None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """One block; attention stays inside the chunk without `bias`, else goes over all chunks and the cache `past`.

        A method, not `forward`: a trainer may put a compiled one in its place, and exported graphs keep their names.

        x [B,T,N,d]; shared [B,T,6,d]; cosine, sine [B,T,N,head_width/2]; bias [B,1,T*N,W*N+T*N];
        past: key, value [B,heads,W*N,head_width] -> x, and this block's own key and value
        """
        modulation = (shared + self.table.to(x.dtype))[:, :, :, None]  # [B,T,6,1,d]
        scale, shift, gate, scale_hidden, shift_hidden, gate_hidden = modulation.unbind(2)
        inside = self.norm_attention(x) * (1 + scale) + shift
        first = 0 if bias is None else 1  # of the two axes that become one sequence
        turns = (part.flatten(first, first + 1)[:, None] for part in (cosine, sine))
        query, key, value = self.attention.project(inside.flatten(first, first + 1), *turns)
        keys, values = (key, value) if past is None else (torch.cat([past[0], key], 2), torch.cat([past[1], value], 2))
        mixed = self.attention.mix(query, keys, values, bias)
        x = x + gate * mixed.reshape(x.shape)
        x = x + gate_hidden * self.feed_forward(self.norm_hidden(x) * (1 + scale_hidden) + shift_hidden)
        return x, key, value

    def feed_forward(self, x: Tensor) -> Tensor:
        gate, value = self.grow(x).split([self.shrink.in_features] * 2, -1)
        return self.shrink(F.silu(gate) * value)


class Denoiser(nn.Module):
    def __init__(self, tier: Tier):
        super().__init__()
        config, channels = tier.denoiser, tier.autoencoder.latent_channels
        width = config.width
        self.tier, self.config = tier, config
        self.enter = nn.Linear(3 * channels + 10, width)
        patch = MEMORY_CHANNELS * MEMORY_CELL * MEMORY_CELL
        self.memory_token = nn.Linear(patch, width, bias=False)
        self.recall = nn.Linear(patch, channels)  # a memory patch as a latent, as far as a linear map goes
        self.blocks = nn.ModuleList(Block(width, config.heads, config.hidden) for _ in range(config.blocks))
        self.modulation = nn.Linear(width, 6 * width)
        self.norm = RMSNorm(width, has_weight=False)
        self.leave_modulation = nn.Linear(width, 2 * width + 3 * channels)
        self.leave = nn.Linear(width, channels)

        self.level = nn.Sequential(nn.Linear(80, width), nn.SiLU(), nn.Linear(width, width))
        self.action = nn.Sequential(
            nn.Linear(tier.frames_per_chunk * ACTION_WIDTH, 2 * width), nn.SiLU(), nn.Linear(2 * width, width)
        )
        self.action_token = nn.Linear(ACTION_WIDTH, width)
        self.text_token = nn.Linear(tier.text.width, width)
        self.places = nn.Parameter(torch.randn(tier.fixed_tokens, width) * 0.2)  # what a fixed token is, by its place
        self.pose = nn.Linear(2 * width, len(POSE_FIELDS))
        for zero in (self.modulation, self.leave_modulation, self.leave, self.pose):
            nn.init.zeros_(zero.weight)
            nn.init.zeros_(zero.bias)
        nn.init.zeros_(self.memory_token.weight)

        pairs_time, pairs_space, _ = rotary.pair_split(config.head_width)
        time_frequencies = rotary.time_frequencies(pairs_time, config.time_period)
        self.register_buffer("time_frequencies", time_frequencies, persistent=False)
        self.register_buffer("space_frequencies", rotary.spatial_frequencies(pairs_space), persistent=False)

    def forward(
        self,
        noisy: Tensor,
        previous: Tensor,
        sigma: Tensor,
        step_size: Tensor,
        actions: Tensor,
        text: Tensor,
        pooled: Tensor,
        time: Tensor,
        mask: Tensor,
        past_key: Tensor | None = None,
        past_value: Tensor | None = None,
        memory: Tensor | None = None,
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Shapes and meanings are those of the `denoiser` graph in docs/model-package.md.

        noisy, previous [B,T,C,h,w]; sigma, step_size, time [B,T]; actions [B,T,F,A]; text [B,T,K,D]; pooled [B,T,E];
        mask [B,T,W+T]; past_* [L,B,heads,W*N,head_width], None for W = 0; memory [B,T,F*6,8h,8w] or None
        -> clean [B,T,C,h,w], pose [B,T,F,Q], present_key and present_value [L,B,heads,T*N,head_width]
        """
        batch, chunks, _, height, width = noisy.shape
        patches = memory_patches(memory, noisy)  # [B,T,h*w,F*6*8*8]
        recalled = self.recalled(patches)  # [B,T,h*w,C]
        x = self.tokens(noisy, previous, actions, text, patches, recalled)  # [B,T,N,d]
        count = x.shape[2]
        condition = self.condition(sigma, step_size, actions, pooled)  # [B,T,d]
        shared = self.modulation(condition).unflatten(-1, (6, -1))
        cosine, sine = self.rotation(height, width, time)  # [B,T,N,head_width/2]
        bias = chunk_bias(mask, count)
        kind = activation_type(x)
        x, shared, cosine, sine = x.to(kind), shared.to(kind), cosine.to(kind), sine.to(kind)
        present_key, present_value = [], []
        for index, block in enumerate(self.blocks):
            if index in self.config.temporal_blocks:
                past = None if past_key is None else (past_key[len(present_key)], past_value[len(present_key)])
                x, key, value = block.run(x, shared, cosine, sine, bias, past)
                present_key.append(key)
                present_value.append(value)
            else:
                x = block.run(x, shared, cosine, sine)[0]
        clean = self.picture(x, noisy, previous, recalled, condition)
        return clean, self.movement(x), torch.stack(present_key), torch.stack(present_value)

    def recalled(self, patches: Tensor) -> Tensor:
        """Latents [B,T,h*w,C] of memory patches [B,T,h*w,P]; zeros where a patch holds nothing."""
        return self.recall(patches) * known_share(patches)

    def tokens(
        self, noisy: Tensor, previous: Tensor, actions: Tensor, text: Tensor, patches: Tensor, recalled: Tensor
    ) -> Tensor:
        """[B,T,N,d]: actions, text, registers, cells."""
        batch, chunks, _, height, width = noisy.shape
        rays = ray_features(height, width, noisy)
        rays = rays.expand(batch, chunks, -1, -1)
        cells = torch.cat([noisy, previous], 2).flatten(3).transpose(2, 3)
        registers = noisy.new_zeros(1, 1, self.config.registers, self.config.width).expand(batch, chunks, -1, -1)
        fixed = torch.cat([self.action_token(actions), self.text_token(text), registers], 2) + self.places
        seen = self.enter(torch.cat([cells, rays, recalled.to(cells.dtype)], -1)) + self.memory_token(patches)
        return torch.cat([fixed, seen], 2)

    def condition(self, sigma: Tensor, step_size: Tensor, actions: Tensor, pooled: Tensor) -> Tensor:
        """[B,T,d]: what every token of a chunk is told."""
        level = self.level(torch.cat([fourier(sigma, 20), fourier(torch.log2(step_size) / -8.0, 20)], -1))
        return F.silu(level + self.action(actions.flatten(2)) + pooled)

    def rotation(self, height: int, width: int, time: Tensor) -> tuple[Tensor, Tensor]:
        """Cosine and sine [B,T,N,head_width/2]."""
        rows = torch.arange(height, device=time.device, dtype=torch.float32)
        columns = torch.arange(width, device=time.device, dtype=torch.float32)
        cells = rotary.grid_angles(rows, columns, self.space_frequencies)
        space = torch.cat([cells.new_zeros(self.tier.fixed_tokens, cells.shape[1]), cells])  # [N,2*pairs]
        turn = (time[..., None] * self.time_frequencies)[:, :, None]
        angles = torch.cat(
            [
                turn.expand(-1, -1, space.shape[0], -1),
                space.expand(time.shape[0], time.shape[1], -1, -1),
            ],
            -1,
        )
        return angles.cos(), angles.sin()

    def picture(self, x: Tensor, noisy: Tensor, previous: Tensor, recalled: Tensor, condition: Tensor) -> Tensor:
        """Clean latents [B,T,C,h,w] from the cells' tokens, plus gated copies of what came in.

        The gates depend on sigma and start at zero. They spare a small network the work of carrying 2C channels
        through its width just to repeat them.
        """
        channels, height, width = noisy.shape[2:]
        d = self.config.width
        parts = self.leave_modulation(condition).split([d, d, channels, channels, channels], -1)
        scale, shift, keep_noisy, keep_previous, keep_recalled = parts
        cells = self.norm(x[:, :, self.tier.fixed_tokens :]) * (1 + scale[:, :, None]) + shift[:, :, None]
        out = self.leave(cells) + keep_recalled[:, :, None] * recalled
        out = out.transpose(2, 3).unflatten(3, (height, width))
        return out + keep_noisy[..., None, None] * noisy + keep_previous[..., None, None] * previous

    def movement(self, x: Tensor) -> Tensor:
        """Pose [B,T,F,Q] from each frame's action token and the mean of the registers."""
        frames = self.tier.frames_per_chunk
        per_frame = self.norm(x[:, :, :frames])
        registers = self.norm(x[:, :, self.tier.fixed_tokens - self.config.registers : self.tier.fixed_tokens])
        shared = registers.mean(2, keepdim=True).expand(-1, -1, frames, -1)
        return self.pose(torch.cat([per_frame, shared], -1))


def memory_patches(memory: Tensor | None, noisy: Tensor) -> Tensor:
    """Memory images [B,T,F*6,8h,8w] cut into the cells of `noisy` [B,T,C,h,w]: [B,T,h*w,F*6*8*8]; zeros for None."""
    batch, chunks, _, height, width = noisy.shape
    size = MEMORY_CHANNELS * MEMORY_CELL * MEMORY_CELL
    if memory is None:
        return noisy.new_zeros(batch, chunks, height * width, size)
    cells = F.pixel_unshuffle(memory.flatten(0, 1), MEMORY_CELL)  # [B*T,F*6*8*8,h,w]
    return cells.flatten(2).transpose(1, 2).unflatten(0, (batch, chunks))


def known_share(patches: Tensor) -> Tensor:
    """[..,1] of memory patches [..,F*6*8*8]: how much of them shows something, 0..1."""
    views = patches.unflatten(-1, (MEMORY_CHANNELS // VIEW_CHANNELS, VIEW_CHANNELS, MEMORY_CELL * MEMORY_CELL))
    return views[..., KNOWN, :].mean((-1, -2)).unsqueeze(-1)


def plain_attention(query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None) -> Tensor:
    """Spelled out for CPUs: forward and backward over 50 tokens take 7.5 ms, with the fused one 42 ms."""
    query = query * query.shape[-1] ** -0.5
    with torch.autocast(query.device.type, enabled=False):  # it would compute the softmax in fp32
        scores = query.to(value.dtype) @ key.to(value.dtype).transpose(-1, -2)
        if bias is not None:
            scores = scores + bias.to(value.dtype)
        return scores.softmax(-1) @ value


def activation_type(x: Tensor) -> torch.dtype:
    """bf16 under autocast, else what x has; autocast alone would keep every sum and product between layers in fp32."""
    kind = x.device.type
    return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else x.dtype


def chunk_bias(mask: Tensor, tokens: int) -> Tensor:
    """mask [B,T,J] over chunks -> additive bias [B,1,T*N,J*N] over tokens."""
    bias = (1 - mask) * FORBIDDEN
    batch, chunks, slots = mask.shape
    wide = bias[:, :, None, :, None].expand(-1, -1, tokens, -1, tokens)
    return wide.reshape(batch, 1, chunks * tokens, slots * tokens)


def ray_features(height: int, width: int, like: Tensor) -> Tensor:
    """[h*w, 10]: the direction a cell looks in, as tangents and a few waves of them.

    Rotary embeddings only tell distances; a first view must also know where up is. Tangents rather than cell indices,
    because the vertical field of view is fixed and wide pictures see more.
    """
    top = math.tan(math.radians(VERTICAL_FOV_DEGREES / 2))
    rows = (torch.arange(height, device=like.device, dtype=like.dtype) + 0.5) / height * 2 - 1
    columns = ((torch.arange(width, device=like.device, dtype=like.dtype) + 0.5) * 2 - width) / height
    down = (rows * top)[:, None].expand(-1, width)
    across = (columns * top)[None, :].expand(height, -1)
    both = torch.stack([down, across], -1).flatten(0, 1)
    return torch.cat([both, (3 * both).sin(), (3 * both).cos(), (6 * both).sin(), (6 * both).cos()], -1)


def fourier(value: Tensor, waves: int) -> Tensor:
    """[...] in 0..1 -> [..., 2*waves], wavelengths from 4 down to 1/16."""
    frequencies = torch.logspace(-2, 4, waves, base=2.0, device=value.device, dtype=value.dtype) * (2 * math.pi)
    angles = value[..., None] * frequencies
    return torch.cat([angles.sin(), angles.cos()], -1)
