"""Readers of the files that other systems, and Sayso itself, write: what comes out is told in the words of records.py.

They know nothing of feedback: a reader takes a file that can be read and sought, and yields `Row`s, one at a time."""
