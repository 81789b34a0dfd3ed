// Drives the relay engine without Node, over TCP on 127.0.0.1. "Far" is the end of a connection that plays a peer, "near" the one that the
// engine gets. One thread calls the engine, as in Node; only peers are driven from others too. A line per check, exit 1 if any failed.
#define _GNU_SOURCE
#include "../engine.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

// Client and upstream as indexes, which are also BY_CLIENT and BY_UPSTREAM.
enum { C, U };
enum { SLOTS = 200, KIB = 1024, NEVER = 1000000000, LIMIT_REACHED = -1 };

static int failures;
static const char *part = "";  // Goes before the names: most checks are made with the sides both ways round.
#define check(name, good, ...) \
  ((good) ? (void)printf("ok %s%s\n", part, name) : (failures += 1, printf("FAILED %s%s: ", part, name), printf(__VA_ARGS__), (void)puts("")))
// For the test's own plumbing: nothing can be said about the engine without it.
#define must(good) do if (!(good)) perror(#good), exit(2); while (0)

static double clock_ms(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}
static double now_ms(void) { return clock_ms(CLOCK_MONOTONIC); }
static void sleep_ms(unsigned ms) { usleep(ms * 1000); }

static int open_descriptors(void) {
  int count = 0;
  DIR *dir = opendir("/proc/self/fd");
  must(dir);
  while (readdir(dir)) count += 1;
  closedir(dir);
  return count;
}

// ---- an engine with what it reported

struct rig {
  struct engine *engine;
  struct engine_stats *stats;
  int bell, ends[SLOTS], by[SLOTS];  // The bell is rung by on_ends.
  atomic_int calls;
};

static void on_ends(void *context) {
  struct rig *r = context;
  atomic_fetch_add(&r->calls, 1);
  must(write(r->bell, &(uint64_t){1}, 8) == 8);
}
static void rig_open(struct rig *r, double idle_ms, double half_closed_ms, double no_progress_ms) {
  memset(r, 0, sizeof *r);
  must((r->bell = eventfd(0, EFD_NONBLOCK)) >= 0);
  must((r->engine = engine_create(&(struct engine_options){SLOTS, {64 * KIB, idle_ms, half_closed_ms}, no_progress_ms, on_ends, r})));
  r->stats = engine_stats(r->engine);
}
static void rig_close(struct rig *r) { engine_destroy(r->engine), close(r->bell); }

static int fetch(struct rig *r, size_t room) {
  struct engine_end ends[SLOTS];
  if (read(r->bell, &(uint64_t){0}, 8) < 0) must(errno == EAGAIN);
  const size_t found = engine_ends(r->engine, ends, room);
  for (size_t i = 0; i < found; i += 1) {
    r->ends[ends[i].slot] += 1;
    r->by[ends[i].slot] = (int)ends[i].by;
  }
  return (int)found;
}

static void fetch_within(struct rig *r, int ms) { poll(&(struct pollfd){r->bell, POLLIN, 0}, 1, ms), fetch(r, SLOTS); }

// Who ended the tunnel in a slot; -1 where it goes on.
static int ended_by(struct rig *r, uint32_t slot, double within_ms) {
  for (const double until = now_ms() + within_ms; !r->ends[slot] && now_ms() < until;) fetch_within(r, 10);
  return r->ends[slot] == 1 ? r->by[slot] : -1;
}
// With SLOTS, over all tunnels.
static double moved(struct rig *r, uint32_t slot, int from) {
  double sum = 0, value;
  for (uint32_t row = slot; row <= (slot == SLOTS ? SLOTS + 1 : slot); row += 1, sum += value)
    __atomic_load(from == C ? &r->stats[row].bytes_up : &r->stats[row].bytes_down, &value, __ATOMIC_RELAXED);
  return sum;
}

// ---- connections

