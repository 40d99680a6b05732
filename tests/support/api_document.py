"""The OpenAPI document of the API."""

from __future__ import annotations

from app.http.openapi import openapi_document
from app.main import create_app
from app.settings import Settings

DOCUMENT = openapi_document(create_app(Settings(environment="test", database_url="postgresql://reader@localhost/nothing")))
