"""A package, unlike the other folders of tests, so that fixtures of scope `package` end with its last test: see `browser`."""
