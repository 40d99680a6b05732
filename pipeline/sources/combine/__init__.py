"""Results of the NFL scouting combine since 2000, as nflverse releases them."""
