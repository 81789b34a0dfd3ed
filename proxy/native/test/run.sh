#!/usr/bin/env bash
# Builds the engine's test three ways and runs each: as it ships, with the checks for memory and undefined behaviour, and with those for races.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

build_and_run() {
  local name=$1 from=$SECONDS
  shift
  echo "== $name: cc $*"
  "${CC:-cc}" -std=gnu11 -Wall -Wextra -Werror -pthread "$@" -o "$folder/$name" engine-test.c ../engine.c
  local status=0
  "$folder/$name" || status=$?
  echo "== $name: $([ "$status" = 0 ] && echo passed || echo "FAILED ($status)") after $((SECONDS - from)) s"
  [ "$status" = 0 ] || failed=1
}

failed=0
build_and_run plain -O2
build_and_run address -O2 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined
build_and_run thread -O2 -g -fsanitize=thread
exit "$failed"
