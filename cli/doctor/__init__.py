"""The checks of ``dq doctor``: one module for each concern, each with one function that takes a Machine and returns Findings."""
