"""The HTTP service of Draft Queen: API, pages, settings and everything both of them read from."""
