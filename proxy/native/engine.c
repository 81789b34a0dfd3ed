// See engine.h for the rule of ownership. A tunnel in the table is touched by the engine's thread only, from the moment in which it is `in_use` to
// its end; before and after it is the caller's. The two queues in front of the table (commands in, ends out) are under one lock.

#define _GNU_SOURCE
#include "engine-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_MAX 512
#define SWEEP_MS 1000
#define WAKE UINT64_MAX
// Turns of a slot, before they come round: one bit less than there is room for, so that no name is WAKE.
#define TURNS (1u << 31)

double engine_now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

void engine_put(double *to, double value) { __atomic_store(to, &value, __ATOMIC_RELAXED); }

static void count(struct engine *e, uint32_t slot, int from, double bytes) {
  struct engine_stats *own = &e->stats[slot], *all = &e->stats[e->options.slots];
  if (from == CLIENT) {
    engine_put(&own->bytes_up, own->bytes_up + bytes);
    engine_put(&all->bytes_up, all->bytes_up + bytes);
  } else {
    engine_put(&own->bytes_down, own->bytes_down + bytes);
    engine_put(&all->bytes_down, all->bytes_down + bytes);
  }
  engine_put(&own->last_ms, e->now_ms);
}

static void end_by(struct engine *e, uint32_t slot, enum ended_by by);

// ---- what epoll watches

// What epoll calls a side: the slot's turn above the slot, so that an event of its last tunnel is not taken for one of the next.
static uint64_t name_of(struct engine *e, uint32_t slot, int at) {
  return (uint64_t)__atomic_load_n(&e->tunnels[slot].turn, __ATOMIC_RELAXED) << 32 | (uint64_t)slot << 1 | (uint64_t)at;
}

void engine_next_turn(struct engine *e, uint32_t slot) {
  uint32_t *turn = &e->tunnels[slot].turn;
  __atomic_store_n(turn, (__atomic_load_n(turn, __ATOMIC_RELAXED) + 1) % TURNS, __ATOMIC_RELAXED);
  if (slot >= __atomic_load_n(&e->used, __ATOMIC_RELAXED)) __atomic_store_n(&e->used, slot + 1, __ATOMIC_RELEASE);
}

// A side is read while its peer takes what it says, and written to while something waits for it.
static uint32_t events_of(const struct tunnel *t, int at) {
  const struct side *side = &t->side[at], *peer = &t->side[!at];
  const int reads = !side->finished && !peer->pending && peer->fd >= 0;
  return (reads ? EPOLLIN : 0u) | (side->pending ? EPOLLOUT : 0u);
}

static void watch(struct engine *e, uint32_t slot, int at, uint32_t events) {
  struct side *side = &e->tunnels[slot].side[at];
  if (side->fd < 0 || side->watched == events) return;
  struct epoll_event event = {.events = events, .data.u64 = name_of(e, slot, at)};
  const int how = side->watched == DETACHED ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  if (how == EPOLL_CTL_ADD && events == 0) return;
  // The kernel has no memory or no watches left: a tunnel that nobody looks at would hang.
  if (epoll_ctl(e->epoll, how, side->fd, &event) != 0) return end_by(e, slot, BY_FAULT);
  side->watched = events;
}

static void rewatch(struct engine *e, uint32_t slot) {
  for (int at = CLIENT; at <= UPSTREAM; at += 1) watch(e, slot, at, events_of(&e->tunnels[slot], at));
}

// ---- the end of a tunnel

static void blame(struct tunnel *t, enum ended_by by) {
  if (t->by_known) return;
  t->by = by;
  t->by_known = 1;
}

static void close_side(struct engine *e, struct side *side) {
  free(side->pending);
  side->pending = NULL;
  // Closing is not enough: while the caller has its own descriptor open, epoll would go on reporting the socket, for the slot's next tunnel.
  if (side->fd >= 0 && side->watched != DETACHED) epoll_ctl(e->epoll, EPOLL_CTL_DEL, side->fd, NULL);
  if (side->fd >= 0) close(side->fd);
  side->fd = -1;
  side->watched = DETACHED;
}

