"""The webhook: a signed POST to ``WEBHOOK_URL`` after each load that has changed data.

A load queues the notice in its own transaction, so there is one if and only if the load has committed. A worker sends it, and repeats it
with growing pauses until the receiver responds with a 2xx status. The receiver checks the header ``Draft-Queen-Signature: t=…,v1=…``:
``v1`` is the HMAC-SHA256, under ``WEBHOOK_SECRET``, of the seconds in ``t``, a full stop and the body. A notice may arrive twice.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from typing import TYPE_CHECKING, Final

from app.settings import SettingsError, get_settings, load_settings

if TYPE_CHECKING:
    import asyncpg

    from pipeline.ledger import RunReport

WEBHOOK_JOB: Final = "webhook"
SIGNATURE_HEADER: Final = "Draft-Queen-Signature"
#: Seconds that the receiver may take.
TIMEOUT_SECONDS: Final = 10.0


async def queue_notice(connection: asyncpg.Connection, report: RunReport) -> None:
    """Queue the notice of a load that has changed data, in the load's transaction; nothing without a WEBHOOK_URL."""
    if get_settings().webhook_url is None:
        return
    from pgqueuer.db import AsyncpgDriver
    from pgqueuer.queries import Queries

    notice = {
        "event": "load.changed",
        **{name: getattr(report, name) for name in ("run_id", "dataset", "dataset_version", "synthetic")},
        **{name: getattr(report, name) for name in ("rows_inserted", "rows_updated", "rows_deleted")},
        "changes": f"/api/v1/changes?run_id={report.run_id}",
    }
    await Queries(AsyncpgDriver(connection)).enqueue(WEBHOOK_JOB, json.dumps(notice).encode(), 0)


def signature(secret: str, body: bytes, seconds: int) -> str:
    """Return the value of the signature header."""
    signed = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={signed}"


async def send_notice(body: bytes) -> str | None:
    """Send a notice to WEBHOOK_URL, and nowhere else: a redirect is a failure. Return what went wrong, or None."""
    import httpx

    try:
        settings = load_settings()  # the key may have changed since the process started
    except SettingsError as error:  # while it is being written
        return str(error)
    if settings.webhook_url is None or settings.webhook_secret is None:
        return None  # the webhook was switched off after the notice had been queued
    headers = {
        "content-type": "application/json",
        "user-agent": "draft-queen",
        SIGNATURE_HEADER: signature(settings.webhook_secret, body, int(time.time())),
    }
    try:
        # the limit of httpx is for each read, not for all; the body, which may be endless, is not read
        async with (
            asyncio.timeout(TIMEOUT_SECONDS),
            httpx.AsyncClient(timeout=TIMEOUT_SECONDS, follow_redirects=False) as client,
            client.stream("POST", settings.webhook_url, content=body, headers=headers) as response,
        ):
            return None if response.is_success else f"the receiver responded with status {response.status_code}"
    except TimeoutError:
        return f"the receiver did not respond within {TIMEOUT_SECONDS:g} seconds"
    except httpx.HTTPError as error:
        return str(error) or type(error).__name__
