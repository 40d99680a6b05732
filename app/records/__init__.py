"""Lists of the data sets that need no folder of their own: everything about them follows from their declaration."""
