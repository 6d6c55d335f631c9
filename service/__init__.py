"""Sayso: a feedback board for one server and one database.

Layers, each importing only those below it (setup.cfg holds the contracts, `make lint` checks them):

    cli                           the `sayso` command: up, web, worker, stream, migrate, sign-in, demo
    web · worker · stream         the ways in: requests, jobs, open connections
    feedback                      the domain, one word a file
    events → jobs → db            what every verb ends in, and what follows from it
    config · lib · errors         settings; the ways out (mail, tokens, vectors), which know nothing of feedback

Three flows explain nearly everything:

1. A request: web/app.py (all addresses) → a guard (who is asking) → a resource: read the shape, call one verb, present.
2. A verb, e.g. feedback/posts.py `create`: one transaction, ends in `events.record`. Row, event and job commit together.
3. What follows: worker.py claims the event's job → feedback/consequences.py → letters, vectors; stream.py hears the hint
   and tells open browsers, which refetch.

Read in this order: feedback/posts.py, events.py, jobs.py, feedback/consequences.py, worker.py, web/app.py, stream.py.
"""
