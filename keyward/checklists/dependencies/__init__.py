"""Whether libraries have known holes, as tools say that are made for it: keyward runs the one that is installed and reads its answer strictly.

A tool sends names and versions of libraries to a database in the network, so it is run only when a person asked for that.
"""
