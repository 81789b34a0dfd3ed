// See front.h for the rule of ownership. One thread, one epoll; nothing here waits.

#define _GNU_SOURCE
#include "front.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

// Connections accepted at one listener in one go: others want their turn.
#define ACCEPTS_MAX 32
// Sockets looked at in one go, so that their events fit: a connection has two at most, and listeners leave room for them.
#define READY_MAX 128
// One read: a head or a hello is far smaller, and whoever sends more has its turn again.
#define READ_BYTES (16 * 1024)
// Dials held back at once; one more is made at once.
#define DIALS_MAX 256

enum state { FREE, LISTENING, CONNECTING, OPEN };

struct pending {
  size_t at, end;
  char bytes[];
};

struct place {
  int fd;
  // What epoll watches; OUT_OF_EPOLL where it does not.
  uint32_t watched;
  uint8_t state, reading, ended, failed, finishing, finished;
  // How often it was given up.
  uint32_t turn;
  // What a dial met, or a write: the kernel says it once, and the next to read would take it for a FIN.
  int error;
  struct pending *pending;
};

// No flag of epoll's.
#define OUT_OF_EPOLL (1u << 27)
// Of one that is dialled. By edge: once connected it need not be taken out of epoll until somebody reads it.
#define DIALLED (EPOLLOUT | EPOLLET)

// A connection whose place is taken and that nobody has dialled yet.
struct dial {
  int id;
  socklen_t length;
  union {
    struct sockaddr any;
    struct sockaddr_in6 largest;
  } to;
};

struct front {
  struct front_options options;
  struct place *places;
  // Places that are free, and those that are from the next poll on.
  struct place **free, **freed;
  uint32_t free_count, freed_count, used;
  // Who is looked at first.
  uint32_t turn;
  int epoll;
  struct dial held[DIALS_MAX];
  uint32_t held_count;
  uint8_t holds;
};

static int id_of(const struct front *f, const struct place *p) {
  return (int)(p->turn % FRONT_TURNS * FRONT_PLACES_MAX + (uint32_t)(p - f->places));
}

static struct place *place_of(const struct front *f, int id) {
  const uint32_t at = FRONT_PLACE((uint32_t)id);
  if (id < 0 || at >= f->used || f->places[at].state == FREE || id_of(f, &f->places[at]) != id) return NULL;
  return &f->places[at];
}

static void watch(struct front *f, struct place *p, uint32_t events) {
  if (p->watched == events) return;
  if (p->watched == OUT_OF_EPOLL && events == 0) return;
  struct epoll_event event = {.events = events, .data.u32 = (uint32_t)id_of(f, p)};
  const int how = p->watched == OUT_OF_EPOLL ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  // Out of memory or watches: a deadline of the caller ends the connection.
  if (epoll_ctl(f->epoll, how, p->fd, &event) == 0) p->watched = events;
}

// A connection is read while its owner wants it, and written to while something waits.
static void rewatch(struct front *f, struct place *p) {
  watch(f, p, (p->reading && !p->ended ? EPOLLIN : 0u) | (p->pending ? EPOLLOUT : 0u));
}

static void give_up(struct front *f, struct place *p) {
  free(p->pending);
  *p = (struct place){.fd = -1, .watched = OUT_OF_EPOLL, .turn = p->turn + 1};
  f->freed[f->freed_count++] = p;
}

static struct place *take_place(struct front *f, int fd, enum state state) {
  struct place *p = NULL;
  if (f->free_count > 0) p = f->free[--f->free_count];
  else if (f->used < f->options.ids) p = &f->places[f->used++];
  if (p) *p = (struct place){.fd = fd, .watched = OUT_OF_EPOLL, .state = (uint8_t)state, .turn = p->turn};
  return p;
}

// A listener's options are those of what it accepts (Linux copies them), which saves a call for each and every one.
static void set_options(const struct front *f, int fd) {
  const int on = 1;
  const struct front_options *o = &f->options;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &o->keep_alive_idle, sizeof o->keep_alive_idle);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &o->keep_alive_interval, sizeof o->keep_alive_interval);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &o->keep_alive_count, sizeof o->keep_alive_count);
}

