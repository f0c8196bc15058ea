"""The app. Nothing here talks to a cloud library, and no value is ever put into a widget."""
