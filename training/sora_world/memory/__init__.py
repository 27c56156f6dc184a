"""World memory: what was shown, as coloured points in space, seen again from where the player is about to be."""
