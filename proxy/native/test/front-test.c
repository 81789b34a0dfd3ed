// Drives the front without Node, over TCP on the loopback. "Far" is the end of a connection that plays a peer; the other is the front's, and
// goes by its id. One thread has both, as the loopback delivers at once. A line per check, exit 1 if any failed.
#define _GNU_SOURCE
#include "../front.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { KIB = 1024, IDS = 4000, IDLE = 33, INTERVAL = 7, COUNT = 4 };

static int failures;
static const char *part = "";  // Goes before the names: most checks are made for accepted connections and for dialled ones.
#define check(name, good, ...) \
  ((good) ? (void)printf("ok %s%s\n", part, name) : (failures += 1, printf("FAILED %s%s: ", part, name), printf(__VA_ARGS__), (void)puts("")))
// For the test's own plumbing: nothing can be said about the front without it.
#define must(good) do if (!(good)) perror(#good), exit(2); while (0)
// Lets the front work until something holds.
#define await(good) for (const double until_ms = now_ms() + 3000; !(good) && now_ms() < until_ms;) turn(10)
#define each(i, count) for (int i = 0; i < (count); i += 1)

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}
static int open_descriptors(void) {
  int count = 0;
  DIR *dir = opendir("/proc/self/fd");
  must(dir);
  while (readdir(dir)) count += 1;
  closedir(dir);
  return count;
}
static void check_descriptors(const char *name, int before) {
  const int now = open_descriptors();
  check(name, now == before, "%d, %d before", now, before);
}

// ---- the front, with what it told of each id

static struct front *f;
static struct front_event events[2 * FRONT_EVENTS_MAX];  // More than it may use, so that one event too many is a failed check.
static char room[256 * KIB];
static size_t room_bytes = sizeof room, most;
static struct story { int id, open, times[FRONT_DRAINED + 1], port, number; struct front_event first; size_t got; } stories[IDS];  // By place.
static struct story *story_of(int id) { return &stories[FRONT_PLACE((unsigned)id)]; }
static int accepted, all_accepted, wrong_bytes, strays;

// Every stream goes by a number, and each byte follows from it and its place: one that is lost, doubled or from elsewhere is seen.
static void make(char *bytes, int stream, size_t from, size_t length) {
  for (size_t i = 0; i < length; i += 1) bytes[i] = (char)(((uint64_t)stream * 0x100000001b3u + from + i) * 0x9e3779b97f4a7c15u >> 56);
}
static int is_right(const char *bytes, int stream, size_t from, size_t length) {
  char right[64 * KIB];
  make(right, stream, from, length);
  return memcmp(bytes, right, length) == 0;
}

static void note(const struct front_event *e) {
  struct story *s = story_of(e->id);
  if (e->kind == FRONT_ACCEPTED) *s = (struct story){.id = e->id, .open = 1}, accepted = e->id, all_accepted += 1;
  // Of one that was given up, or after its end: FAILED alone may come behind END.
  strays += !s->open || s->id != e->id || s->times[FRONT_FAILED] || (s->times[FRONT_END] && (e->kind == FRONT_DATA || e->kind == FRONT_END));
  s->times[e->kind] += 1, s->number = e->number;
  if (e->kind == FRONT_ACCEPTED || e->kind == FRONT_CONNECTED) s->first = *e, s->port = e->number;
  if (e->kind != FRONT_DATA) return;
  wrong_bytes += (size_t)(e->at + e->length) > room_bytes || !is_right(room + e->at, s->port, s->got, (size_t)e->length);
  s->got += (size_t)e->length;
}
static int rings(int wait_ms) { return poll(&(struct pollfd){front_descriptor(f), POLLIN, 0}, 1, wait_ms); }
static int turn(int wait_ms) {
  rings(wait_ms);
  const size_t found = front_poll(f, events, room, room_bytes);
  if (found > most) most = found;
  each(i, (int)found) note(&events[i]);
  return (int)found;
}