static void put_address(struct front_event *event, const struct sockaddr_storage *address) {
  const void *bytes = address->ss_family == AF_INET6 ? (const void *)&((const struct sockaddr_in6 *)address)->sin6_addr
                                                     : (const void *)&((const struct sockaddr_in *)address)->sin_addr;
  // Both families have the port in the same place.
  event->number = ntohs(((const struct sockaddr_in *)address)->sin_port);
  event->text_length = inet_ntop(address->ss_family, bytes, event->text, FRONT_TEXT_BYTES) ? (int32_t)strlen(event->text) : 0;
}

// ---- what happened

struct batch {
  struct front_event *events;
  size_t count;
  char *room;
  size_t used, bytes;
};

static struct front_event *add(struct batch *b, enum front_kind kind, int id) {
  struct front_event *event = &b->events[b->count++];
  *event = (struct front_event){.kind = kind, .id = id};
  return event;
}

// A connection is lost once, and nothing more comes of it.
static void fail(struct front *f, struct place *p, int error, struct batch *b) {
  if (p->failed) return;
  p->failed = p->ended = 1;
  free(p->pending);
  p->pending = NULL;
  rewatch(f, p);
  add(b, FRONT_FAILED, id_of(f, p))->number = error;
}

static void accept_some(struct front *f, const struct place *listener, struct batch *b) {
  for (int i = 0; i < ACCEPTS_MAX && b->count < FRONT_EVENTS_MAX - 2 * READY_MAX; i += 1) {
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    const int fd = accept4(listener->fd, (struct sockaddr *)&address, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      // A client that left in the queue, or none at all; only a want of descriptors or memory is the caller's business.
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
        add(b, FRONT_ACCEPT_FAILED, id_of(f, listener))->number = errno;
      if (errno == ECONNABORTED || errno == EINTR) continue;
      return;
    }
    const struct place *p = take_place(f, fd, OPEN);
    if (!p) {
      close(fd);
      return;
    }
    struct front_event *event = add(b, FRONT_ACCEPTED, id_of(f, p));
    event->at = id_of(f, listener);
    event->length = fd;
    put_address(event, &address);
  }
}

static void connected(struct front *f, struct place *p, struct batch *b) {
  int error = p->error;
  socklen_t length = sizeof error;
  if (!error) getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &error, &length);
  if (error) {
    add(b, FRONT_FAILED, id_of(f, p))->number = error;
    return;
  }
  p->state = OPEN;
  struct front_event *event = add(b, FRONT_CONNECTED, id_of(f, p));
  event->length = p->fd;
  struct sockaddr_storage address;
  length = sizeof address;
  if (getsockname(p->fd, (struct sockaddr *)&address, &length) == 0) put_address(event, &address);
}

static void read_some(struct front *f, struct place *p, struct batch *b) {
  size_t room = b->bytes - b->used;
  if (room > READ_BYTES) room = READ_BYTES;
  // It is ready still, and has its turn in the next batch.
  if (room == 0) return;
  const ssize_t got = recv(p->fd, b->room + b->used, room, 0);
  if (got < 0) {
    if (errno != EAGAIN && errno != EINTR) fail(f, p, errno, b);
    return;
  }
  if (got == 0 && p->error) return fail(f, p, p->error, b);
  if (got == 0) {
    p->ended = 1;
    rewatch(f, p);
    add(b, FRONT_END, id_of(f, p));
    return;
  }
  struct front_event *event = add(b, FRONT_DATA, id_of(f, p));
  event->at = (int32_t)b->used;
  event->length = (int32_t)got;
  b->used += (size_t)got;
}

static void finish_now(struct place *p) {
  if (!p->finishing || p->finished || p->pending) return;
  p->finished = 1;
  shutdown(p->fd, SHUT_WR);
}

static void write_some(struct front *f, struct place *p, struct batch *b) {
  const ssize_t sent = send(p->fd, p->pending->bytes + p->pending->at, p->pending->end - p->pending->at, MSG_NOSIGNAL);
  if (sent < 0) {
    if (errno != EAGAIN && errno != EINTR) fail(f, p, errno, b);
    return;
  }
  p->pending->at += (size_t)sent;
  if (p->pending->at < p->pending->end) return;
  free(p->pending);
  p->pending = NULL;
  finish_now(p);
  rewatch(f, p);
  add(b, FRONT_DRAINED, id_of(f, p));
}

