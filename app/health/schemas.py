"""Responses of the health routes."""

from typing import Literal

from pydantic import BaseModel, Field


class Alive(BaseModel):
    """The process responds."""

    status: Literal["ok"] = Field(default="ok", examples=["ok"])


class Check(BaseModel):
    """One thing that must work."""

    ok: bool
    detail: str = Field(examples=["responds"])
    milliseconds: float = Field(examples=[0.4])


class Readiness(BaseModel):
    """All checks together."""

    status: Literal["ready", "not ready"]
    release: str = Field(examples=["1a2b3c4d5e6f"], description="The running release, as in the header X-Release")
    checks: dict[str, Check] = Field(
        examples=[{"database": {"ok": True, "detail": "responds", "milliseconds": 0.4}}],
        description="database, schema, cache, backup (where expected)",
    )
