"""A simulated portfolio whose truth is known."""
