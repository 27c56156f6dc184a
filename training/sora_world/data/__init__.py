"""Clips and latents on disk, and the batches drawn from them."""
