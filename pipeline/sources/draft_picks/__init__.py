"""Every selection of the NFL draft since 1980, as nflverse releases it."""