// No event, and no descriptor that goes on ringing, which would make Node's loop spin. A ring or two take a socket out of epoll.
static void check_calm(const char *name) {
  int rang = 0, found = 0;
  each(i, 200) rang += rings(1), found += turn(0);
  check(name, rang <= 3 && found == 0, "%d rings and %d events in 200 polls", rang, found);
}
static void open_front(uint32_t ids) { must((f = front_create(&(struct front_options){ids, IDLE, INTERVAL, COUNT}))); }
static int begin(int id) {
  if (id >= 0) *story_of(id) = (struct story){.id = id, .open = 1};
  return id;
}
static void give_up(int id) { front_close(f, id), story_of(id)->open = 0; }

// ---- connections

typedef union { struct sockaddr any; struct sockaddr_in four; struct sockaddr_in6 six; } address;
struct link { int id, far; };
static address door, outside;      // The front's listener, and one of the test's own that the front dials.
static int door_id, outside_fd;

static socklen_t length_of(const address *a) { return a->any.sa_family == AF_INET6 ? sizeof a->six : sizeof a->four; }
static int bound(int family, address *a) {
  *a = (address){.any.sa_family = (sa_family_t)family};
  if (family == AF_INET6) a->six.sin6_addr = in6addr_loopback;
  else a->four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = socket(family, SOCK_STREAM, 0);
  socklen_t length = sizeof *a;
  return fd >= 0 && bind(fd, &a->any, length_of(a)) == 0 && getsockname(fd, &a->any, &length) == 0 ? fd : -1;
}
static int open_door(int family, address *a) { return begin(front_listen(f, bound(family, a), 1024)); }
static void open_both(int family) {
  must((door_id = open_door(family, &door)) >= 0);
  must((outside_fd = bound(family, &outside)) >= 0 && listen(outside_fd, 1024) == 0);
}
static void close_both(void) { give_up(door_id), close(outside_fd); }

static int knock(const address *a) {
  const int far = socket(a->any.sa_family, SOCK_STREAM, 0);
  must(far >= 0 && connect(far, &a->any, length_of(a)) == 0);
  return far;
}
static int dial(const address *a) { return begin(front_connect(f, &a->any, length_of(a))); }
static struct link dial_outside(void) {
  const int id = dial(&outside);
  return (struct link){id, accept(outside_fd, NULL, NULL)};
}
static struct link open_link(int dialled) {
  struct link l = dialled ? dial_outside() : (struct link){accepted = -1, knock(&door)};
  await(dialled ? story_of(l.id)->times[FRONT_CONNECTED] : accepted >= 0);
  if (!dialled) l.id = accepted;
  // With a time limit, so that a lost byte is a failed check and not a test that hangs.
  must(l.id >= 0 && setsockopt(l.far, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){5, 0}, sizeof(struct timeval)) == 0);
  return l;
}
static struct story *of(struct link l) { return story_of(l.id); }
static int times(struct link l, int kind) { return of(l)->times[kind]; }
static void drop(struct link l) { close(l.far), give_up(l.id); }
static void reset(int fd) { setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger)), close(fd); }

