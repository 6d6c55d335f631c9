"""What the team did to its workspace, and who did it: read from the events."""
