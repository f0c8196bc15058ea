"""What stands in the code below the folders that the user named: lines that match patterns, with what is not meant left out."""
