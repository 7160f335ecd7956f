"""Whether the consumer agreed, to which wording, and what proves it."""
