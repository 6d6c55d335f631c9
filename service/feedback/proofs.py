"""Members show once more who they are, before what is delicate; and that a new address is theirs."""
