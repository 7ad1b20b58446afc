"""What is done to an event so that nothing identifying is stored: canonical forms, keyed tokens, fingerprints."""
