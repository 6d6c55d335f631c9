"""What is a member's own, in all workspaces: where they are signed in, and their address."""
