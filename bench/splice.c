// splice(2) into a pipe and out of it: the pages of what was received are sent again. A direction has a pipe only while bytes wait in it; then
// the pipe goes back to a pool, so that an idle tunnel costs no descriptor.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include "mover.h"
#include "sockets.h"

struct pipe {
  int read, write;
  struct pipe *next;
};

static struct pipe *pool;

static struct pipe *take_pipe(size_t most) {
  struct pipe *pipe = pool;
  if (pipe) {
    pool = pipe->next;
    return pipe;
  }
  int ends[2];
  if (pipe2(ends, O_NONBLOCK | O_CLOEXEC)) die("pipe");
  if (fcntl(ends[1], F_SETPIPE_SZ, (int)most) < 0) die("F_SETPIPE_SZ");
  pipe = malloc(sizeof *pipe);
  if (!pipe) die("malloc");
  *pipe = (struct pipe){.read = ends[0], .write = ends[1]};
  return pipe;
}

static Outcome give_back(struct pipe *pipe, Outcome outcome) {
  pipe->next = pool;
  pool = pipe;
  return outcome;
}

// The one that something is left in cannot be used again.
static void forget(Waiting *waiting) {
  if (waiting->pipe) {
    close(waiting->pipe->read);
    close(waiting->pipe->write);
    free(waiting->pipe);
  }
  *waiting = (Waiting){0};
}

static Outcome flush(int to, Waiting *waiting) {
  const ssize_t gone = splice(waiting->pipe->read, NULL, to, NULL, waiting->length, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  if (gone < 0) return errno == EAGAIN ? WAITS : OVER;
  waiting->length -= (size_t)gone;
  if (waiting->length > 0) return WAITS;
  struct pipe *pipe = waiting->pipe;
  *waiting = (Waiting){0};
  return give_back(pipe, MOVED);
}

static Outcome move(int from, int to, size_t most, Waiting *waiting) {
  struct pipe *pipe = take_pipe(most);
  const ssize_t got = splice(from, NULL, pipe->write, NULL, most, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  if (got <= 0) return give_back(pipe, got < 0 && errno == EAGAIN ? MOVED : OVER);
  *waiting = (Waiting){.pipe = pipe, .length = (size_t)got};
  return flush(to, waiting);
}

const Mover SPLICE = {.move = move, .flush = flush, .forget = forget};
