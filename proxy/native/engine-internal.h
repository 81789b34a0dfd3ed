// What the two halves of the engine share: its loop (engine.c), and the moving of tunnels (engine-move.c).

#ifndef PINHOLE_ENGINE_INTERNAL_H
#define PINHOLE_ENGINE_INTERNAL_H

#include <pthread.h>

#include "engine.h"

enum { CLIENT = 0, UPSTREAM = 1 };

struct pending {
  uint32_t at, end;
  char bytes[];
};

struct side {
  int fd;
  // What epoll watches now; DETACHED where the socket is out of epoll, since it would report a hang-up for ever.
  uint32_t watched;
  // Bytes that this socket's kernel buffer did not take yet.
  struct pending *pending;
  // When one of them last went, in milliseconds.
  double moved_ms;
  // Its FIN has been read; ours has been sent to it.
  uint8_t finished, shut;
  // It takes no more bytes, but its own last ones and its FIN are still to be read; it was reset already when the engine got it.
  uint8_t deaf, was_reset;
};

// No flag of epoll's.
#define DETACHED (1u << 27)

struct tunnel {
  struct side side[2];
  struct engine_limits limits;
  // How many tunnels this slot has had; the caller's.
  uint32_t turn;
  uint8_t in_use, by_known, by;
  // It is being moved: nobody looks at it.
  uint8_t parked;
};

enum command_kind { CLOSE, PARK, FORGET, RESUME, ADOPT };

struct command {
  struct command *next;
  enum command_kind kind;
  enum ended_by by;
  // Which tunnel is meant.
  uint32_t slot, turn;
  int fd[2];
  struct pending *pending[2];
  // ADOPT: the tunnel as its last holder had it.
  uint8_t finished[2], shut[2], by_known;
  struct engine_stats stats;
  struct engine_limits limits;
};

struct engine {
  struct engine_options options;
  // For the next tunnel; the caller's thread.
  struct engine_limits limits;
  struct tunnel *tunnels;
  struct engine_stats *stats;
  // One behind the last slot that has had a tunnel; the caller writes it. What lies behind is memory that nobody has touched.
  uint32_t used;
  double now_ms, swept_ms;
  int epoll, wake;
  pthread_t thread;
  char *chunk;
  // Ends that are not told yet, and where the next one goes.
  size_t ends_new, ends_tail;
  // Received and not adopted yet; the caller's thread.
  struct command *received;

  // Held while a tunnel is half started.
  pthread_mutex_t starting;
  pthread_mutex_t lock;
  // Under the lock.
  struct command *first, *last;
  struct engine_end *ends;
  size_t ends_at, ends_count;
  int told, stopping;
};

// The slot has another tunnel from now on.
void engine_next_turn(struct engine *engine, uint32_t slot);

// Commands reach the engine's thread in their order.
void engine_queue(struct engine *engine, struct command *command);

// CLOCK_MONOTONIC.
double engine_now_ms(void);

// One store of eight bytes, so that a reader on another thread sees an old or a new value, never half of one.
void engine_put(double *to, double value);

#endif
