#!/usr/bin/env bash
# Builds the tests and runs each: as it ships, with the checks for memory and undefined behaviour, and, where there are threads, with those for
# races. The three kinds at once, since a part of each is waiting.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
folder=$(mktemp -d)
declare -A pids
trap 'for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done; rm -rf "$folder"' EXIT

# KIND PART FLAGS...: 0 where it passed.
build_and_run() {
  local kind=$1 part=$2 program="$folder/$1-$2" from=$SECONDS sources=(../engine.c ../engine-move.c)
  [ "$part" != front ] || sources=(../front.c)
  shift 2
  echo "== $part, $kind: cc $*"
  "${CC:-cc}" -std=gnu11 -Wall -Wextra -Werror -pthread "$@" -o "$program" "$part-test.c" "${sources[@]}" -lm || return
  local status=0
  "$program" || status=$?
  echo "== $part, $kind: $([ "$status" = 0 ] && echo passed || echo "FAILED ($status)") after $((SECONDS - from)) s"
  return "$status"
}

# KIND 'PARTS' FLAGS...
lane() {
  local kind=$1 parts=$2 failed=0 part
  shift 2
  for part in $parts; do build_and_run "$kind" "$part" "$@" || failed=1; done
  return "$failed"
}

every='engine engine-move move-message front'
lane plain "$every" -O2 -DTUNNELS=100000 >"$folder/plain.log" 2>&1 &
pids[plain]=$!
lane address "$every" -O2 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined >"$folder/address.log" 2>&1 &
pids[address]=$!
lane thread 'engine engine-move' -O2 -g -fsanitize=thread >"$folder/thread.log" 2>&1 &
pids[thread]=$!

failed=0
for kind in plain address thread; do
  wait "${pids[$kind]}" || failed=1
  unset "pids[$kind]"
  cat "$folder/$kind.log"
done
exit "$failed"
