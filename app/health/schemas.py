"""Answers of the health addresses."""

from __future__ import annotations

from typing import Literal

import msgspec
from pydantic import BaseModel, Field


class Check(msgspec.Struct, frozen=True):
    """One thing that must work."""

    ok: bool
    detail: str
    milliseconds: float


class ReadinessResult(msgspec.Struct, frozen=True):
    """All checks together."""

    status: Literal["ready", "not ready"]
    release: str
    checks: dict[str, Check]


class Alive(BaseModel):
    """The process answers."""

    status: Literal["ok"] = Field(examples=["ok"])


class CheckModel(BaseModel):
    """One thing that must work."""

    ok: bool
    detail: str = Field(examples=["answers"])
    milliseconds: float = Field(examples=[0.4])


class Readiness(BaseModel):
    """All checks together."""

    status: Literal["ready", "not ready"]
    release: str = Field(examples=["1a2b3c4d5e6f"], description="The release that answers, as in the header X-Release")
    checks: dict[str, CheckModel] = Field(
        examples=[{"database": {"ok": True, "detail": "answers", "milliseconds": 0.4}}],
        description="database, schema, cache, backup (where expected)",
    )
