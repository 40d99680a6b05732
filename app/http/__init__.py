"""HTTP around the services: dependencies of handlers, query parameters, content negotiation, static files and /metrics."""
