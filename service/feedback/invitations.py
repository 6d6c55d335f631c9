"""The link in a letter by which who was invited joins the team: once, within a week."""
