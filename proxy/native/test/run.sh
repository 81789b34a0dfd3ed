#!/usr/bin/env bash
# Builds the tests and runs each: as it ships, with the checks for memory and undefined behaviour, and, where there are threads, with those for
# races.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

build_and_run() {
  local part=$1 name="$1, $2" from=$SECONDS sources=(../engine.c ../engine-move.c)
  [ "$part" != front ] || sources=(../front.c)
  shift 2
  echo "== $name: cc $*"
  "${CC:-cc}" -std=gnu11 -Wall -Wextra -Werror -pthread "$@" -o "$folder/test" "$part-test.c" "${sources[@]}" -lm
  local status=0
  "$folder/test" || status=$?
  echo "== $name: $([ "$status" = 0 ] && echo passed || echo "FAILED ($status)") after $((SECONDS - from)) s"
  [ "$status" = 0 ] || failed=1
}

failed=0
for part in engine engine-move move-message front; do
  build_and_run "$part" plain -O2 -DTUNNELS=100000
  build_and_run "$part" address -O2 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined
done
for part in engine engine-move; do build_and_run "$part" thread -O2 -g -fsanitize=thread; done
exit "$failed"
