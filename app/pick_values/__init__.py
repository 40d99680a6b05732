"""Pick charts: what picks, and trades of picks, are worth."""