struct link { int far[2], near[2]; };
static int listener;
static struct link connect_link(void) {
  static struct sockaddr_in address = {.sin_family = AF_INET};
  static socklen_t length = sizeof address;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (address.sin_port == 0) {
    must((listener = socket(AF_INET, SOCK_STREAM, 0)) >= 0 && bind(listener, (struct sockaddr *)&address, length) == 0);
    must(listen(listener, 16) == 0 && getsockname(listener, (struct sockaddr *)&address, &length) == 0);
  }
  struct link l;
  for (int at = C; at <= U; at += 1) {
    // With a time limit, so that a lost byte is a failed check and not a test that hangs.
    const struct timeval limit = {5, 0};
    must((l.far[at] = socket(AF_INET, SOCK_STREAM, 0)) >= 0 && connect(l.far[at], (struct sockaddr *)&address, length) == 0);
    must((l.near[at] = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0);
    must(setsockopt(l.far[at], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
    must(setsockopt(l.far[at], SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) == 0);
  }
  return l;
}
static void drop(const int fd[2]) { close(fd[C]), close(fd[U]); }
// The near ends are the engine's from here on.
static void begin(struct rig *r, uint32_t slot, const struct link *l) {
  r->ends[slot] = 0;
  must(engine_start(r->engine, slot, (struct engine_leg[2]){{.fd = l->near[C]}, {.fd = l->near[U]}}));
}
static struct link open_link(struct rig *r, uint32_t slot) {
  const struct link l = connect_link();
  begin(r, slot, &l);
  return l;
}
static void reset(int fd) {
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
  close(fd);
}
static int asked(int fd, unsigned long what) {
  int bytes = 0;
  return ioctl(fd, what, &bytes) == 0 ? bytes : -1;
}
static int has_room(int fd) {
  struct pollfd ready = {fd, POLLOUT, 0};
  return poll(&ready, 1, 0) > 0 && ready.revents & POLLOUT;
}

// Every stream has a seed, and each byte follows from it and its place: one that is lost, doubled or from another tunnel is seen.
// Not watched for races, which would take most of the test's time: the bytes are their caller's own.
__attribute__((no_sanitize("thread"))) static void make(char *bytes, uint64_t seed, uint64_t from, size_t length) {
  for (size_t i = 0; i < length; i += 1) bytes[i] = (char)((seed * 0x100000001b3u + from + i) * 0x9e3779b97f4a7c15u >> 56);
}

// Sends the stream's bytes from `from` on; how many went.
static size_t say(int fd, uint64_t seed, uint64_t from, size_t length, int flags) {
  char bytes[16 * KIB];
  size_t done = 0;
  for (ssize_t sent = 1; done < length && sent > 0; done += sent > 0 ? (size_t)sent : 0) {
    const size_t some = length - done < sizeof bytes ? length - done : sizeof bytes;
    make(bytes, seed, from + done, some);
    sent = send(fd, bytes, some, flags | MSG_NOSIGNAL);
  }
  return done;
}

// Reads up to `limit` bytes of a stream; `how` is why it stopped: LIMIT_REACHED, 0 for a FIN, or an errno value, EBADMSG for a wrong byte.
static size_t hear(int fd, uint64_t seed, uint64_t from, size_t limit, int flags, int *how) {
  char bytes[16 * KIB], right[sizeof bytes];
  size_t done = 0;
  for (*how = LIMIT_REACHED; done < limit && *how == LIMIT_REACHED;) {
    const ssize_t got = recv(fd, bytes, limit - done < sizeof bytes ? limit - done : sizeof bytes, flags);
    if (got > 0) make(right, seed, from + done, (size_t)got);
    if (got <= 0) *how = got == 0 ? 0 : errno;
    else if (memcmp(bytes, right, (size_t)got) != 0) *how = EBADMSG;
    else done += (size_t)got;
  }
  return done;
}

// Says a stream's bytes from `from` to `to` at one far end while the other reads it from `got` on; where the reader came to.
static size_t carry(const struct link *l, int at, uint64_t seed, size_t from, size_t got, size_t to) {
  int how = EAGAIN;
  for (const double until = now_ms() + 8000; got < to && how == EAGAIN && now_ms() < until; how = how == LIMIT_REACHED ? EAGAIN : how) {
    from += say(l->far[at], seed, from, to - from, MSG_DONTWAIT);
    got += hear(l->far[!at], seed, got, to - got, MSG_DONTWAIT, &how);
  }
  return got;
}

static double filled_ms;  // What was read last in a filling was read after this.

// Sends until the engine stops reading this side, with some bytes left in the kernel buffer that it reads from; how many were sent.
// It has stopped when nothing was read in many looks and its peer has no room. Time alone would not tell that from a pause of either thread.
static size_t fill(struct rig *r, uint32_t slot, const struct link *l, int at, uint64_t seed) {
  enum { QUICK = 400, LOOKS = QUICK + 30 };
  double got = 0, looked = now_ms(), give_up = looked + 10000;
  for (size_t sent = 0;;) {
    sent += say(l->far[at], seed, sent, 16 * KIB, 0);
    for (int looks = 0; got < (double)sent; looks += 1) {
      const double look = now_ms(), more = moved(r, slot, at);
      if (more > got) got = more, looks = 0, filled_ms = looked, give_up = look + 10000;
      else if (looks >= QUICK && has_room(l->near[!at])) looks = QUICK;
      looked = look;
      if (looks == LOOKS || look > give_up) return sent;
      usleep(looks < QUICK ? 50 : 10000);
    }
  }
}

// ---- the checks

static void test_bytes(struct rig *r, int at) {
  enum { FIRST = KIB * KIB, ALL = 5 * KIB * KIB };
  static char first[FIRST];
  int how[2];
  const struct link l = connect_link();
  // Larger than a kernel buffer, and the peer has spoken before: all that has to come behind it.
  make(first, 1, 0, FIRST);
  const size_t said = say(l.far[at], 1, FIRST, 10 * KIB, 0), up = at == C ? FIRST : 0;
  const double sum = moved(r, SLOTS, at), sum_back = moved(r, SLOTS, !at), sent = at == C ? 100 : 200, back = 300 - sent;
  r->ends[3] = 0;
  must(engine_start(r->engine, 3, (struct engine_leg[2]){{.fd = l.near[C], .first = first, .length = FIRST - up, .sent = 100},
                                                    {.fd = l.near[U], .first = first, .length = up, .sent = 200}}));
  const size_t got = carry(&l, at, 1, FIRST + said, 0, ALL), other = carry(&l, !at, 2, 0, 0, ALL);
  check("bytes in order, those of the start first", got == ALL && other == ALL, "%zu and %zu back of %d", got, other, ALL);
  check("counts of a tunnel", moved(r, 3, at) == ALL + sent && moved(r, 3, !at) == ALL + back, "%f", moved(r, 3, at));
  check("sums over all", moved(r, SLOTS, at) - sum == ALL + sent && moved(r, SLOTS, !at) - sum_back == ALL + back, "%f", moved(r, SLOTS, at));
  engine_close(r->engine, 3, BY_OPERATOR);
  for (int side = C; side <= U; side += 1) hear(l.far[side], 0, 0, 1, 0, &how[side]);
  check("engine_close ends both sides, with its reason", ended_by(r, 3, 3000) == BY_OPERATOR && !how[C] && !how[U], "by %d", r->by[3]);
  drop(l.far);
}

static void test_half_close(struct rig *r, int at) {
  int how;
  const struct link l = open_link(r, 0);
  const size_t sent = fill(r, 0, &l, at, 3);
  shutdown(l.far[at], SHUT_WR), sleep_ms(50);
  const size_t got = hear(l.far[!at], 3, 0, SIZE_MAX, 0, &how), back = carry(&l, !at, 4, 0, 0, 300 * KIB);
  check("FIN behind all its bytes", got == sent && how == 0, "%zu of %zu bytes, then %d", got, sent, how);
  const int early = ended_by(r, 0, 100);
  shutdown(l.far[!at], SHUT_WR);
  hear(l.far[at], 4, back, 1, 0, &how);
  check("answer and FIN behind the FIN", back == 300 * KIB && how == 0 && early < 0, "%zu bytes, then %d, by %d", back, how, early);
  check("ended by the first FIN", ended_by(r, 0, 3000) == at, "by %d", r->by[0]);
  drop(l.far);
}

static void test_reset(struct rig *r, int at) {
  // What comes before the reset that stands behind a FIN, and behind bytes that the engine has not read since their reader is full: nothing;
  // the reader speaks to the closed socket, once, or twice so that the engine's own write fails; bytes for the closed side wait as well.
  static const char *const ways[] = {"nothing", "one byte", "two bytes", "both full"};
  int how;
  for (int started = 0; started <= 1; started += 1) {
    struct link l = connect_link();
    r->ends[0] = 0;
    // The first bytes of a start meet the reset before the engine's thread does.
    if (!started) reset(l.far[at]);
    must(engine_start(r->engine, 0, (struct engine_leg[2]){{.fd = l.near[C], .first = "first", .length = at == C ? 5 : 0},
                                                      {.fd = l.near[U], .first = "first", .length = at == U ? 5 : 0}}));
    if (started) carry(&l, at, 6, 0, 0, 10), reset(l.far[at]);
    hear(l.far[!at], 6, 10, 1, 0, &how);
    check(started ? "reset is a reset" : "reset before the start", how == ECONNRESET && ended_by(r, 0, 3000) == at, "%d, %d", how, r->by[0]);
    close(l.far[!at]);
  }
  // Whoever had it before has met the reset; the kernel does not tell it twice.
  const struct link met = connect_link();
  r->ends[0] = 0;
  reset(met.far[at]);
  must(send(met.near[at], "x", 1, MSG_NOSIGNAL) < 0 && errno == ECONNRESET);
  must(engine_start(r->engine, 0, (struct engine_leg[2]){{.fd = met.near[C], .was_reset = at == C}, {.fd = met.near[U], .was_reset = at == U}}));
  hear(met.far[!at], 6, 0, 1, 0, &how);
  check("a reset that was met before the start is a reset", how == ECONNRESET && ended_by(r, 0, 3000) == at, "%d, %d", how, r->by[0]);
  close(met.far[!at]);
  for (int way = 0; way < 4; way += 1) {
    const struct link l = open_link(r, 1);
    const size_t sent = fill(r, 1, &l, at, 7);
    if (way == 3) fill(r, 1, &l, !at, 8);
    shutdown(l.far[at], SHUT_WR);
    for (const double until = now_ms() + 2000; asked(l.far[at], SIOCOUTQ) && now_ms() < until;) sleep_ms(5);
    way == 0 ? reset(l.far[at]) : (void)close(l.far[at]);
    for (int i = 0; i <= way % 3; i += 1) i < way % 3 ? say(l.far[!at], 8, 0, 1, 0) : 0, sleep_ms(50);
    const size_t got = hear(l.far[!at], 7, 0, SIZE_MAX, 0, &how);
    // Where bytes of its own were lost it may learn of a reset at the end.
    check("reset behind a FIN", got == sent && (how == 0 || (way > 0 && how == ECONNRESET)), "%s: %zu of %zu, %d", ways[way], got, sent, how);
    close(l.far[!at]);
    check("and ended by that side", ended_by(r, 1, 3000) == at, "%s: by %d", ways[way], r->by[1]);
  }
}

static void test_slow_reader(struct rig *r, int at) {
  const struct link l = connect_link();
  const int look = dup(l.near[!at]);
  begin(r, 0, &l);
  size_t sent = 0;
  // Until nothing has moved for a while, here or behind the engine: every kernel buffer is full.
  const double until = now_ms() + 20000;
  for (int quiet = 0, before = 0; quiet < 15 && now_ms() < until; sleep_ms(20)) {
    const size_t more = say(l.far[at], 9, sent, SIZE_MAX, MSG_DONTWAIT);
    const int there = asked(l.far[!at], FIONREAD);
    quiet = more || there != before || has_room(look) ? 0 : quiet + 1;
    sent += more, before = there;
  }
  const int error = send(l.far[at], "", 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? errno : 0;
  // What the engine read, less what is in the kernel on its way out.
  const double held = moved(r, 0, at) - asked(l.far[!at], FIONREAD) - asked(look, SIOCOUTQ);
  check("full peer stops the sender, 64 KiB held", error == EAGAIN && held > 0 && held <= 64 * KIB, "error %d, %f held", error, held);
  const size_t other = carry(&l, !at, 10, 0, 0, 1000), got = carry(&l, at, 9, sent, 0, sent + KIB * KIB);
  check("goes on without loss, the other way meanwhile", got == sent + KIB * KIB && other == 1000, "%zu of %zu, %zu", got, sent + KIB * KIB, other);
  drop(l.far), close(look);
  check("ends when both have closed", ended_by(r, 0, 3000) >= 0, "no end");
}

// A limit strikes by LATEST_MS: it is looked at once a second. Where the machine stands still it may be later, and then it is tried again.
enum { LIMITS = 3, LIMIT_MS = 1500, LATEST_MS = LIMIT_MS + 2300, TRIES = 5 };

// Whether a test of a limit has been long enough: some sweeps beyond it, so that what must not end is seen to stay; longer for what still has to end.
static int is_over(double from, int is_waited_for) { return now_ms() >= from + LATEST_MS + (is_waited_for ? 3000 : 0); }

struct limited {
  struct rig r;
  struct link l[2];
  double since, ended;
};

// One engine per limit, all at once; in each, slot 0 runs into the limit and slot 1 is close to it. False where the machine held it up: a limit struck
// late, or two words in a row were so late that the tunnel next to the idle one may have been idle as well.
static int run_into_limits(struct limited of[LIMITS]) {
  double said = 0, longest = 0;
  // The idle one last: filling another takes its time.
  for (int i = LIMITS - 1; i >= 0; i -= 1) {
    struct limited *one = &of[i];
    rig_open(&one->r, i == 0 ? LIMIT_MS : NEVER, i == 1 ? LIMIT_MS : NEVER, i == 2 ? LIMIT_MS : NEVER);
    said = now_ms();
    for (uint32_t slot = 0; slot < 2; slot += 1) one->l[slot] = open_link(&one->r, slot);
    one->since = now_ms(), one->ended = 0;
    if (i == 0) carry(&one->l[0], C, 12, 0, 0, 1);
    if (i == 1) shutdown(one->l[0].far[U], SHUT_WR);
    if (i == 2) fill(&one->r, 0, &one->l[0], U, 11), one->since = filled_ms;
  }
  // Next to the first a tunnel says a byte now and then; next to the others one is silent, but neither half-closed nor full.
  const double from = now_ms();
  size_t words = 0;
  for (int is_last = 0; !is_last;) {
    int waiting = 0;
    for (int i = 0; i < LIMITS; i += 1) waiting += !of[i].ended;
    is_last = is_over(from, waiting);
    for (int i = 0; i < LIMITS; i += 1) {
      fetch_within(&of[i].r, 20);
      if (of[i].r.ends[0] && !of[i].ended) of[i].ended = now_ms();
    }
    const double now = now_ms();
    if (now - said > longest) longest = now - said;
    if (moved(&of[0].r, 1, C) == (double)words) said = now, words += say(of[0].l[1].far[C], 13, words, 1, 0);
  }
  for (int i = 0; i < LIMITS; i += 1)
    if (of[i].ended - of[i].since > LATEST_MS) return 0;
  return longest <= LIMIT_MS / 2.0;
}

static void close_limited(struct limited *one) { drop(one->l[0].far), drop(one->l[1].far), rig_close(&one->r); }

static void test_limits(void) {
  // A FIN that came first is named, as in the node engine: the limit only ends what it began.
  static const struct { const char *name; int by; } limits[] = {{"idle limit", BY_IDLE}, {"half-closed limit", U}, {"no-progress limit", BY_IDLE}};
  struct limited of[LIMITS];
  for (int tries = 1; !run_into_limits(of) && tries < TRIES; tries += 1)
    for (int i = 0; i < LIMITS; i += 1) close_limited(&of[i]);
  for (int i = 0; i < LIMITS; i += 1) {
    const struct rig *r = &of[i].r;
    const double after = of[i].ended - of[i].since;
    // The engine counts from the moment in which it was woken, and may be stopped before it reads.
    const int in_time = after >= LIMIT_MS - 350 && after <= LATEST_MS;
    check(limits[i].name, r->ends[0] == 1 && in_time && r->by[0] == limits[i].by, "after %f ms by %d", after, r->by[0]);
    check("a tunnel next to it stays", r->ends[1] == 0, "%s ended it by %d", limits[i].name, r->by[1]);
    close_limited(&of[i]);
  }
}

enum { IDLE = 1, HALF_CLOSED = 3, CHANGED = 5 };

// Limits are changed between tunnels; gives how long after the last was begun both that have one had ended.
static double run_into_changed_limits(struct rig *r, struct link l[CHANGED]) {
  static const struct engine_limits never = {64 * KIB, NEVER, NEVER};
  static const struct engine_limits tight[CHANGED] = {[IDLE] = {64 * KIB, LIMIT_MS, NEVER}, [HALF_CLOSED] = {64 * KIB, NEVER, LIMIT_MS}};
  rig_open(r, NEVER, NEVER, NEVER);
  for (uint32_t slot = 0; slot < CHANGED; slot += 1) {
    engine_limit(r->engine, tight[slot].chunk_bytes ? &tight[slot] : &never);
    l[slot] = open_link(r, slot);
    shutdown(l[slot].far[C], SHUT_WR);
  }
  const double from = now_ms();
  double after = 0;
  for (int is_last = 0; !is_last;) {
    const int waiting = !r->ends[IDLE] || !r->ends[HALF_CLOSED];
    if (waiting) after = now_ms() - from;
    is_last = is_over(from, waiting);
    fetch_within(r, 50);
  }
  return after;
}

static void close_changed(struct rig *r, const struct link l[CHANGED]) {
  for (int slot = 0; slot < CHANGED; slot += 1) drop(l[slot].far);
  rig_close(r);
}

// Each tunnel keeps the limits that it began with.
static void test_changed_limits(void) {
  struct rig r;
  struct link l[CHANGED];
  double after = run_into_changed_limits(&r, l);
  for (int tries = 1; after > LATEST_MS && tries < TRIES; tries += 1) close_changed(&r, l), after = run_into_changed_limits(&r, l);
  check("limits of its own: idle", r.ends[IDLE] == 1 && after <= LATEST_MS, "%d ends, %f ms", r.ends[IDLE], after);
  check("limits of its own: half-closed", r.ends[HALF_CLOSED] == 1 && after <= LATEST_MS, "%d ends, %f ms", r.ends[HALF_CLOSED], after);
  check("limits of its own: those before, between and after stay", !r.ends[0] && !r.ends[2] && !r.ends[4], "%d, %d, %d", r.ends[0], r.ends[2], r.ends[4]);
  close_changed(&r, l);
}

static void test_notices(struct rig *r) {
  enum { COUNT = 50, ROOM = 7 };
  const int calls = atomic_load(&r->calls);
  int wrong = 0;
  for (uint32_t slot = 0; slot < COUNT; slot += 1) drop(open_link(r, slot).far), engine_close(r->engine, slot, BY_DRAIN);
  for (const double until = now_ms() + 3000; atomic_load(&r->calls) == calls && now_ms() < until;) sleep_ms(5);
  for (int left = COUNT; left > 0; left -= ROOM) {
    // Long enough for a second call to come, if there were one.
    sleep_ms(150);
    wrong += atomic_load(&r->calls) - calls != 1;
    wrong += fetch(r, ROOM) != (left < ROOM ? left : ROOM);
  }
  for (int slot = 0; slot < COUNT; slot += 1) wrong += r->ends[slot] != 1;
  drop(open_link(r, 0).far), engine_close(r->engine, 0, BY_DRAIN);
  check("on_ends once until all is fetched, and for what ends after that", ended_by(r, 0, 3000) >= 0 && !wrong && atomic_load(&r->calls) - calls == 2,
        "%d wrong, %d calls", wrong, atomic_load(&r->calls) - calls);
}

static void check_calm(const char *name) {
  const double before = clock_ms(CLOCK_PROCESS_CPUTIME_ID);
  sleep_ms(1000);
  const double spent = clock_ms(CLOCK_PROCESS_CPUTIME_ID) - before;
  check(name, spent < 200, "%f ms of CPU in a second", spent);
}

static void test_no_spin(struct rig *r, int at) {
  int how;
  struct link l = open_link(r, 0);
  fill(r, 0, &l, at, 14);
  reset(l.far[at]);
  check_calm("no spin: reset while its peer is full");
  hear(l.far[!at], 14, 0, SIZE_MAX, 0, &how);
  check("and it is passed on", how == ECONNRESET && ended_by(r, 0, 3000) == at, "read %d, by %d", how, r->by[0]);
  close(l.far[!at]);
  // With both FINs the sender's socket hangs up for ever, while its bytes still wait.
  l = open_link(r, 1);
  const size_t sent = fill(r, 1, &l, at, 15);
  shutdown(l.far[!at], SHUT_WR), shutdown(l.far[at], SHUT_WR);
  check_calm("no spin: both finished while one is full");
  const size_t got = hear(l.far[!at], 15, 0, SIZE_MAX, 0, &how);
  check("and nothing is lost", got == sent && how == 0 && ended_by(r, 1, 3000) == !at, "%zu of %zu, %d, by %d", got, sent, how, r->by[1]);
  drop(l.far);
}

// ---- random tunnels

// Sanitizers take a tenth (run.sh).
#ifndef TUNNELS
#define TUNNELS 10000
#endif
enum { DRIVERS = 4, TUNNELS_PER_S = 300 };

// What a driver does with the far ends of the tunnel in a slot; its own while `steps` is above 0, the main thread's otherwise.
static struct drive { atomic_int steps; int far[2], shut[2]; uint64_t seed; size_t said[2], heard[2]; } drives[SLOTS];
static atomic_int all_done, wrong_bytes;

static void drive(struct drive *d, unsigned *seed) {
  const int at = rand_r(seed) & 1, dice = rand_r(seed) % 16, steps = atomic_load(&d->steps);
  int how = 0;
  if (steps == 1) {
    for (int side = C; side <= U; side += 1) rand_r(seed) % 3 ? (void)close(d->far[side]) : reset(d->far[side]);
  } else if (dice == 15) {
    shutdown(d->far[at], SHUT_WR);
    d->shut[at] = 1;
  } else if (dice > 6 || d->shut[at]) {
    d->heard[at] += hear(d->far[at], d->seed + (uint64_t)!at, d->heard[at], 100 * KIB, MSG_DONTWAIT, &how);
    wrong_bytes += how == EBADMSG;
  } else {
    d->said[at] += say(d->far[at], d->seed + (uint64_t)at, d->said[at], 1 + (size_t)rand_r(seed) % (dice ? 4 * KIB : 200 * KIB), MSG_DONTWAIT);
  }
  atomic_store(&d->steps, steps - 1);
}

static void *drive_some(void *number) {
  unsigned first = (unsigned)(uintptr_t)number, seed = first + 1;
  for (; !all_done; usleep(100))
    for (unsigned slot = first; slot < SLOTS; slot += DRIVERS)
      if (drives[slot].steps > 0) drive(&drives[slot], &seed);
  return NULL;
}

static void test_random(struct rig *r) {
  pthread_t drivers[DRIVERS];
  int running[SLOTS] = {0}, started = 0, ended = 0, wrong = 0;
  unsigned seed = 100;
  const int descriptors = open_descriptors();
  memset(r->ends, 0, sizeof r->ends);
  for (uintptr_t i = 0; i < DRIVERS; i += 1) must(pthread_create(&drivers[i], NULL, drive_some, (void *)i) == 0);
  for (const double until = now_ms() + 1000.0 * TUNNELS / TUNNELS_PER_S; ended < TUNNELS && now_ms() < until;) {
    for (uint32_t slot = 0; slot < SLOTS; slot += 1) {
      struct drive *d = &drives[slot];
      if (running[slot] && rand_r(&seed) % 300 == 0) engine_close(r->engine, slot, BY_OPERATOR);
      if (running[slot] || started == TUNNELS || d->steps > 0) continue;
      const struct link l = open_link(r, slot);
      running[slot] = 1;
      d->seed = 2 * (uint64_t)++started;
      for (int at = C; at <= U; at += 1) d->far[at] = l.far[at], d->said[at] = d->heard[at] = 0, d->shut[at] = 0;
      d->steps = 1 + rand_r(&seed) % 40;
    }
    poll(&(struct pollfd){r->bell, POLLIN, 0}, 1, 1);
    ended += fetch(r, 64);
    for (int slot = 0; slot < SLOTS; slot += 1) {
      // A second end, one where nothing ran, or one by nobody who was there.
      const int is_fault = r->by[slot] != BY_CLIENT && r->by[slot] != BY_UPSTREAM && r->by[slot] != BY_OPERATOR;
      if (r->ends[slot]) wrong += r->ends[slot] > 1 || !running[slot] || is_fault;
      if (r->ends[slot]) r->ends[slot] = running[slot] = 0;
    }
  }
  for (int slot = 0; slot < SLOTS; slot += 1) while (drives[slot].steps > 0) sleep_ms(1);
  all_done = 1;
  for (int i = 0; i < DRIVERS; i += 1) pthread_join(drivers[i], NULL);
  const int after = open_descriptors();
  sleep_ms(300);
  const int late = fetch(r, SLOTS);
  check("random tunnels: one end each, by who was there", ended == TUNNELS && !wrong && !late, "%d ends, %d wrong, %d late", ended, wrong, late);
  check("random tunnels: no descriptor left", after == descriptors, "%d, %d before", after, descriptors);
  check("random tunnels: no byte out of place", wrong_bytes == 0, "in %d reads", wrong_bytes);
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  const int descriptors = open_descriptors();
  struct rig r;
  rig_open(&r, NEVER, NEVER, NEVER);
  for (int at = C; at <= U; at += 1) {
    part = at == C ? "client: " : "upstream: ";
    test_bytes(&r, at), test_half_close(&r, at), test_reset(&r, at), test_slow_reader(&r, at), test_no_spin(&r, at);
  }
  part = "";
  test_limits(), test_changed_limits(), test_notices(&r), test_random(&r);
  rig_close(&r);
  close(listener);
  check("no descriptor left at all", open_descriptors() == descriptors, "%d before", descriptors);
  return failures ? 1 : 0;
}
