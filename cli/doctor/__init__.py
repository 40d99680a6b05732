"""What ``dq doctor`` looks at: one module for each concern, each with one function that takes a Machine and returns Findings."""
