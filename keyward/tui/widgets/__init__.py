"""Widgets that show outside text as text, never as markup."""
