# What the checks of release, host and image share. Sourced by bash.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd -P)
work=${PINHOLE_CHECK_WORK:?set by check.sh: a folder that it removes}
node=$root/node_modules/node-$(uname -m | sed 's/x86_64/linux-x64/; s/aarch64/linux-arm64/')/bin/node
passed=0
failed=0

# What this machine's npm is told. npm answers it nowhere inside a workspace, as this folder is.
npm_setting() { (cd / && npm config get "$1"); }

# check SENTENCE COMMAND...: a claim, and what shows it; its words are shown where it does not hold.
check() {
  local sentence=$1 output
  shift
  if output=$("$@" 2>&1); then
    passed=$((passed + 1))
    echo "✔ $sentence"
  else
    failed=$((failed + 1))
    echo "✖ $sentence"
    echo "${output:-nothing was said}" | tail -40 | sed 's/^/    /'
  fi
}

# fails_with CODE WORDS COMMAND...: it ends with this code and says these words.
fails_with() {
  local code=$1 words=$2 output actual=0
  shift 2
  output=$("$@" 2>&1) || actual=$?
  [ "$actual" -eq "$code" ] && grep -q -- "$words" <<<"$output" && return 0
  echo "expected $code and \"$words\", got $actual and: $output"
  return 1
}

# within SECONDS COMMAND...: tries until it holds.
within() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.2
  done
}

sum_of() {
  sha256sum <"$1" | cut -d' ' -f1
}

# twice COMMAND...: once more after a moment where it failed, as where a mirror does not answer.
twice() {
  "$@" || { sleep 10 && "$@"; }
}
bootstrap() {
  rm -rf "$2".*
  debootstrap --variant=minbase --include="$1" bookworm "$2.new"
}

# A fresh system of Debian 12 as a folder, made once for each list of packages. The mirror is the machine's own.
debian_tree() {
  local name=$1 packages=$2 key folder
  key=$(sha256sum <<<"$packages" | cut -c1-12)
  folder=${PINHOLE_CHECK_CACHE:-/var/cache/pinhole-check}/$name-$key
  if [ ! -d "$folder" ]; then
    echo "making a Debian 12 for the $name (once): $packages" >&2
    mkdir -p "$(dirname "$folder")"
    twice bootstrap "$packages" "$folder" >"$work/debootstrap.log" 2>&1 || {
      tail -5 "$work/debootstrap.log" >&2
      return 1
    }
    rm -rf "$folder.new"/var/cache/apt/archives/*.deb
    mv -T "$folder.new" "$folder"
  fi
  echo "$folder"
}

finish() {
  printf '%s passed, %s failed\n' "$passed" "$failed"
  [ "$failed" -eq 0 ]
}
