"""Addresses to which nothing is sent any more, because mail to them came back."""
