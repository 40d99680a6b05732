"""The OpenAPI document."""

import json

from app.http.openapi import openapi_document
from app.main import create_app
from app.settings import Settings


def test_the_document_is_the_same_each_time() -> None:
    app = create_app(Settings(environment="test", database_url="postgresql://reader@localhost/nothing"))
    first = json.dumps(openapi_document(app))
    assert json.dumps(openapi_document(app)) == first
