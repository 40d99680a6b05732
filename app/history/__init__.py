"""The past: values with their loads, where they came from, and rows as of a load."""
