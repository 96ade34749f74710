"""One module for each kind of source: what is asked, and what counts as an answer.

Each has a `fetch` that takes the declaration, the client and what was got last, and returns a `Fetched` or
`NotModified`, or raises `Refused`.
"""
