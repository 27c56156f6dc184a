"""MODEL_CARD.md, written from what was measured, so that it cannot say more than that."""

from __future__ import annotations

from pathlib import Path

CARD = """# {name} {version}

An action-conditioned world model: it continues a small Minecraft-like world from what the player does, chunk by chunk
({per_chunk} frames each, {per_second} frames per second), at {sizes}. It was made by training alone; there is no stored
world behind it.

- **Training**: {summary}.
- **Compute**: {compute}.
- **Data**: clips rendered by `training/sora_world/world`; no recorded games, no pretrained weights, nothing downloaded.
- **Licence**: {licence}, weights included.

## Measured on worlds it has not seen

{figures}

PSNR in dB; `nextChunkPsnr*` is one chunk ahead from true context, to be read between `RepeatLastFrame` (doing nothing)
and `Ceiling` (the true latent, decoded). `actionShuffleRatio` is how much the error grows with another player's
actions: 1 would mean that controls do nothing. What `npm run eval` measures with judges (control, captions, revisits,
drift) is in docs/evaluation.md.

## Limits

{limits}
"""

NANO_LIMITS = """- A test-bed size: about two million parameters in the denoiser, trained for some hours on a CPU. It
  keeps every path of the project alive where no GPU is at hand; it is not what the method can do.
- Pictures are impressions: soft, with the 16-pixel cells of the latents showing faintly where the model is unsure.
- Turning and walking move what is seen as they should for a second or two; then the view becomes something of the same
  kind. Standing still keeps a scene for some seconds; within half a minute its colours wander, brighten or grow
  stripes. The server's guard starts such a world anew at the same place.
- World memory brings back what was looked away from, blurred a little more each time. Its depth is wrong by about a
  quarter, so places reached by walking come back displaced.
- Blocks that were broken or placed are not reliably drawn, nor are the hotbar and small things; no edit of the
  evaluation survives looking away.
- First views from a caption get colours and light right more often than things."""


VOXEL_LIMITS = """- The first rungs: seventeen minutes of training on 10,880 clips of three seconds, then a decoder
  tuned with a critic. Depth fusion is in the package and switched off: walks suffer from it.
- Pictures look painted: edges of blocks and trees are sharp, the pixels of their textures mostly not there, and what is
  far away is smeared.
- Turning and looking up work as in a game. Walking brings things nearer for some seconds; then the way ahead becomes
  something simpler of the same kind, a plain or a wall. Jumping blurs the view more than it lifts it.
- Standing still keeps a scene, because the memory holds what was seen first; without memory it melts within 20 s.
- Depth of generated chunks is wrong by a seventh in the median, so places reached by walking come back displaced.
- Blocks that are broken or placed are not reliably drawn.
- It was trained at 256x144, 144x256, 192x192 and 288x128; the autoencoder at 224x160, too."""

LIMITS = {"nano": NANO_LIMITS, "voxel": VOXEL_LIMITS}


def table(figures: dict[str, float]) -> str:
    if not figures:
        return "Nothing: these weights were not trained or not evaluated."
    lines = [f"| {name} | {value:.4g} |" for name, value in figures.items()]
    return "\n".join(["| figure | value |", "|---|---|", *lines])


def write_card(folder: Path, manifest: dict) -> None:
    """Writes MODEL_CARD.md beside the manifest it describes."""
    training = manifest["training"]
    text = CARD.format(
        name=manifest["name"],
        version=manifest["version"],
        licence=manifest["licence"],
        per_chunk=manifest["frames"]["perChunk"],
        per_second=manifest["frames"]["perSecond"],
        sizes=", ".join(f"{size['width']}x{size['height']}" for size in manifest["sizes"]),
        summary=training["summary"],
        compute=training["compute"],
        figures=table(training["figures"]),
        limits=LIMITS.get(manifest["name"], "- Not known."),
    )
    (folder / "MODEL_CARD.md").write_text(text)
