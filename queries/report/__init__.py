"""A case: one operator's report with its evidence, in a folder that can be handed over and verified later."""
