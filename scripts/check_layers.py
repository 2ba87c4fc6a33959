#!/usr/bin/env python3
"""Checks that every include goes from a layer to one it may see; prints each offence and exits 1 when there is one."""

import pathlib
import re
import sys

# Folder -> folders it may include, besides its own. Tests may include everything, nothing includes tests.
ALLOWED = {
    "profiles": set(),
    "cost_models": {"profiles"},
    "simulator": {"profiles", "cost_models"},
    "planner": {"profiles", "cost_models", "simulator"},
    "kernels": set(),
    "runner": {"profiles", "cost_models", "kernels"},
}
# The profiler's code needs kernels and streams, so it lives in runner/; only the main program of hexgen-plan may reach it.
EXCEPTIONS = {("planner/main.cpp", "runner")}

INCLUDE = re.compile(r'\s*#\s*include\s+"([^"/]+)/')
SOURCES = {".h", ".cpp", ".cu", ".cuh"}


def offences(root):
    for folder, allowed in ALLOWED.items():
        for path in sorted((root / folder).rglob("*")):
            if path.suffix not in SOURCES:
                continue
            name = path.relative_to(root).as_posix()
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
                match = INCLUDE.match(line)
                if not match or match[1] == folder or match[1] in allowed:
                    continue
                if match[1] in ALLOWED or match[1] == "tests":
                    if (name, match[1]) not in EXCEPTIONS:
                        yield f"{name}:{number}: {folder}/ may not include {match[1]}/"


def main():
    root = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent
    found = list(offences(root))
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
