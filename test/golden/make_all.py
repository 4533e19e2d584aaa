"""Remakes every golden file: `python test/golden/make_all.py` (PyTorch needed, nothing else).

`--check` remakes them and fails, restoring nothing, if a file's text changed.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def texts() -> dict[str, str]:
    return {str(p.relative_to(HERE)): p.read_text() for p in sorted(HERE.glob("*/*.json"))}


def main() -> None:
    before = texts()
    for maker in sorted(HERE.glob("*/make.py")):
        subprocess.run([sys.executable, str(maker)], check=True)
    after = texts()
    changed = [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]
    if "--check" in sys.argv[1:] and changed:
        raise SystemExit(f"changed: {', '.join(changed)}")


if __name__ == "__main__":
    main()
