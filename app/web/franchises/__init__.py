"""The franchises, and what became of the picks of one."""
