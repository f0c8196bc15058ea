"""What each scan knew, kept in a file of its own: the scan cache can be made anew at any time, yesterday cannot."""
