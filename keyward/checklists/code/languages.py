"""In which language a file is written, by its name alone, and what in it is no code: comments, and texts where that is asked."""

import io
import re
import tokenize
from collections.abc import Mapping
from pathlib import PurePath

_BY_ENDING: Mapping[str, str] = {
    ending: language
    for language, endings in {
        "python": "py pyi",
        "notebook": "ipynb",
        "javascript": "js mjs cjs jsx ts mts cts tsx vue svelte",
        "go": "go",
        "java": "java kt kts scala groovy gradle",
        "csharp": "cs",
        "ruby": "rb rake",
        "php": "php",
        "rust": "rs",
        "c": "c cc cpp cxx h hpp m mm",
        "shell": "sh bash zsh ksh fish",
        "powershell": "ps1 psm1",
        "settings": "yml yaml toml ini cfg conf properties env envrc tf npmrc curlrc wgetrc gitconfig json service",
    }.items()
    for ending in endings.split()
}
_BY_NAME: Mapping[str, str] = {
    "dockerfile": "shell",
    "containerfile": "shell",
    "makefile": "shell",
    "gnumakefile": "shell",
    "justfile": "shell",
    "jenkinsfile": "java",
    "gemfile": "ruby",
    "rakefile": "ruby",
    "vagrantfile": "ruby",
    ".bashrc": "shell",
    ".bash_profile": "shell",
    ".profile": "shell",
    ".zshrc": "shell",
}
_BY_BEGINNING: Mapping[str, str] = {"dockerfile.": "shell", "containerfile.": "shell", ".env.": "settings"}
LANGUAGES = frozenset({*_BY_ENDING.values(), *_BY_NAME.values()})

_LIKE_C = frozenset({"javascript", "go", "java", "csharp", "rust", "c", "php"})
_TEXT = r"\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'"
_NUMBER_SIGN = re.compile(rf"(?m)(?P<text>{_TEXT})|(?P<comment>(?:^|(?<=[\s;]))#[^\n]*)")
_SLASHES = re.compile(rf"(?ms)(?P<text>{_TEXT}|`(?:\\.|[^`\\])*`)|(?P<comment>//[^\n]*|/\*.*?(?:\*/|\Z))")
_NO_CODE = frozenset(
    {tokenize.COMMENT, tokenize.STRING, *([tokenize.FSTRING_MIDDLE] if hasattr(tokenize, "FSTRING_MIDDLE") else [])}
)


def language(name: str) -> str:
    """The language of a file of that name, one of `LANGUAGES`; empty when it is none that is looked into."""
    last = PurePath(name).name.lower()
    for beginning, written_in in _BY_BEGINNING.items():
        if last.startswith(beginning):
            return written_in
    return _BY_NAME.get(last) or (_BY_ENDING.get(last.rpartition(".")[2], "") if "." in last else "")


def without_comments(text: str, written_in: str) -> str:
    """The text with blanks for its comments; each line keeps its number. What cannot be told stays."""
    if written_in == "python":
        return _python(text, frozenset({tokenize.COMMENT}))
    if written_in in _LIKE_C:
        return _blanked(_SLASHES, text)
    return text if written_in == "notebook" else _blanked(_NUMBER_SIGN, text)


def without_texts(text: str, written_in: str) -> str:
    """For Python also with blanks for what stands in quotes, docstrings above all; any other language as `without_comments`."""
    return _python(text, _NO_CODE) if written_in == "python" else without_comments(text, written_in)


def _blanked(pattern: re.Pattern[str], text: str) -> str:
    return pattern.sub(lambda found: _blank(found[0]) if found["comment"] else found[0], text)


def _blank(text: str) -> str:
    return "".join("\n" if one == "\n" else " " for one in text)


def _python(text: str, gone: frozenset[int]) -> str:
    """By the words of the language itself; a text that is no Python of today stays as it is."""
    lines = text.split("\n")
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type in gone:
                _blank_out(lines, token.start, token.end)
    except (tokenize.TokenError, SyntaxError, ValueError, IndexError):
        return text
    return "\n".join(lines)


def _blank_out(lines: list[str], start: tuple[int, int], end: tuple[int, int]) -> None:
    for number in range(start[0] - 1, min(end[0], len(lines))):
        line = lines[number]
        first = start[1] if number == start[0] - 1 else 0
        last = end[1] if number == end[0] - 1 else len(line)
        lines[number] = line[:first] + " " * (last - first) + line[last:]
