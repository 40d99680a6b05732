"""A scatter plot of two measures of prospects."""
