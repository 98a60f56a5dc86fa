"""The server: reads pictures over HTTP and stores corrections.

A request to read pictures goes from `routes_reading` through `request_bodies` into the queue of
`batching`, from there to one of the `workers`, and comes back as the JSON that `reading.schemas`
describes, or as one of the `problems`.
"""
