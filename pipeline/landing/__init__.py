"""From polled batches to Delta tables: exactly once, on any runner."""
