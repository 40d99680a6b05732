"""A draft class: its table, and the class in retrospect."""