static void look(struct front *f, int id, uint32_t ready, struct batch *b) {
  struct place *p = place_of(f, id);
  if (!p) return;
  if (p->state == LISTENING) return accept_some(f, p, b);
  if (p->state == CONNECTING) return connected(f, p, b);
  const size_t before = b->count;
  if (p->pending && ready & (EPOLLOUT | EPOLLERR | EPOLLHUP)) write_some(f, p, b);
  if (p->reading && !p->ended && ready & (EPOLLIN | EPOLLERR | EPOLLHUP)) return read_some(f, p, b);
  if (b->count > before || !(ready & (EPOLLERR | EPOLLHUP))) return;
  // It hung up while nobody reads it; epoll would say so for ever. Who has seen its end is told if it was reset since.
  epoll_ctl(f->epoll, EPOLL_CTL_DEL, p->fd, NULL);
  p->watched = OUT_OF_EPOLL;
  if (p->ended && (p->error || ready & EPOLLERR)) fail(f, p, p->error ? p->error : ECONNRESET, b);
}

size_t front_poll(struct front *f, struct front_event events[FRONT_EVENTS_MAX], char *room, size_t room_bytes) {
  while (f->freed_count > 0) f->free[f->free_count++] = f->freed[--f->freed_count];
  struct epoll_event ready[READY_MAX];
  struct batch batch = {.events = events, .room = room, .bytes = room_bytes};
  const int found = epoll_wait(f->epoll, ready, READY_MAX, 0);
  // Those that epoll gives are the same each time where they are few, and the room may end before them: each is the first in its turn.
  const uint32_t first = found > 0 ? f->turn++ % (uint32_t)found : 0;
  for (int i = 0; i < found; i += 1) {
    const struct epoll_event *one = &ready[(first + (uint32_t)i) % (uint32_t)found];
    look(f, (int)one->data.u32, one->events, &batch);
  }
  return batch.count;
}

// ---- what the caller wants

int front_listen(struct front *f, int descriptor, int backlog) {
  const int flags = fcntl(descriptor, F_GETFL);
  if (flags < 0 || fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) < 0 || fcntl(descriptor, F_SETFD, FD_CLOEXEC) < 0) return -errno;
  set_options(f, descriptor);
  if (listen(descriptor, backlog) < 0) return -errno;
  struct place *p = take_place(f, descriptor, LISTENING);
  if (!p) return -EMFILE;
  watch(f, p, EPOLLIN);
  if (p->watched != OUT_OF_EPOLL) return id_of(f, p);
  // No deadline would ever find out that it takes nobody.
  const int error = errno;
  give_up(f, p);
  return -error;
}

// 0, or an errno value where the kernel refuses at once.
static int dial(int fd, const struct sockaddr *address, socklen_t length) {
  return connect(fd, address, length) < 0 && errno != EINPROGRESS ? errno : 0;
}

int front_connect(struct front *f, const struct sockaddr *address, socklen_t length) {
  const int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  set_options(f, fd);
  struct place *p = take_place(f, fd, CONNECTING);
  if (!p) {
    close(fd);
    return -EMFILE;
  }
  const int id = id_of(f, p);
  if (f->holds && f->held_count < DIALS_MAX && length <= sizeof f->held->to) {
    struct dial *d = &f->held[f->held_count++];
    *d = (struct dial){.id = id, .length = length};
    memcpy(&d->to, address, length);
    return id;
  }
  const int error = dial(fd, address, length);
  if (error) {
    front_close(f, id);
    return -error;
  }
  watch(f, p, DIALLED);
  return id;
}

void front_hold(struct front *f) { f->holds = 1; }

void front_dial_held(struct front *f) {
  for (uint32_t i = 0; i < f->held_count; i += 1) {
    const struct dial *d = &f->held[i];
    struct place *p = place_of(f, d->id);
    // Given up meanwhile.
    if (!p) continue;
    p->error = dial(p->fd, &d->to.any, d->length);
    // One that was refused rings at once.
    watch(f, p, DIALLED);
  }
  f->held_count = 0;
  f->holds = 0;
}

