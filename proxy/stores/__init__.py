"""Where routes live. Read `base` first, then `memory`, then the one you need."""
