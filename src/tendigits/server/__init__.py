"""The server: reading over HTTP, and corrections that are kept.

A request goes through `routes`, `bodies` and `readers` to a `reader_process`, and comes back as
what `answers` describe or as one of the `problems`.
"""
