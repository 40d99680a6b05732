"""The development loop: an edit takes effect in a fifth of a second, no request is refused, and a debugger stays attached. Linux only.

Processes, and the modules that they run::

    supervisor        __main__, supervisor, reload    holds the socket, watches the sources; imports nothing of the application
     |- debug session debug/                          debugpy's adapter, only while a debugger is attached
     `- zygote        zygote                          third-party modules imported, one thread, nothing open
         |- worker    worker/                         the application, serving
         `- warm      worker/                         has imported what does not depend on the files edited last, and waits

To be read in this order: options, messages, channel, processes, inputs, zygote, worker/, watch, reads, own_writes, modules, preload,
terminal, nursery, zygotes, warm, errors, reason, retiring, reload, dependencies, welcome, supervisor, debug/. What may be kept in memory
is decided only in inputs. For development only: absent from the runtime image; it imports nothing of this project's other packages, and
none of them imports it.
"""
