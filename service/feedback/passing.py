"""What passes in and out of a workspace as a whole, imports and exports: the queue that they share.

They take minutes, in pieces of a transaction each. One at a time in a process: nobody waits for them second by second, and
everything else is done beside them."""

QUEUE = "passing"
PART = 1 << 20  # bytes of a file that one row keeps
