"""Colleges under one name each."""
