"""What looks like spam, and so waits for the team instead of being shown: soft signals, none of which ever loses a word."""
