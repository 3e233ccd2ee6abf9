"""Names of files and folders that operating systems and development tools create, and that no submission needs."""

from __future__ import annotations

# Folders of development tools: large, and never needed on a node.
_TOOL_FOLDERS = frozenset({".git", ".hg", ".svn", ".venv", "__pycache__", "node_modules"})
# Folders that macOS, a network storage, Windows and Linux add to archives, shared folders and disks.
_SYSTEM_FOLDERS = frozenset(
    {"__MACOSX", "@eaDir", "#recycle", "$RECYCLE.BIN", "System Volume Information", "lost+found", ".Trashes"}
)
_SYSTEM_FILES = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})


def is_ignored_folder(name: str) -> bool:
    """Return whether a folder with this name belongs to a tool or an operating system."""
    return name in _TOOL_FOLDERS or name in _SYSTEM_FOLDERS


def is_ignored_file(name: str) -> bool:
    """Return whether a file with this name belongs to an operating system; `._NAME` is a file's metadata on macOS."""
    return name in _SYSTEM_FILES or name.startswith("._")
