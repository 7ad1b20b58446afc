"""Where events come from: a folder of JSONL files, or Kafka. Both yield polled batches."""
