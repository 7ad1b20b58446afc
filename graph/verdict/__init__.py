"""What a cluster is: facts of its pooled traffic and identities, judged as one draw whatever its size."""
