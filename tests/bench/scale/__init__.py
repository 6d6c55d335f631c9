"""What the search and the lists read when there is much: a database with 10,000 posts beside one with a million.

`build` makes both once, in an embedded PostgreSQL of their own that stays (`.bench/` in the repository, or the folder that
SAYSO_BENCH_DATA names; 10 GB, and ten minutes the first time); `measure` asks both the same by the functions that requests
use, and counts blocks. `make bench` ends with it; SAYSO_BENCH_SCALE=off leaves it out.

- `small`: ten workspaces with 1,000 posts each.
- `large`: a million posts and ten million votes in a thousand workspaces. The first ten are those of `small`, post by post,
  so that a difference comes from the others alone; the eleventh has 100,000 posts.

Posts of different workspaces lie between each other as they were written, over two years. Their texts come from
`vocabulary.toml`; a vector is what the model makes of such a text, mixed with a second one and some noise, so that a million
of them differ and still lie as real ones do: in clusters, each workspace in those of its own trade."""

import os
from pathlib import Path

MADE = 1  # raise it when what `build` makes changes: the databases are then made anew
SMALL, LARGE = "small", "large"
UNCHANGED = 10  # workspaces that are the same in both
SIZE = 1_000  # posts of each of them
LARGEST = UNCHANGED + 1  # id of the largest workspace
POSTS, WORKSPACES = 1_000_000, 1_000
LEADING = (100_000, 20_000, 20_000, 5_000, 5_000, 5_000, 5_000, 5_000)  # posts of the largest ones
VOTES = 10  # for each post, on average
COMMENTS = 0.3


def folder() -> Path:
    """Where the databases are kept."""
    return Path(os.environ.get("SAYSO_BENCH_DATA") or Path(__file__).parents[3] / ".bench")
