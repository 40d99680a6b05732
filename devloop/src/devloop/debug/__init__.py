"""The debug port: an editor attaches once and stays attached over any number of reloads.

In reading order:

- `port`: holds the port in the supervisor; looks at each connection and decides what it is.
- `session`: while an editor is attached, debugpy's `adapter`, a process, and the `anchor`, the debuggee that never restarts.
- `join`: how a worker becomes part of the session.
- `attachment`: one session as its clients see it; who may attach.
- `connection` and `dap`: messages of the Debug Adapter Protocol, on a socket and as bytes.
- `waking` and `programs`: two flaws of debugpy, stepped around in a worker; `started`: the same in a program that a worker starts.
- `unwinding`: what makes exceptions cheap in a process that is debugged.
- `lifetime`: how the adapter ends with the supervisor.
"""
