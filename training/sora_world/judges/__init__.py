"""Small networks that read pictures, so that generated frames can be measured; never part of what generates."""
