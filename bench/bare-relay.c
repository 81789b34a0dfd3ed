// The least that a CONNECT relay in user space can be: one thread, one epoll, and no policy at all. A yardstick, not a proxy:
//
//   bare-relay ADDRESS PORT copy|splice BYTES                 until it is ended
//
// It carries bytes by read() and write() or by splice(2), so many at most at once (mover.h).
// The whole head has to come in one read and name an IP address; whoever ends ends both sides.

#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "mover.h"
#include "sockets.h"

enum { EVENTS = 256, HEAD_MAX = 4096 };

static int epoll;
static const Mover *mover;
static size_t most;  // bytes at once

typedef enum { ASKING, DIALLING, OPEN, ENDED } Stage;
struct pair;

typedef struct {
  struct pair *pair;
  int fd;
  Waiting waiting;  // of what the other side said
} Side;

typedef struct pair {
  Side client, upstream;
  Stage stage;
  struct pair *next_ended;
} Pair;

// Freed once the batch of events is over: a later event of it may be about one of these.
static Pair *ended;

static void end(Pair *pair) {
  if (pair->stage == ENDED) return;
  pair->stage = ENDED;
  close(pair->client.fd);
  if (pair->upstream.fd >= 0) close(pair->upstream.fd);
  pair->next_ended = ended;
  ended = pair;
}

static void free_ended(void) {
  while (ended) {
    Pair *pair = ended;
    ended = pair->next_ended;
    mover->forget(&pair->client.waiting);
    mover->forget(&pair->upstream.waiting);
    free(pair);
  }
}

static void welcome(int listener) {
  int fd;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    send_at_once(fd);
    Pair *pair = calloc(1, sizeof *pair);
    if (!pair) die("calloc");
    pair->client = (Side){.pair = pair, .fd = fd};
    pair->upstream = (Side){.pair = pair, .fd = -1};
    watch(epoll, EPOLL_CTL_ADD, fd, EPOLLIN, &pair->client);
  }
}

static void dial(Pair *pair) {
  char head[HEAD_MAX + 1], ip[16];
  int port;
  const ssize_t got = read(pair->client.fd, head, HEAD_MAX);
  head[got > 0 ? got : 0] = 0;
  if (!strstr(head, "\r\n\r\n") || sscanf(head, "CONNECT %15[0-9.]:%d HTTP/1.1\r\n", ip, &port) != 2) return end(pair);
  const struct sockaddr_in address = address_of(ip, port);
  const int fd = pair->upstream.fd = open_socket();
  send_at_once(fd);
  if (connect(fd, (const struct sockaddr *)&address, sizeof address) && errno != EINPROGRESS) return end(pair);
  pair->stage = DIALLING;
  watch(epoll, EPOLL_CTL_MOD, pair->client.fd, 0, &pair->client);
  watch(epoll, EPOLL_CTL_ADD, fd, EPOLLOUT, &pair->upstream);
}

static void answer_client(Pair *pair) {
  static const char yes[] = "HTTP/1.1 200 OK\r\n\r\n";
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(pair->upstream.fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error || write(pair->client.fd, yes, sizeof yes - 1) != sizeof yes - 1) return end(pair);
  pair->stage = OPEN;
  watch(epoll, EPOLL_CTL_MOD, pair->client.fd, EPOLLIN, &pair->client);
  watch(epoll, EPOLL_CTL_MOD, pair->upstream.fd, EPOLLIN, &pair->upstream);
}

static Side *other(Side *side) { return side == &side->pair->client ? &side->pair->upstream : &side->pair->client; }

static bool is_owed(const Side *side) { return side->waiting.length > 0; }

// A side is read while the other one takes what it says, and written to while something waits for it.
static void rewatch(Side *side) {
  const uint32_t events = (is_owed(other(side)) ? 0u : EPOLLIN) | (is_owed(side) ? EPOLLOUT : 0u);
  watch(epoll, EPOLL_CTL_MOD, side->fd, events, side);
}

static void rewatch_both(Pair *pair) {
  rewatch(&pair->client);
  rewatch(&pair->upstream);
}

static void forward(Side *from) {
  Side *to = other(from);
  const Outcome outcome = mover->move(from->fd, to->fd, most, &to->waiting);
  if (outcome == OVER) end(from->pair);
  if (outcome == WAITS) rewatch_both(from->pair);
}

static void flush_side(Side *to) {
  const Outcome outcome = mover->flush(to->fd, &to->waiting);
  if (outcome == OVER) end(to->pair);
  if (outcome == MOVED) rewatch_both(to->pair);
}

static void step(Side *side, uint32_t events) {
  Pair *pair = side->pair;
  switch (pair->stage) {
    case ASKING: return dial(pair);
    case DIALLING: return side == &pair->client ? end(pair) : answer_client(pair);
    case OPEN:
      if (events & (EPOLLERR | EPOLLHUP)) return end(pair);
      if (events & EPOLLOUT) flush_side(side);
      if (pair->stage == OPEN && events & EPOLLIN) forward(side);
      return;
    case ENDED: return;
  }
}

int main(int count, char **args) {
  if (count != 5) return 64;
  start_program();
  mover = strcmp(args[3], "splice") == 0 ? &SPLICE : &COPY;
  most = (size_t)atol(args[4]);
  const int listener = listen_at(args[1], atoi(args[2]));
  epoll = epoll_create1(EPOLL_CLOEXEC);
  watch(epoll, EPOLL_CTL_ADD, listener, EPOLLIN, NULL);
  struct epoll_event events[EVENTS];
  for (;;) {
    const int found = epoll_wait(epoll, events, EVENTS, -1);
    for (int i = 0; i < found; i++) {
      if (events[i].data.ptr) step(events[i].data.ptr, events[i].events);
      else welcome(listener);
    }
    free_ended();
  }
}
