"""ASGI middleware around the routes, one file and one job each; :mod:`app.main` puts them in order."""
