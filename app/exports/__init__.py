"""Files of whole datasets."""
