"""What leaves the lake again: by age (retention), or because an account must be forgotten (erasure)."""
