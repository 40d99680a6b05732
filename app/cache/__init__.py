"""What is kept for a while: finished responses of this process, and bytes under a key, in Redis or in memory."""
