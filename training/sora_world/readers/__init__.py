"""Small networks that read latents: what they show (captioner) and what a player would do now (policy)."""
