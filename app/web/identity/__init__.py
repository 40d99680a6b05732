"""The conflicts of identity."""
