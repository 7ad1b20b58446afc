"""How good links are, measured on simulated providers whose truth is known."""
