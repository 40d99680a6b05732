"""What we know ourselves: franchises and their eras, positions, colleges; written to the database before each load."""