// The far end says its stream, the port's, from `from` on, as much as the kernel takes; how much that was.
static size_t say(struct link l, size_t from, size_t length) {
  static char bytes[1024 * KIB];
  make(bytes, of(l)->port, from, length);
  const ssize_t sent = send(l.far, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
  return sent < 0 ? 0 : (size_t)sent;
}
// The front writes its own.
static int answer(struct link l, size_t from, size_t length) {
  static char bytes[64 * KIB];
  make(bytes, -of(l)->port, from, length);
  return front_write(f, l.id, bytes, length);
}
// Writes until some waits, and once more; how much in all.
static size_t fill(struct link l) {
  size_t sent = 0;
  for (int waits = 0; !waits; sent += 64 * KIB) waits = answer(l, sent, 64 * KIB);
  must(answer(l, sent, 1000) == 1);
  return sent + 1000;
}
// The far end reads up to `limit`; `how` is why it stopped: -1 at the limit, 0 for a FIN, or an errno value, EBADMSG for a wrong byte.
static size_t hear(struct link l, size_t from, size_t limit, int flags, int *how) {
  char bytes[64 * KIB];
  size_t done = 0;
  for (*how = -1; done < limit && *how == -1;) {
    const ssize_t got = recv(l.far, bytes, limit - done < sizeof bytes ? limit - done : sizeof bytes, flags);
    if (got <= 0) *how = got == 0 ? 0 : errno;
    else if (!is_right(bytes, -of(l)->port, from + done, (size_t)got)) *how = EBADMSG;
    else done += (size_t)got;
  }
  return done;
}

// ---- the checks

static int option(int fd, int level, int name) {
  int value = -1;
  return getsockopt(fd, level, name, &value, &(socklen_t){sizeof value}) == 0 ? value : -1;
}
static void test_open(int dialled) {
  const struct link l = open_link(dialled);
  const struct front_event *e = &of(l)->first;
  address a;
  // That of the end which dialled, in both cases.
  must((dialled ? getpeername : getsockname)(l.far, &a.any, &(socklen_t){sizeof a}) == 0);
  const char *right = a.any.sa_family == AF_INET6 ? "::1" : "127.0.0.1";
  const int fd = e->length, is_text = e->text_length == (int)strlen(right) && !memcmp(e->text, right, strlen(right));
  check("address and port", is_text && e->number == ntohs(a.four.sin_port), "%.*s %d", e->text_length, e->text, e->number);
  const int flags = fcntl(fd, F_GETFL) & O_NONBLOCK && fcntl(fd, F_GETFD) & FD_CLOEXEC;
  check("descriptor", flags && (dialled || e->at == door_id), "%d, told of %d", fd, e->at);
  const int idle = option(fd, IPPROTO_TCP, TCP_KEEPIDLE), interval = option(fd, IPPROTO_TCP, TCP_KEEPINTVL);
  const int count = option(fd, IPPROTO_TCP, TCP_KEEPCNT), on = option(fd, IPPROTO_TCP, TCP_NODELAY) > 0 && option(fd, SOL_SOCKET, SO_KEEPALIVE) > 0;
  check("options", on && idle == IDLE && interval == INTERVAL && count == COUNT, "%d, %d %d %d", on, idle, interval, count);
  drop(l);
}

static void test_refused(void) {
  address a;
  const int fd = bound(AF_INET, &a), id = dial(&a);
  must(id >= 0);
  await(story_of(id)->times[FRONT_FAILED]);
  check("a refused connect", story_of(id)->number == ECONNREFUSED && !story_of(id)->times[FRONT_CONNECTED], "%d", story_of(id)->number);
  check_calm("told once, no spin");
  give_up(id), close(fd);
}

// Of epoll's refusals the one that can be made at will: it has this descriptor already.
static void test_unwatched(void) {
  address a;
  const int fd = bound(AF_INET, &a), id = begin(front_listen(f, fd, 8)), again = front_listen(f, fd, 8);
  check("a listener that epoll does not take is an error", id >= 0 && again == -EEXIST, "%d, %d", id, again);
  give_up(id);
}

static int waiting(void) { return poll(&(struct pollfd){outside_fd, POLLIN, 0}, 1, 0); }
static void test_held(void) {
  enum { HELD = 256, MORE = 44 };  // As many as DIALS_MAX of front.c.
  const int descriptors = open_descriptors();
  int id[HELD], far[HELD + MORE], told = 0, came = 0;
  // Nobody can be dialled there by TCP, and the kernel says so at once.
  address none = {.four = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ALLHOSTS_GROUP), .sin_port = htons(9)}};
  front_hold(f);
  const int refused = dial(&none);
  each(i, HELD - 1) must((id[i] = dial(&outside)) >= 0);
  check("held: not dialled", !waiting() && !turn(0) && !story_of(refused)->times[FRONT_FAILED], "somebody came");
  each(i, MORE) far[HELD + i] = dial_outside().far;
  check("held: what is one too many is dialled at once", !waiting(), "more came");
  give_up(id[0]);
  front_dial_held(f);
  for (; waiting(); came += 1) far[came] = accept(outside_fd, NULL, NULL);
  check("held: dialled but for the one that was given up", came == HELD - 2, "%d of %d", came, HELD - 2);
  await(!rings(0));
  for (int i = 1; i < HELD - 1; i += 1) told += story_of(id[i])->times[FRONT_CONNECTED];
  const struct story *r = story_of(refused);
  check("held: told", told == HELD - 2, "%d of %d", told, HELD - 2);
  check("held: refused at once", r->times[FRONT_FAILED] == 1 && r->number == ENETUNREACH, "%d times, %d", r->times[FRONT_FAILED], r->number);
  check_calm("held: told once, no spin");
  check("not held: refused at once", dial(&none) == -ENETUNREACH, "it was dialled");
  const int now = dial(&outside);
  check("not held: dialled at once", waiting() == 1, "nobody came");
  close(accept(outside_fd, NULL, NULL)), give_up(now);
  each(i, came) close(far[i]);
  each(i, MORE) close(far[HELD + i]);
  each(i, IDS) if (stories[i].open && stories[i].id != door_id) give_up(stories[i].id);
  check_descriptors("held: no descriptor left", descriptors);
}

