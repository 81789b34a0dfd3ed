// The two ways in which the bare relay can carry bytes from one socket to another: through memory of its own (copy.c), or through a pipe in
// the kernel (splice.c).

#pragma once
#include <stddef.h>

// What one socket said and the other one did not take yet; all zero where nothing waits.
typedef struct {
  char *bytes;  // copied
  size_t length, gone;
  struct pipe *pipe;  // spliced
} Waiting;

typedef enum {
  MOVED,  // nothing waits
  WAITS,
  OVER,
} Outcome;

typedef struct {
  // At most `most` bytes at once.
  Outcome (*move)(int from, int to, size_t most, Waiting *waiting);
  Outcome (*flush)(int to, Waiting *waiting);
  void (*forget)(Waiting *waiting);
} Mover;

extern const Mover COPY, SPLICE;
