"""Checkpoints to model packages (docs/model-package.md) and golden fixtures."""
