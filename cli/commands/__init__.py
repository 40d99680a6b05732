"""One module per command, each exporting ``command``; ``cli.main`` imports the one that is called."""
