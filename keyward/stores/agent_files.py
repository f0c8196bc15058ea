"""What coding agents and editors keep: their settings, their logins, and the servers of the Model Context Protocol that they start.

Where: Gemini CLI's configuration page (geminicli.com/docs/reference/configuration) and guides to Claude Code and Codex by others, seen in
November 2026; of the rest no page was seen, so a path may be out of date, and then nothing is found there.
"""

from collections.abc import Sequence
from pathlib import Path

from keyward.model.surroundings import Surroundings
from keyward.stores.read_only import ReadOnlyFiles

NAME = "agents"
_FILES = (
    # Claude Code, Claude Desktop
    ".claude.json", ".claude/settings.json", ".claude/settings.local.json", ".claude/.credentials.json",
    ".config/Claude/claude_desktop_config.json", "Library/Application Support/Claude/claude_desktop_config.json",
    # Cursor, VS Code, Windsurf, Zed
    ".cursor/mcp.json", ".config/Code/User/settings.json", ".config/Code/User/mcp.json",
    "Library/Application Support/Code/User/settings.json", "Library/Application Support/Code/User/mcp.json",
    ".codeium/windsurf/mcp_config.json", ".config/zed/settings.json",
    # Continue, aider, Codex, Gemini CLI, opencode
    ".continue/config.json", ".continue/config.yaml", ".continue/.env", ".aider.conf.yml", ".codex/auth.json", ".codex/config.toml",
    ".gemini/settings.json", ".gemini/oauth_creds.json", ".gemini/.env", ".local/share/opencode/auth.json", ".config/opencode/opencode.json",
)  # fmt: skip


def store(surroundings: Surroundings) -> ReadOnlyFiles:
    """The store of this user's agents and editors."""
    return ReadOnlyFiles(NAME, lambda: paths(surroundings), surroundings, {".env": "dotenv"})


def paths(surroundings: Surroundings) -> Sequence[Path]:
    """Where such a file can be."""
    return tuple(surroundings.user_home / file for file in _FILES)
