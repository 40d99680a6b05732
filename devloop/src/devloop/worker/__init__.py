"""What runs in a process that the zygote has forked: the application, a plain worker, or the page that says why neither does."""
