"""What selections turn out to be worth: hit rates, expected value, value over expected, and the strength of a class."""
