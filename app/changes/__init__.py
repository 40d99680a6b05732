"""What loads have changed."""
