"""The development loop: what runs beside the product on a developer's machine, and never in an image."""