int front_has(const struct front *f, int id) {
  const struct place *p = place_of(f, id);
  return p && p->state == OPEN;
}

void front_read(struct front *f, int id, int on) {
  struct place *p = place_of(f, id);
  if (!p || p->state != OPEN || p->reading == (uint8_t)on) return;
  p->reading = (uint8_t)on;
  rewatch(f, p);
}

int front_write(struct front *f, int id, const void *bytes, size_t length) {
  struct place *p = place_of(f, id);
  if (!p || p->state != OPEN) return 0;
  size_t sent = 0;
  if (!p->pending) {
    const ssize_t went = send(p->fd, bytes, length, MSG_NOSIGNAL);
    if (went > 0) sent = (size_t)went;
    else if (went < 0 && errno != EAGAIN && errno != EINTR) {
      if (!p->error && !p->finished) p->error = errno;
      return 0;
    }
    if (sent == length) return 0;
  }
  const size_t waiting = p->pending ? p->pending->end - p->pending->at : 0;
  struct pending *pending = malloc(sizeof *pending + waiting + length - sent);
  // Without memory the bytes are lost, and with them the connection.
  if (!pending) {
    p->error = ENOMEM;
    shutdown(p->fd, SHUT_RDWR);
    return 0;
  }
  pending->at = 0;
  pending->end = waiting + length - sent;
  if (p->pending) memcpy(pending->bytes, p->pending->bytes + p->pending->at, waiting);
  memcpy(pending->bytes + waiting, (const char *)bytes + sent, length - sent);
  free(p->pending);
  p->pending = pending;
  rewatch(f, p);
  return 1;
}

void front_finish(struct front *f, int id) {
  struct place *p = place_of(f, id);
  if (!p || p->state != OPEN) return;
  p->finishing = 1;
  finish_now(p);
}

void front_close(struct front *f, int id) {
  struct place *p = place_of(f, id);
  if (!p) return;
  // A duplicate may live on, and would go on ringing here.
  if (p->watched != OUT_OF_EPOLL) epoll_ctl(f->epoll, EPOLL_CTL_DEL, p->fd, NULL);
  close(p->fd);
  give_up(f, p);
}

const void *front_unsent(const struct front *f, int id, size_t *length) {
  const struct place *p = place_of(f, id);
  *length = p && p->pending ? p->pending->end - p->pending->at : 0;
  return *length > 0 ? p->pending->bytes + p->pending->at : NULL;
}

int front_release(struct front *f, int id, uint8_t *was_reset) {
  struct place *p = place_of(f, id);
  if (!p) return -1;
  const int fd = p->fd;
  if (was_reset) *was_reset = p->error != 0;
  if (p->watched != OUT_OF_EPOLL) epoll_ctl(f->epoll, EPOLL_CTL_DEL, fd, NULL);
  give_up(f, p);
  return fd;
}

struct front *front_create(const struct front_options *options) {
  struct front *f = calloc(1, sizeof *f);
  if (!f) return NULL;
  f->options = *options;
  if (f->options.ids > FRONT_PLACES_MAX) f->options.ids = FRONT_PLACES_MAX;
  // Memory that no connection has used yet costs address space only.
  f->places = calloc(f->options.ids, sizeof *f->places);
  f->free = calloc(f->options.ids, sizeof(struct place *));
  f->freed = calloc(f->options.ids, sizeof(struct place *));
  f->epoll = epoll_create1(EPOLL_CLOEXEC);
  if (f->places && f->free && f->freed && f->epoll >= 0) return f;
  front_destroy(f);
  return NULL;
}

int front_descriptor(const struct front *f) { return f->epoll; }

void front_destroy(struct front *f) {
  for (uint32_t at = 0; f->places && at < f->used; at += 1) front_close(f, id_of(f, &f->places[at]));
  if (f->epoll >= 0) close(f->epoll);
  free(f->places);
  free(f->free);
  free(f->freed);
  free(f);
}