static void test_read(int dialled) {
  const struct link l = open_link(dialled);
  say(l, 0, 100);
  check_calm("begins paused");
  front_read(f, l.id, 1);
  await(of(l)->got == 100);
  front_read(f, l.id, 0), say(l, 100, 50);
  check("reading on", of(l)->got == 100, "%zu", of(l)->got);
  check_calm("reading off");
  front_read(f, l.id, 1);
  room_bytes = 1000;
  size_t said = 150, batches = 0;
  for (const double until = now_ms() + 9000; of(l)->got < KIB * KIB && now_ms() < until; batches += turn(10) > 0)
    said += say(l, said, KIB * KIB - said);
  check("1 MiB in small batches", of(l)->got == KIB * KIB && batches > KIB && !wrong_bytes, "%zu in %zu", of(l)->got, batches);
  room_bytes = sizeof room;
  shutdown(l.far, SHUT_WR);
  await(times(l, FRONT_END));
  check("FIN", times(l, FRONT_END) == 1 && !times(l, FRONT_FAILED), "%d", times(l, FRONT_END));
  check_calm("told once, no spin");
  int how, waits = answer(l, 0, 500);
  front_finish(f, l.id);
  const size_t got = hear(l, 0, 1000, 0, &how);
  check("answer and FIN behind the FIN", got == 500 && !how && !waits, "%zu, then %d", got, how);
  check_calm("no spin: both finished");
  drop(l);
}

// Few get the room of a batch, and each must have its turn although none ever runs dry.
static void test_fair(void) {
  struct link l[40];
  int heard = 0;
  each(i, 40) l[i] = open_link(i % 2), say(l[i], 0, 128 * KIB);
  each(i, 40) front_read(f, l[i].id, 1);
  room_bytes = KIB;
  each(i, 100) turn(0);
  room_bytes = sizeof room;
  each(i, 40) heard += of(l[i])->got > 0, drop(l[i]);
  check("a small room goes round", heard == 40, "%d of 40 in 100 batches", heard);
}

static void test_reset(int dialled) {
  enum { NEW, READ, PAUSED, ENDED };
  static const char *const names[] = {"reset before any reading", "reset", "reset while paused", "reset behind a FIN"};
  // Whoever writes meets the reset before epoll does, and must not swallow it.
  each(writes, 2) each(way, 4) {
    const struct link l = open_link(dialled);
    if (way != NEW) front_read(f, l.id, 1), say(l, 0, 10);
    await(way == NEW || of(l)->got == 10);
    if (way == PAUSED) front_read(f, l.id, 0);
    if (way == ENDED) shutdown(l.far, SHUT_WR);
    await(way != ENDED || times(l, FRONT_END));
    reset(l.far);
    if (writes) answer(l, 0, 1);
    if (way == NEW || way == PAUSED) check_calm(writes ? "no spin: reset and a write while paused" : "no spin: reset while paused");
    front_read(f, l.id, 1);
    await(times(l, FRONT_FAILED) || times(l, FRONT_END) > (way == ENDED));
    // Linux calls a reset behind a FIN a broken pipe where a write meets it.
    const int failed = times(l, FRONT_FAILED), ended = times(l, FRONT_END), number = writes && way == ENDED ? EPIPE : ECONNRESET;
    const int good = failed == 1 && ended == (way == ENDED) && of(l)->number == number;
    check(names[way], good, "%s a write: %d FAILED, %d END, %d", writes ? "with" : "without", failed, ended, of(l)->number);
    answer(l, 0, 1);
    check_calm("told once, no spin");
    give_up(l.id);
  }
  each(was_read, 2) {
    const struct link l = open_link(dialled);
    front_read(f, l.id, was_read), front_read(f, l.id, 0), front_finish(f, l.id), close(l.far);
    check_calm("no spin: hang-up while paused");
    front_read(f, l.id, 1);
    await(times(l, FRONT_END));
    check("hang-up", times(l, FRONT_END) == 1 && !times(l, FRONT_FAILED), "%d", of(l)->number);
    check_calm("told once, no spin");
    give_up(l.id);
  }
}

