"""The command line ``dq``: thin commands, each of which calls a service function."""
