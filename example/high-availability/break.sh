#!/bin/sh
# Kills one part after another while a user works: break.sh --help
here=$(cd "$(dirname "$0")" && pwd)
exec "$here/../../.venv/bin/python" "$here/break_parts.py" "$@"
