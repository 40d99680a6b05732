"""The colleges, and what became of the players of one."""
