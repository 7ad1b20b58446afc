"""From a polled batch of bytes to an Arrow batch of good rows and one of rejected records."""
