"""Applications made with other web frameworks than FastAPI, and some that hold things when they are imported."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from tests.support.loop import Loop
from tests.support.matrix import Case, matrix_loop, needed, reloads

pytestmark = [pytest.mark.slow, needed()]

STARLETTE = Case(
    main="""
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from app import parts, words

def root(request):
    return PlainTextResponse(f"{words.WORD} {parts.value()}")

application = Starlette(routes=[Route("/", root)])
""",
    kept=("starlette", "anyio"),
)
LITESTAR = Case(
    main="""
from litestar import Litestar, MediaType, get
from app import parts, words

@get("/", media_type=MediaType.TEXT)
async def root() -> str:
    return f"{words.WORD} {parts.value()}"

application = Litestar([root])
""",
    kept=("litestar", "msgspec"),
    # Its logging starts one. Python reports threads from 3.12 on; before, only modules that are imported ahead of an edit are looked at.
    once={"app.main": "starts a thread"} if sys.version_info >= (3, 12) else {},
)
DJANGO = Case(
    parts="from django.db import models\nvalue = lambda: models.IntegerField(default=1).default",
    main="""
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "app.settings"
from django.core.asgi import get_asgi_application
application = get_asgi_application()
""",
    files={
        "project/app/settings.py": "SECRET_KEY = 'x'\nALLOWED_HOSTS = ['*']\nROOT_URLCONF = 'app.urls'\nINSTALLED_APPS = ['app']\n",
        "project/app/urls.py": """
from django.http import HttpResponse
from django.urls import path
from app import parts, words
urlpatterns = [path("", lambda request: HttpResponse(f"{words.WORD} {parts.value()}"))]
""",
    },
    kept=("django", "asgiref"),
)
FLASK = """
from flask import Flask
from app import parts, words
flask = Flask(__name__)

@flask.get("/")
def root():
    return f"{words.WORD} {parts.value()}"

"""
FLASK_A2WSGI = Case(
    main=f"{FLASK}\nfrom a2wsgi import WSGIMiddleware\napplication = WSGIMiddleware(flask)", kept=("flask", "werkzeug", "a2wsgi")
)
FLASK_ASGIREF = Case(
    main=f"{FLASK}\nfrom asgiref.wsgi import WsgiToAsgi\napplication = WsgiToAsgi(flask)", kept=("flask", "werkzeug", "asgiref")
)
ALL = {name: case for name, case in globals().items() if isinstance(case, Case)}


@pytest.mark.parametrize("name", ALL, ids=str.lower)
def test_a_framework(project: Callable[..., Loop], name: str) -> None:
    reloads(matrix_loop(project, ALL[name].written()), ALL[name])
