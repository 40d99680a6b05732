"""The real containers, driven through the real commands; needs a Docker engine: `make test-containers`."""
