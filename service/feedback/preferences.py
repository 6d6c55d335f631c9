"""Which letters a member wants, in which language and by which clock."""
