"""The setting ALLOWED_ORIGINS: which pages of other sites may read the API (CORS)."""

import re

#: Every origin.
ANY = "*"
#: Browsers leave these out of an origin.
_DEFAULT_PORTS = {"http": "80", "https": "443"}
#: Host (a name, which browsers send in its ASCII form, or an IP address) and port.
_PLACE = re.compile(r"([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([1-9][0-9]{0,4}))?")


def origins_of(value: object) -> object:
    """Return the origins of a list that is separated by commas, spelled as browsers send them.

    Raises:
        ValueError: one of them is not an origin; the message says which, and what to write.
    """
    if not isinstance(value, str):
        return value
    origins = tuple(dict.fromkeys(part.strip() for part in value.split(",") if part.strip()))
    if ANY in origins and len(origins) > 1:
        raise ValueError("has * and other origins: write * alone, or only the others")
    return tuple(origin if origin == ANY else _origin(origin) for origin in origins)


def _origin(text: str) -> str:
    shown = f"has {text[:100]!r}, which"
    scheme, separator, place = text.partition("://")
    if not separator:
        raise ValueError(f"{shown} has no scheme: write https://{text.rstrip('/')[:100]}")
    if scheme.lower() not in _DEFAULT_PORTS:
        raise ValueError(f"{shown} does not begin with http or https: write https://host")
    if ANY in text:
        raise ValueError(f"{shown} has a wildcard: name every origin, or write * alone for all of them")
    if place.endswith("/") and "/" not in place.rstrip("/"):
        raise ValueError(f"{shown} ends with a slash: write {text.rstrip('/')[:100]}")
    found = _PLACE.fullmatch(place.lower())
    if found is None:
        raise ValueError(f"{shown} is not an origin: write https://host or https://host:port, without user and path")
    host, port = found.groups()
    return f"{scheme.lower()}://{host}" if port in (None, _DEFAULT_PORTS[scheme.lower()]) else f"{scheme.lower()}://{host}:{port}"
