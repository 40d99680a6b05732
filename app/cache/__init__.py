"""Finished responses that are kept for a while: in this process, and in Redis for all processes."""
