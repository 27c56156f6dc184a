"""Networks: autoencoder, denoiser, text encoder. Pure modules; no files, no training."""
