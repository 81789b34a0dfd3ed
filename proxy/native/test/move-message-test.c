// What comes over the socket on which tunnels are moved, where it is not what this version would send: from a neighbour version, or from nobody good.

#define _GNU_SOURCE
#include "../engine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { SLOTS = 8, HEADER = 56, IDLE_MS = 400 };
// Places in a message (engine-move.c).
enum { AT_HEADER_BYTES = 4, AT_BYTES_UP = 32, AT_LAST_MS = 48 };

#define must(is_so) ((is_so) ? (void)0 : (perror(#is_so), exit(2)))
static int failures;
static void check(const char *name, int is_so, int found) {
  printf(is_so ? "ok %s\n" : "FAILED %s: %d\n", name, found);
  failures += !is_so;
}

static int open_descriptors(void) {
  DIR *folder = opendir("/proc/self/fd");
  int count = -1;
  while (readdir(folder)) count += 1;
  closedir(folder);
  return count;
}

static void ring(void *context) { (void)context; }
static struct engine *new_engine(double idle_ms) {
  struct engine *e = engine_create(&(struct engine_options){SLOTS, {64 * 1024, idle_ms, 1e9}, 1e9, ring, NULL});
  must(e != NULL);
  return e;
}

// The next end or news; -1 where none comes.
static int next_end(struct engine *e, int within_ms) {
  struct engine_end end;
  for (int waited = 0; waited < within_ms; waited += 5) {
    if (engine_ends(e, &end, 1) == 1) return (int)end.by;
    usleep(5000);
  }
  return -1;
}

struct message {
  char bytes[1024];
  size_t length;
  int near[2], far[2];
};

static void put(struct message *m, size_t at, const void *value, size_t length) { memcpy(m->bytes + at, value, length); }
static void put_double(struct message *m, size_t at, double value) { put(m, at, &value, sizeof value); }

static void send_raw(int socket, const char *bytes, size_t length, const int fds[2]) {
  union { struct cmsghdr header; char bytes[CMSG_SPACE(2 * sizeof(int))]; } control = {0};
  struct iovec part = {.iov_base = (void *)bytes, .iov_len = length};
  struct msghdr envelope = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
  struct cmsghdr *rights = CMSG_FIRSTHDR(&envelope);
  rights->cmsg_level = SOL_SOCKET, rights->cmsg_type = SCM_RIGHTS, rights->cmsg_len = CMSG_LEN(2 * sizeof(int));
  memcpy(CMSG_DATA(rights), fds, 2 * sizeof(int));
  must(sendmsg(socket, &envelope, 0) >= 0);
}

// A message as an engine sends it, caught on its way; its descriptors are the caller's.
static struct message catch_message(void) {
  struct message m = {0};
  int link[2], pairs[2][2];
  must(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, link) == 0);
  for (int at = 0; at < 2; at += 1) {
    must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pairs[at]) == 0);
    m.far[at] = pairs[at][0], m.near[at] = dup(pairs[at][1]);
  }
  struct engine *e = new_engine(1e9);
  must(engine_start(e, 0, (struct engine_leg[2]){{.fd = pairs[0][1]}, {.fd = pairs[1][1]}}));
  engine_park(e, 0);
  must(next_end(e, 3000) == NEWS_PARKED && engine_send(e, 0, link[0], "who", 3) == 0);
  m.length = (size_t)recv(link[1], m.bytes, sizeof m.bytes, 0);
  engine_forget(e, 0);
  must(next_end(e, 3000) == NEWS_MOVED);
  engine_destroy(e);
  close(link[0]), close(link[1]);
  return m;
}

// What the engine makes of it; both ends of the link and our copies are closed.
static int hand(struct engine *e, const struct message *m) {
  int link[2];
  char identity[16];
  must(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, link) == 0);
  send_raw(link[0], m->bytes, m->length, m->near);
  close(m->near[0]), close(m->near[1]);
  const int length = engine_receive(e, link[1], identity, sizeof identity);
  close(link[0]), close(link[1]);
  if (length > 0) must(length == 3 && memcmp(identity, "who", 3) == 0);
  return length;
}
static void drop(const struct message *m) { close(m->far[0]), close(m->far[1]); }

static int passes(const struct message *m) {
  char heard[4] = "";
  must(write(m->far[0], "ping", 4) == 4);
  poll(&(struct pollfd){m->far[1], POLLIN, 0}, 1, 3000);
  return read(m->far[1], heard, 4) == 4 && memcmp(heard, "ping", 4) == 0;
}

static void test_refused(struct engine *e, const char *name, void (*spoil)(struct message *)) {
  struct message m = catch_message();
  const int before = open_descriptors() - 2;
  spoil(&m);
  const int got = hand(e, &m);
  check(name, got == -EPROTO, got);
  check("and nothing is left of it", open_descriptors() == before, open_descriptors() - before);
  drop(&m);
}
static void other_magic(struct message *m) { m->bytes[0] = 'X'; }
static void short_header(struct message *m) { put(m, AT_HEADER_BYTES, &(uint32_t){HEADER - 8}, 4); }
static void long_header(struct message *m) { put(m, AT_HEADER_BYTES, &(uint32_t){UINT32_MAX}, 4); }
static void nobody_knows_when(struct message *m) { put_double(m, AT_LAST_MS, NAN); }
static void less_than_nothing(struct message *m) { put_double(m, AT_BYTES_UP, -5e9); }
static void nothing_at_all(struct message *m) { m->length = 0; }

int main(void) {
  struct engine *e = new_engine(1e9);
  test_refused(e, "another magic is refused", other_magic);
  test_refused(e, "a header that is too short is refused", short_header);
  test_refused(e, "a header longer than its message is refused", long_header);
  test_refused(e, "a moment that is no number is refused", nobody_knows_when);
  test_refused(e, "fewer bytes than none are refused", less_than_nothing);
  test_refused(e, "descriptors without a message are refused", nothing_at_all);

  // A version that knows one field more.
  struct message later = catch_message();
  memmove(later.bytes + HEADER + 8, later.bytes + HEADER, later.length - HEADER);
  later.length += 8;
  put(&later, AT_HEADER_BYTES, &(uint32_t){HEADER + 8}, 4);
  const int got = hand(e, &later);
  check("a longer header is read", got == 3 && engine_adopt(e, 0) == 0 && passes(&later), got);

  // A descriptor that would block, whose far end reads nothing, holds nobody up.
  struct message blocking = catch_message();
  for (int at = 0; at < 2; at += 1) must(fcntl(blocking.near[at], F_SETFL, 0) == 0);
  must(hand(e, &blocking) == 3 && engine_adopt(e, 1) == 0);
  char flood[4096] = "";
  while (write(blocking.far[0], flood, sizeof flood) > 0 || poll(&(struct pollfd){blocking.far[0], POLLOUT, 0}, 1, 200) > 0) {
  }
  check("a tunnel beside one that would block goes on", passes(&later), 0);
  engine_close(e, 1, BY_OPERATOR);
  check("and that one can be ended", next_end(e, 3000) == BY_OPERATOR, 0);
  drop(&blocking), drop(&later);
  engine_destroy(e);

  struct engine *impatient = new_engine(IDLE_MS);
  struct message future = catch_message();
  put_double(&future, AT_LAST_MS, 1e15);
  must(hand(impatient, &future) == 3 && engine_adopt(impatient, 0) == 0);
  const int end = next_end(impatient, 5000);
  check("a last byte in the future does not keep a tunnel", end == BY_IDLE, end);
  drop(&future);
  engine_destroy(impatient);
  return failures ? 1 : 0;
}
