"""The OpenAPI document and a page to try it, with nothing from another host."""