static void test_write(int dialled) {
  int how = EAGAIN;
  size_t got = 0;
  struct link l = open_link(dialled);
  const size_t sent = fill(l);
  check_calm("full peer: waits, no spin");
  front_finish(f, l.id);
  for (const double until = now_ms() + 5000; how == EAGAIN && now_ms() < until; turn(1)) got += hear(l, got, SIZE_MAX, MSG_DONTWAIT, &how);
  check("bytes in order, FIN behind them", got == sent && how == 0, "%zu of %zu, then %d", got, sent, how);
  check("drained once", times(l, FRONT_DRAINED) == 1, "%d", times(l, FRONT_DRAINED));
  check_calm("and no more");
  drop(l);
  // Both what waits and the reading meet the reset.
  l = open_link(dialled), fill(l), front_read(f, l.id, 1), reset(l.far);
  await(times(l, FRONT_FAILED));
  check_calm("no spin: reset while bytes wait");
  const int others = times(l, FRONT_DRAINED) + times(l, FRONT_END);
  check("reset while bytes wait", times(l, FRONT_FAILED) == 1 && !others, "%d FAILED, %d others", times(l, FRONT_FAILED), others);
  give_up(l.id);
}

static void test_close(int dialled) {
  int how;
  const struct link gone = open_link(dialled);
  give_up(gone.id), hear(gone, 0, 1, 0, &how), close(gone.far);
  check("front_close", how == 0, "%d", how);
  const struct link l = open_link(dialled);
  front_read(f, l.id, 1);
  const int copy = dup(of(l)->first.length);
  give_up(l.id), say(l, 0, 100);
  check_calm("a duplicate does not ring");
  shutdown(copy, SHUT_RDWR), close(l.far);
  check_calm("nor when it hangs up");
  close(copy);
}

static void test_release(int dialled) {
  int how = -1;
  size_t waiting, none, got = 0, out = 0;
  const struct link l = open_link(dialled);
  front_read(f, l.id, 1);
  const size_t sent = fill(l);
  const char *bytes = front_unsent(f, l.id, &waiting);
  char *kept = malloc(waiting), said[100];
  check("unsent bytes", bytes && waiting > 1000 && waiting < sent, "%zu of %zu", waiting, sent);
  memcpy(kept, bytes, waiting);
  const int fd = front_release(f, l.id, NULL), gone = !front_has(f, l.id) && !front_unsent(f, l.id, &none) && none == 0;
  of(l)->open = 0, say(l, 0, 100);
  check_calm("released: no ring");
  for (const double until = now_ms() + 5000; got < sent && now_ms() < until; got += hear(l, got, sent - got, MSG_DONTWAIT, &how)) {
    const ssize_t some = send(fd, kept + out, waiting - out, MSG_NOSIGNAL);
    if (some > 0) out += (size_t)some;
  }
  const int works = recv(fd, said, sizeof said, 0) == sizeof said && is_right(said, of(l)->port, 0, sizeof said);
  check("released: descriptor works", gone && got == sent && works, "%zu of %zu, then %d", got, sent, how);
  free(kept), close(fd), close(l.far);
}

