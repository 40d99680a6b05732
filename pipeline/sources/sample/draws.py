"""Random numbers that are the same everywhere.

A draw is a hash of (seed, label, row key): no state, no order of evaluation, no library's own generator. Everything is whole-number
arithmetic, because floating-point functions may differ in the last bit between machines and would make two "equal" leagues unequal.
"""

import hashlib
import math
from typing import Final

import polars as pl

#: Normal draws come in thousandths of a standard deviation.
SIGMA: Final = 1_000
#: Four 16-bit numbers added up: close to a bell curve, never further out than 3.46 standard deviations.
_SUM_MEAN: Final = 2 * 65_535
_SUM_DEVIATION: Final = 37_837
_EXPONENTIAL_STEPS: Final = 1_024
_EXPONENTIAL: Final = pl.Series(
    [round(-1_000 * math.log(1 - (step + 0.5) / _EXPONENTIAL_STEPS)) for step in range(_EXPONENTIAL_STEPS)], dtype=pl.Int64
)


def _u64(number: int) -> pl.Expr:
    return pl.lit(number % 2**64, dtype=pl.UInt64)


def _mixed(column: pl.Expr) -> pl.Expr:
    """Apply the splitmix64 finaliser; multiplication of UInt64 columns wraps."""
    column = (column ^ (column // _u64(1 << 30))) * _u64(0xBF58476D1CE4E5B9)
    column = (column ^ (column // _u64(1 << 27))) * _u64(0x94D049BB133111EB)
    return column ^ (column // _u64(1 << 31))


class Draws:
    """Random columns for a fixed list of rows; each label is an independent column."""

    def __init__(self, seed: int, keys: pl.Series) -> None:
        """Draw for these rows. ``keys``: one number per row that identifies it; equal keys give equal draws."""
        self._seed = seed
        self._keys = keys.cast(pl.UInt64)

    def bits(self, label: str) -> pl.Series:
        """Return 64 random bits per row (UInt64)."""
        salt = int.from_bytes(hashlib.sha256(f"{self._seed}/{label}".encode()).digest()[:8], "big")
        key = pl.lit(self._keys)
        return pl.select(_mixed(key * _u64(0x9E3779B97F4A7C15) + _u64(salt)).alias(label)).to_series()

    def below(self, label: str, limit: int | pl.Series) -> pl.Series:
        """Return whole numbers from 0 up to, not including, ``limit``."""
        high = pl.lit(self.bits(label)) // _u64(1 << 32)
        bound = pl.lit(limit.cast(pl.UInt64)) if isinstance(limit, pl.Series) else _u64(limit)
        return pl.select((high % bound).cast(pl.Int64).alias(label)).to_series()

    def normal(self, label: str) -> pl.Series:
        """Return normally distributed numbers with mean 0, in thousandths of a standard deviation."""
        bits = pl.lit(self.bits(label))
        parts = [(bits // _u64(1 << shift) % _u64(1 << 16)).cast(pl.Int64) for shift in (0, 16, 32, 48)]
        total = parts[0] + parts[1] + parts[2] + parts[3]
        return pl.select(((total - _SUM_MEAN) * SIGMA // _SUM_DEVIATION).alias(label)).to_series()

    def exponential(self, label: str) -> pl.Series:
        """Return exponentially distributed numbers with mean 1000."""
        return _EXPONENTIAL.gather(self.below(label, _EXPONENTIAL_STEPS)).rename(label)

    def chance(self, label: str, per_mille: int | pl.Series) -> pl.Series:
        """Return True in ``per_mille`` of a thousand rows."""
        return (self.below(label, 1_000) < per_mille).rename(label)

    def choice(self, label: str, slots: pl.Series) -> pl.Series:
        """Choose one entry of ``slots`` per row; a repeated entry is chosen more often."""
        return slots.gather(self.below(label, slots.len())).rename(label)
