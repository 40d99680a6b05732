"""What happens to every request around the routes: request id, byte cache, metrics, access log and security headers."""
