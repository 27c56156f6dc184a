"""The ground-truth voxel world: an endless procedural world, its players and its renderer, in PyTorch."""
