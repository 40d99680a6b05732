"""HTTP around the services: dependencies of handlers, query parameters, content negotiation, responses and static files."""
