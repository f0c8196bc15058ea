"""Keys that lie where they do not belong: in files, in the history of a repository, in what is about to be committed.

What leaves the modules here is a kind, a line, an id and a fingerprint; values stay where they were found.
"""
