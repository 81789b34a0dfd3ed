// read() and write(), through one buffer for all; memory is taken only for what a slow reader leaves behind.

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "mover.h"
#include "sockets.h"

static char buffer[1024 * 1024];

static Outcome keep(Waiting *waiting, const char *bytes, size_t length) {
  *waiting = (Waiting){.bytes = malloc(length), .length = length};
  if (!waiting->bytes) die("malloc");
  memcpy(waiting->bytes, bytes, length);
  return WAITS;
}

static Outcome move(int from, int to, size_t most, Waiting *waiting) {
  const ssize_t got = read(from, buffer, most < sizeof buffer ? most : sizeof buffer);
  if (got < 0 && errno == EAGAIN) return MOVED;
  if (got <= 0) return OVER;
  ssize_t gone = write(to, buffer, (size_t)got);
  if (gone < 0 && errno != EAGAIN) return OVER;
  if (gone < 0) gone = 0;
  return gone == got ? MOVED : keep(waiting, buffer + gone, (size_t)(got - gone));
}

static void forget(Waiting *waiting) {
  free(waiting->bytes);
  *waiting = (Waiting){0};
}

static Outcome flush(int to, Waiting *waiting) {
  const ssize_t gone = write(to, waiting->bytes + waiting->gone, waiting->length - waiting->gone);
  if (gone < 0) return errno == EAGAIN ? WAITS : OVER;
  waiting->gone += (size_t)gone;
  if (waiting->gone < waiting->length) return WAITS;
  forget(waiting);
  return MOVED;
}

const Mover COPY = {.move = move, .flush = flush, .forget = forget};