// Told once the batch of events is over: until then the caller cannot start another tunnel in the slot. A slot has at most two entries waiting: that
// it was parked, and how it ended or went.
static void tell(struct engine *e, uint32_t slot, uint32_t by) {
  e->ends[e->ends_tail] = (struct engine_end){slot, by};
  e->ends_tail = (e->ends_tail + 1) % (2 * e->options.slots);
  e->ends_new += 1;
}

static void finish(struct engine *e, uint32_t slot) {
  struct tunnel *t = &e->tunnels[slot];
  if (!t->in_use) return;
  blame(t, BY_FAULT);
  close_side(e, &t->side[CLIENT]);
  close_side(e, &t->side[UPSTREAM]);
  __atomic_store_n(&t->in_use, 0, __ATOMIC_RELEASE);
  tell(e, slot, t->by);
}

static void end_by(struct engine *e, uint32_t slot, enum ended_by by) {
  blame(&e->tunnels[slot], by);
  finish(e, slot);
}

// The other end is told of a reset as a reset: a clean FIN would say that the bytes so far were all there are.
static void reset_side(struct side *side) {
  const struct linger now = {.l_onoff = 1, .l_linger = 0};
  if (side->fd >= 0) setsockopt(side->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

// This side is gone. Behind its FIN all it had to say was said, and still has to reach the other one.
static void lost(struct engine *e, uint32_t slot, int at) {
  struct tunnel *t = &e->tunnels[slot];
  struct side *side = &t->side[at], *peer = &t->side[!at];
  blame(t, at == CLIENT ? BY_CLIENT : BY_UPSTREAM);
  if (side->finished && peer->pending) {
    close_side(e, side);
    return rewatch(e, slot);
  }
  if (!side->finished) reset_side(peer);
  finish(e, slot);
}

// A write to this side failed. The kernel says EPIPE, and not ECONNRESET, where the reset came behind a FIN: then what it said before is
// whole and still has to reach the other side, while what comes for it goes nowhere.
static void refused(struct engine *e, uint32_t slot, int at, int error) {
  struct side *side = &e->tunnels[slot].side[at];
  if (error != EPIPE || side->finished || side->was_reset) return lost(e, slot, at);
  blame(&e->tunnels[slot], at == CLIENT ? BY_CLIENT : BY_UPSTREAM);
  side->deaf = 1;
  free(side->pending);
  side->pending = NULL;
  rewatch(e, slot);
}

// ---- bytes

// Passes the FIN of a side on once everything before it has gone; both passed on is the end.
static void pass_fin(struct engine *e, uint32_t slot) {
  struct tunnel *t = &e->tunnels[slot];
  for (int at = CLIENT; at <= UPSTREAM; at += 1) {
    struct side *side = &t->side[at], *peer = &t->side[!at];
    if (!side->finished || peer->pending) continue;
    if (side->fd < 0) return finish(e, slot);
    if (!peer->shut) {
      peer->shut = 1;
      shutdown(peer->fd, SHUT_WR);
    }
  }
  if (t->side[CLIENT].shut && t->side[UPSTREAM].shut) finish(e, slot);
}

static void send_pending(struct engine *e, uint32_t slot, int at) {
  struct side *side = &e->tunnels[slot].side[at];
  struct pending *pending = side->pending;
  const ssize_t sent = send(side->fd, pending->bytes + pending->at, pending->end - pending->at, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0) {
    if (errno != EAGAIN && errno != EINTR) refused(e, slot, at, errno);
    return;
  }
  side->moved_ms = e->now_ms;
  engine_put(&e->stats[slot].last_ms, e->now_ms);
  pending->at += (uint32_t)sent;
  if (pending->at < pending->end) return;
  free(pending);
  side->pending = NULL;
  pass_fin(e, slot);
  if (e->tunnels[slot].in_use) rewatch(e, slot);
}

static void forward(struct engine *e, uint32_t slot, int from) {
  struct tunnel *t = &e->tunnels[slot];
  struct side *side = &t->side[from], *peer = &t->side[!from];
  const ssize_t got = recv(side->fd, e->chunk, t->limits.chunk_bytes, MSG_DONTWAIT);
  if (got < 0) {
    if (errno != EAGAIN && errno != EINTR) lost(e, slot, from);
    return;
  }
  // A write met its reset, which the kernel tells once.
  if (got == 0 && side->was_reset) return lost(e, slot, from);
  if (got == 0) {
    engine_put(&e->stats[slot].last_ms, e->now_ms);
    side->finished = 1;
    blame(t, from == CLIENT ? BY_CLIENT : BY_UPSTREAM);
    if (side->deaf) return lost(e, slot, from);
    pass_fin(e, slot);
    if (t->in_use) rewatch(e, slot);
    return;
  }
  count(e, slot, from, (double)got);
  if (peer->deaf) return;
  ssize_t sent = send(peer->fd, e->chunk, (size_t)got, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent == got) return;
  if (sent < 0) {
    if (errno != EAGAIN && errno != EINTR) return refused(e, slot, !from, errno);
    sent = 0;
  }
  const uint32_t rest = (uint32_t)(got - sent);
  struct pending *pending = malloc(sizeof *pending + rest);
  if (!pending) return end_by(e, slot, BY_FAULT);
  pending->at = 0;
  pending->end = rest;
  memcpy(pending->bytes, e->chunk + sent, rest);
  peer->pending = pending;
  peer->moved_ms = e->now_ms;
  rewatch(e, slot);
}

// Is this still, or will it be in a moment, the tunnel that the event is about?
static int is_running(struct engine *e, uint64_t name) {
  const struct tunnel *t = &e->tunnels[(uint32_t)name >> 1];
  if (__atomic_load_n(&t->turn, __ATOMIC_RELAXED) != (uint32_t)(name >> 32)) return 0;
  if (__atomic_load_n(&t->in_use, __ATOMIC_ACQUIRE)) return 1;
  // Ended earlier in this very batch, or about to be started by the caller's thread.
  pthread_mutex_lock(&e->starting);
  pthread_mutex_unlock(&e->starting);
  return __atomic_load_n(&t->in_use, __ATOMIC_ACQUIRE);
}

static void handle(struct engine *e, uint64_t name, uint32_t events) {
  if (!is_running(e, name)) return;
  const uint32_t slot = (uint32_t)name >> 1;
  const int at = (int)(name & 1);
  struct tunnel *t = &e->tunnels[slot];
  struct side *side = &t->side[at];
  if (t->parked || side->fd < 0) return;
  if (side->pending && events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) {
    send_pending(e, slot, at);
    if (!t->in_use || side->fd < 0) return;
  }
  if (side->watched & EPOLLIN && events & (EPOLLIN | EPOLLERR | EPOLLHUP)) return forward(e, slot, at);
  if (!(events & (EPOLLERR | EPOLLHUP))) return;
  if (side->finished && events & EPOLLERR) return lost(e, slot, at);
  // It hangs up while it has to wait for its peer: looked at again when the peer has taken what waits. Epoll would say so for ever.
  if (side->watched == 0) {
    epoll_ctl(e->epoll, EPOLL_CTL_DEL, side->fd, NULL);
    side->watched = DETACHED;
  }
}

// ---- commands, limits and the loop

// Takes both sockets out of epoll, so that nothing of them is read here any more.
static void park(struct engine *e, uint32_t slot) {
  struct tunnel *t = &e->tunnels[slot];
  if (t->parked) return;
  for (int at = CLIENT; at <= UPSTREAM; at += 1) {
    const struct side *side = &t->side[at];
    // One side is gone already: its last bytes are flushed here.
    if (side->fd < 0 || side->deaf || side->was_reset) return tell(e, slot, NEWS_STAYS);
  }
  for (int at = CLIENT; at <= UPSTREAM; at += 1) {
    struct side *side = &t->side[at];
    if (side->watched != DETACHED) epoll_ctl(e->epoll, EPOLL_CTL_DEL, side->fd, NULL);
    side->watched = DETACHED;
  }
  t->parked = 1;
  tell(e, slot, NEWS_PARKED);
}

static void go_on(struct engine *e, uint32_t slot) {
  e->tunnels[slot].parked = 0;
  pass_fin(e, slot);
  if (e->tunnels[slot].in_use) rewatch(e, slot);
}

static void forget(struct engine *e, uint32_t slot) {
  struct tunnel *t = &e->tunnels[slot];
  if (!t->parked) return;
  close_side(e, &t->side[CLIENT]);
  close_side(e, &t->side[UPSTREAM]);
  __atomic_store_n(&t->in_use, 0, __ATOMIC_RELEASE);
  tell(e, slot, NEWS_MOVED);
}

static void adopt(struct engine *e, const struct command *command) {
  struct tunnel *t = &e->tunnels[command->slot];
  t->limits = command->limits;
  t->by_known = command->by_known;
  t->by = (uint8_t)command->by;
  t->parked = 0;
  for (int at = CLIENT; at <= UPSTREAM; at += 1) {
    struct side *side = &t->side[at];
    *side = (struct side){.fd = command->fd[at], .watched = DETACHED, .pending = command->pending[at], .moved_ms = e->now_ms};
    side->finished = command->finished[at];
    side->shut = command->shut[at];
  }
  __atomic_store_n(&t->in_use, 1, __ATOMIC_RELEASE);
  go_on(e, command->slot);
}

static void obey(struct engine *e, const struct command *command) {
  const struct tunnel *t = &e->tunnels[command->slot];
  if (command->kind == ADOPT) return adopt(e, command);
  // The one that was meant may have ended meanwhile, and the slot have another.
  if (__atomic_load_n(&t->turn, __ATOMIC_RELAXED) != command->turn || !__atomic_load_n(&t->in_use, __ATOMIC_ACQUIRE)) return;
  switch (command->kind) {
    case PARK: return park(e, command->slot);
    case FORGET: return forget(e, command->slot);
    case RESUME:
      if (t->parked) go_on(e, command->slot);
      return;
    // A parked tunnel may live elsewhere already: it is closed where it goes on.
    default:
      if (!t->parked) end_by(e, command->slot, command->by);
  }
}

static int take_commands(struct engine *e) {
  uint64_t ignored;
  if (read(e->wake, &ignored, sizeof ignored) < 0) {
    // Nobody woke us after all.
  }
  pthread_mutex_lock(&e->lock);
  struct command *command = e->first;
  const int stopping = e->stopping;
  e->first = e->last = NULL;
  pthread_mutex_unlock(&e->lock);
  while (command) {
    struct command *next = command->next;
    obey(e, command);
    free(command);
    command = next;
  }
  return stopping;
}

static void sweep(struct engine *e) {
  e->swept_ms = e->now_ms;
  const uint32_t used = __atomic_load_n(&e->used, __ATOMIC_ACQUIRE);
  for (uint32_t slot = 0; slot < used; slot += 1) {
    struct tunnel *t = &e->tunnels[slot];
    const struct engine_limits *limits = &t->limits;
    if (!__atomic_load_n(&t->in_use, __ATOMIC_ACQUIRE) || t->parked) continue;
    const double idle_ms = e->now_ms - e->stats[slot].last_ms;
    int over = idle_ms >= limits->idle_ms || ((t->side[0].finished || t->side[1].finished) && idle_ms >= limits->half_closed_ms);
    for (int at = CLIENT; at <= UPSTREAM; at += 1) {
      const struct side *side = &t->side[at];
      if (side->pending && e->now_ms - side->moved_ms >= e->options.no_progress_ms) over = 1;
    }
    if (over) end_by(e, slot, BY_IDLE);
  }
}

// Tells the caller once, and again only after it has fetched all.
static void tell_ends(struct engine *e) {
  pthread_mutex_lock(&e->lock);
  e->ends_count += e->ends_new;
  e->ends_new = 0;
  const int tell = e->ends_count > 0 && !e->told;
  if (tell) e->told = 1;
  pthread_mutex_unlock(&e->lock);
  if (tell) e->options.on_ends(e->options.context);
}

static void *run(void *argument) {
  struct engine *e = argument;
  struct epoll_event events[EVENTS_MAX];
  for (;;) {
    const int found = epoll_wait(e->epoll, events, EVENTS_MAX, SWEEP_MS);
    e->now_ms = engine_now_ms();
    int woken = 0;
    for (int i = 0; i < found; i += 1) {
      const uint64_t data = events[i].data.u64;
      if (data == WAKE) woken = 1;
      else handle(e, data, events[i].events);
    }
    if (woken && take_commands(e)) break;
    if (e->now_ms - e->swept_ms >= SWEEP_MS) sweep(e);
    tell_ends(e);
  }
  for (uint32_t slot = 0; slot < __atomic_load_n(&e->used, __ATOMIC_ACQUIRE); slot += 1) finish(e, slot);
  return NULL;
}

static void wake(struct engine *e) {
  const uint64_t one = 1;
  if (write(e->wake, &one, sizeof one) < 0) {
    // The counter is full of wakes already.
  }
}

void engine_queue(struct engine *e, struct command *command) {
  pthread_mutex_lock(&e->lock);
  const int was_empty = e->first == NULL;
  if (was_empty) e->first = command;
  else e->last->next = command;
  e->last = command;
  pthread_mutex_unlock(&e->lock);
  if (was_empty) wake(e);
}

struct engine *engine_create(const struct engine_options *options) {
  struct engine *e = calloc(1, sizeof *e);
  if (!e) return NULL;
  e->options = *options;
  engine_limit(e, &options->limits);
  // Memory that no tunnel has used yet costs address space only.
  e->tunnels = calloc(options->slots, sizeof *e->tunnels);
  e->stats = calloc((size_t)options->slots + 2, sizeof *e->stats);
  e->ends = calloc(2 * (size_t)options->slots, sizeof *e->ends);
  e->chunk = malloc(ENGINE_CHUNK_BYTES_MAX);
  e->epoll = epoll_create1(EPOLL_CLOEXEC);
  e->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  e->now_ms = e->swept_ms = engine_now_ms();
  pthread_mutex_init(&e->lock, NULL);
  pthread_mutex_init(&e->starting, NULL);
  struct epoll_event event = {.events = EPOLLIN, .data.u64 = WAKE};
  if (e->tunnels && e->stats && e->ends && e->chunk && e->epoll >= 0 && e->wake >= 0 &&
      epoll_ctl(e->epoll, EPOLL_CTL_ADD, e->wake, &event) == 0 && pthread_create(&e->thread, NULL, run, e) == 0)
    return e;
  if (e->epoll >= 0) close(e->epoll);
  if (e->wake >= 0) close(e->wake);
  free(e->tunnels);
  free(e->stats);
  free(e->ends);
  free(e->chunk);
  free(e);
  return NULL;
}

struct engine_stats *engine_stats(struct engine *e) { return e->stats; }

void engine_limit(struct engine *e, const struct engine_limits *limits) {
  e->limits = *limits;
  if (e->limits.chunk_bytes > ENGINE_CHUNK_BYTES_MAX) e->limits.chunk_bytes = ENGINE_CHUNK_BYTES_MAX;
}

// Sends what was read before; what the socket does not take at once waits. 0 where there was no memory for it.
static int send_first(struct side *side, const void *bytes, size_t length) {
  if (length == 0) return 1;
  ssize_t sent = send(side->fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0) {
    // A socket that is gone says so again to the engine's thread, but says why only once.
    if (errno != EAGAIN && errno != EINTR && errno != EPIPE) side->was_reset = 1;
    sent = 0;
  }
  if ((size_t)sent == length) return 1;
  struct pending *pending = malloc(sizeof *pending + length - (size_t)sent);
  if (!pending) return 0;
  pending->at = 0;
  pending->end = (uint32_t)(length - (size_t)sent);
  memcpy(pending->bytes, (const char *)bytes + sent, pending->end);
  side->pending = pending;
  return 1;
}

// Gives both sides to epoll. Until both are there the engine's thread leaves them alone: it would close a descriptor that is about to be watched.
static int watch_first(struct engine *e, uint32_t slot) {
  struct tunnel *t = &e->tunnels[slot];
  pthread_mutex_lock(&e->starting);
  int ok = 1;
  for (int at = CLIENT; at <= UPSTREAM; at += 1) {
    struct side *side = &t->side[at];
    struct epoll_event event = {.events = events_of(t, at), .data.u64 = name_of(e, slot, at)};
    if (ok && epoll_ctl(e->epoll, EPOLL_CTL_ADD, side->fd, &event) == 0) side->watched = event.events;
    else ok = 0;
  }
  if (ok) __atomic_store_n(&t->in_use, 1, __ATOMIC_RELEASE);
  pthread_mutex_unlock(&e->starting);
  return ok;
}

int engine_start(struct engine *e, uint32_t slot, const struct engine_leg legs[2]) {
  struct tunnel *t = &e->tunnels[slot];
  const double now_ms = engine_now_ms();
  engine_next_turn(e, slot);
  t->limits = e->limits;
  t->by_known = t->by = t->parked = 0;
  int ok = 1;
  for (int at = CLIENT; at <= UPSTREAM; at += 1) {
    t->side[at] = (struct side){.fd = legs[at].fd, .watched = DETACHED, .moved_ms = now_ms, .was_reset = legs[at].was_reset};
    ok = ok && send_first(&t->side[at], legs[at].first, legs[at].length);
  }
  struct engine_stats *own = &e->stats[slot], *all = &e->stats[e->options.slots + 1];
  engine_put(&own->bytes_up, legs[CLIENT].sent + (double)legs[UPSTREAM].length);
  engine_put(&own->bytes_down, legs[UPSTREAM].sent + (double)legs[CLIENT].length);
  engine_put(&own->last_ms, now_ms);
  engine_put(&all->bytes_up, all->bytes_up + own->bytes_up);
  engine_put(&all->bytes_down, all->bytes_down + own->bytes_down);
  // From here on the tunnel is the engine's thread's.
  if (ok && watch_first(e, slot)) return 1;
  close_side(e, &t->side[CLIENT]);
  close_side(e, &t->side[UPSTREAM]);
  return 0;
}

static void ask(struct engine *e, uint32_t slot, enum command_kind kind, enum ended_by by) {
  if (slot >= e->options.slots) return;
  struct command *command = calloc(1, sizeof *command);
  if (!command) return;
  command->kind = kind;
  command->slot = slot;
  command->turn = __atomic_load_n(&e->tunnels[slot].turn, __ATOMIC_RELAXED);
  command->by = by;
  engine_queue(e, command);
}

void engine_close(struct engine *e, uint32_t slot, enum ended_by by) { ask(e, slot, CLOSE, by); }
void engine_park(struct engine *e, uint32_t slot) { ask(e, slot, PARK, BY_FAULT); }
void engine_forget(struct engine *e, uint32_t slot) { ask(e, slot, FORGET, BY_FAULT); }
void engine_resume(struct engine *e, uint32_t slot) { ask(e, slot, RESUME, BY_FAULT); }

size_t engine_ends(struct engine *e, struct engine_end *ends, size_t room) {
  size_t taken = 0;
  pthread_mutex_lock(&e->lock);
  for (; taken < room && e->ends_count > 0; taken += 1) {
    ends[taken] = e->ends[e->ends_at];
    e->ends_at = (e->ends_at + 1) % (2 * e->options.slots);
    e->ends_count -= 1;
  }
  e->told = e->ends_count > 0;
  pthread_mutex_unlock(&e->lock);
  return taken;
}

void engine_destroy(struct engine *e) {
  engine_discard(e);
  pthread_mutex_lock(&e->lock);
  e->stopping = 1;
  pthread_mutex_unlock(&e->lock);
  wake(e);
  pthread_join(e->thread, NULL);
  close(e->epoll);
  close(e->wake);
  pthread_mutex_destroy(&e->lock);
  pthread_mutex_destroy(&e->starting);
  free(e->tunnels);
  free(e->stats);
  free(e->ends);
  free(e->chunk);
  free(e);
}
