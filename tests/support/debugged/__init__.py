"""A supervisor that does nothing but hold a debug port and start workers, for the tests of `devloop.debug`.

`process` is what tests use; `supervisor`, `worker` and `adapter_as_shipped` run as processes of their own.
"""
