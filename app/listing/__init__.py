"""Lists that are filtered, sorted, cut into keyset pages or streamed whole: one engine, described per domain by a ``Listing``."""
