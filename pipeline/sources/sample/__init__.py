"""The synthetic league: made-up drafts and combines of any size, for machines without a network, for tests and for benchmarks."""
