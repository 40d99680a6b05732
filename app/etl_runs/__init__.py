"""The ledger of loads."""
