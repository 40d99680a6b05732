"""Two to six people side by side."""
