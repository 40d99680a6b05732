"""The OpenAPI document."""

from app.http.openapi import openapi_document
from app.main import create_app
from app.settings import Settings


def test_the_document_is_the_same_each_time() -> None:
    app = create_app(Settings(environment="test", database_url="postgresql://reader@localhost/nothing"))
    assert openapi_document(app) == openapi_document(app)
