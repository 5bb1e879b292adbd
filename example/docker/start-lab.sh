#!/bin/sh
# A start-up script of your own. It prepares, and then runs what it is handed.
export CHOSEN_BY="$USER"
exec "$@"
