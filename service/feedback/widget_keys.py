"""The key in the snippet: made anew, with the former one working on until it is ended."""