static void test_ids(void) {
  const struct link old = open_link(1);
  struct link l[100], next = {-1, -1};
  int used[2] = {0}, same = 0, how = -1;
  drop(old);
  each(i, 100) {
    if (i == 50) turn(0);
    l[i] = dial_outside(), same += l[i].id == old.id;
    if (FRONT_PLACE(l[i].id) == FRONT_PLACE(old.id)) next = l[i], used[i / 50] += 1;
  }
  check("a place is not used again in its batch, but later", !used[0] && used[1], "%d, %d", used[0], used[1]);
  must(next.id >= 0);
  await(times(next, FRONT_CONNECTED));
  const int has = front_has(f, old.id), released = front_release(f, old.id, NULL);
  size_t waiting;
  const void *unsent = front_unsent(f, old.id, &waiting);
  front_read(f, old.id, 1), front_write(f, old.id, "x", 1), front_finish(f, old.id), front_close(f, old.id);
  const size_t strange = hear(next, 0, 1, MSG_DONTWAIT, &how);
  check("an id that was given up is nobody's", !same && !has && released == -1 && !unsent && how == EAGAIN && !strange, "%d, %d, %d", has, released, how);
  say(next, 0, 10);
  check_calm("nor is it read by one");
  front_read(f, next.id, 1);
  await(of(next)->got == 10);
  check("whoever has its place lives on", of(next)->got == 10, "%zu", of(next)->got);
  each(i, 100) drop(l[i]);
}

static void test_many(void) {
  enum { MANY = 600, DOORS = 20, EACH = 40, READY = 120 };
  static struct link l[MANY];
  static int doors[DOORS], far[DOORS * EACH];
  const int descriptors = open_descriptors();
  int wrong = 0;
  each(i, MANY) l[i] = dial_outside();
  await(!rings(0));
  each(i, MANY) wrong += times(l[i], FRONT_CONNECTED) != 1;
  check("600 connected before the first poll", !wrong, "%d not told", wrong);
  each(i, MANY) front_read(f, l[i].id, 1), say(l[i], 0, 10), shutdown(l[i].far, SHUT_WR);
  await(!rings(0));
  each(i, MANY) wrong += of(l[i])->got != 10 || times(l[i], FRONT_END) != 1, drop(l[i]);
  check("600 with bytes and a FIN", !wrong, "%d not told", wrong);
  // Full listeners come first, and those behind them must fit into the batch still.
  each(i, READY) l[i] = open_link(1), front_read(f, l[i].id, 1);
  most = 0, all_accepted = 0;
  each(i, DOORS) {
    address a;
    must((doors[i] = open_door(AF_INET, &a)) >= 0);
    each(at, EACH) far[i * EACH + at] = knock(&a);
  }
  each(i, READY) say(l[i], 0, 10);
  await(!rings(0));
  each(i, READY) wrong += of(l[i])->got != 10, drop(l[i]);
  check("many listeners: a batch has room", most <= FRONT_EVENTS_MAX, "%zu events", most);
  check("many listeners: all told", !wrong && all_accepted == DOORS * EACH, "%d wrong, %d accepted", wrong, all_accepted);
  each(i, DOORS * EACH) close(far[i]);
  each(i, DOORS) give_up(doors[i]);
  each(i, IDS) if (stories[i].open && stories[i].id != door_id) give_up(stories[i].id);
  check_descriptors("many: no descriptor left", descriptors);
}

static void test_out_of_ids(void) {
  struct front *const first = f;
  const int descriptors = open_descriptors();
  int far[3], wrong = 0, how;
  address a, b;
  open_front(3);
  const int fd = bound(AF_INET, &b), id = open_door(AF_INET, &a);
  each(i, 3) far[i] = knock(&a), wrong += turn(10) != (i < 2);
  hear((struct link){id, far[2]}, 0, 1, 0, &how);
  const int dialled = dial(&outside), refused = front_listen(f, fd, 1);
  check("out of ids", !wrong && how == 0 && dialled == -EMFILE && refused == -EMFILE, "%d wrong, %d, %d, %d", wrong, how, dialled, refused);
  check("a listener that was refused is its owner's", close(fd) == 0, "it was closed");
  each(i, 3) close(far[i]);
  check("out of ids: nobody is dialled", !waiting(), "somebody came");
  front_destroy(f), f = first;
  check_descriptors("out of ids: no descriptor left", descriptors);
}

