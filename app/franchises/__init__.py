"""The 32 franchises through their moves and names."""
