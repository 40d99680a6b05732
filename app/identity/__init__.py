"""Identity: conflicts with their evidence, what people have decided, and the ids of every person."""
