"""Catalogues of controls as data: one TOML file each. A new one is a file here and nothing else."""
