"""Speed and size against plain alternatives, measured in the same run on the same machine: only such ratios mean anything elsewhere."""