// In a process of its own, which has no descriptor left for a while.
static void test_out_of_descriptors(void) {
  int status = -1;
  const pid_t child = fork();
  if (child == 0) {
    struct rlimit limit;
    address a;
    open_front(IDS);
    const int id = open_door(AF_INET, &a), next = dup(knock(&a));
    must(close(next) == 0 && getrlimit(RLIMIT_NOFILE, &limit) == 0);
    must(setrlimit(RLIMIT_NOFILE, &(struct rlimit){(rlim_t)next, limit.rlim_max}) == 0);
    const int found = turn(100), told = story_of(id)->times[FRONT_ACCEPT_FAILED] == 1 && story_of(id)->number == EMFILE, dialled = dial(&outside);
    must(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    accepted = -1, turn(100);
    _exit((found != 1 || !told) + 2 * (dialled != -EMFILE) + 4 * (accepted < 0));
  }
  must(child > 0 && waitpid(child, &status, 0) == child);
  check("out of descriptors, and accepted later", status == 0, "status %x", status);
}

static void test_random(void) {
  enum { OPENS = 5000, AT_ONCE = 64 };
  static struct { struct link l; int is_open, far_open; size_t said; } places[AT_ONCE], *p;
  const int descriptors = open_descriptors();
  srand(7);
  for (int opened = 0; opened < OPENS; turn(0)) {
    const int dice = rand() % 16;
    p = &places[rand() % AT_ONCE];
    if (!p->is_open) p->l = open_link(rand() % 2), p->is_open = p->far_open = 1, p->said = 0, opened += 1;
    else if (dice < 3) front_read(f, p->l.id, rand() % 4 > 0);
    else if (dice < 5) answer(p->l, 0, (size_t)(rand() % (64 * KIB)));
    else if (dice == 5) front_finish(f, p->l.id);
    else if (dice < 9 && p->far_open) p->said += say(p->l, p->said, (size_t)(rand() % (100 * KIB)));
    else if (dice == 9 && p->far_open) shutdown(p->l.far, SHUT_WR);
    else if (dice < 12 && p->far_open) dice == 10 ? reset(p->l.far) : (void)close(p->l.far), p->far_open = 0;
    else if (dice > 12) {
      if (dice == 15) close(front_release(f, p->l.id, NULL)), of(p->l)->open = 0;
      else give_up(p->l.id);
      if (p->far_open) close(p->l.far);
      p->is_open = 0;
    }
  }
  for (p = places; p < places + AT_ONCE; p += 1) if (p->is_open) give_up(p->l.id), p->far_open ? close(p->l.far) : 0;
  check_descriptors("random: no descriptor left", descriptors);
  check_calm("random: no spin");
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  const int descriptors = open_descriptors();
  address six;
  const int has_six = bound(AF_INET6, &six);
  open_front(IDS);
  if (has_six >= 0) {
    close(has_six), open_both(AF_INET6);
    part = "accepted by IPv6: ", test_open(0), part = "dialled by IPv6: ", test_open(1);
    close_both();
  }
  open_both(AF_INET);
  each(way, 2) {
    part = way ? "dialled: " : "accepted: ";
    test_open(way), test_read(way), test_reset(way), test_write(way), test_close(way), test_release(way);
  }
  part = "";
  test_refused(), test_unwatched(), test_held(), test_fair(), test_ids(), test_many(), test_out_of_ids(), test_out_of_descriptors(), test_random();
  check("no byte out of place", wrong_bytes == 0, "in %d reads", wrong_bytes);
  check("no event behind the last one of a connection", strays == 0, "%d", strays);
  close_both(), front_destroy(f);
  if (has_six >= 0) check_descriptors("no descriptor left at all", descriptors);
  return failures ? 1 : 0;
}
