// Moves live tunnels between two processes while both their ends talk without pause. Every byte is a part of a sequence, so one that is lost,
// doubled or out of order is seen. usage: engine-move-test [TUNNELS [MOVES]]

#define _GNU_SOURCE
#include "../engine.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// Tunnels that are on their way at once.
#define WINDOW 64
// A word of the sequence, and how many are written at once.
#define WORDS_MAX 64
#define HALF_CLOSED_EACH 50
#define DEAF_EACH 40
#define NEVER (uint32_t)-1

static void die(const char *what) {
  perror(what);
  exit(1);
}

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

// ---- a holder: a process with an engine

struct holder {
  struct engine *engine;
  int link, bell, report;
  uint32_t tunnels, next, acked, on_the_way;
  // Which tunnel is in a slot, and in which slot a tunnel is.
  uint32_t *tunnel_of, *slot_of, *free;
  uint32_t free_count, ended, held;
  int moving;
};

static void ring(void *context) {
  const uint64_t one = 1;
  if (write(*(const int *)context, &one, sizeof one) < 0) die("bell");
}

static void report(struct holder *h, char what, uint32_t number) {
  char line[32];
  const int length = snprintf(line, sizeof line, "%c %u\n", what, number);
  if (write(h->report, line, (size_t)length) != length) die("report");
}

static void park_some(struct holder *h) {
  for (; h->moving && h->on_the_way < WINDOW && h->next < h->tunnels; h->next += 1) {
    if (h->slot_of[h->next] == NEVER) continue;
    engine_park(h->engine, h->slot_of[h->next]);
    h->on_the_way += 1;
  }
  if (h->moving && h->on_the_way == 0 && h->next == h->tunnels) {
    h->moving = 0;
    report(h, 'm', h->acked);
  }
}

static void give_back(struct holder *h, uint32_t slot) {
  h->slot_of[h->tunnel_of[slot]] = NEVER;
  h->free[h->free_count++] = slot;
  h->held -= 1;
}

static void heard(struct holder *h, struct engine_end end) {
  const uint32_t tunnel = h->tunnel_of[end.slot];
  if (end.by == NEWS_PARKED) {
    // The socket has room for the few that are on their way, or for this one in a moment.
    int error;
    while ((error = engine_send(h->engine, end.slot, h->link, &tunnel, sizeof tunnel)) == EAGAIN) usleep(200);
    if (error) {
      errno = error;
      die("engine_send");
    }
    return;
  }
  if (end.by == NEWS_STAYS || end.by == NEWS_MOVED) h->on_the_way -= 1;
  if (end.by == NEWS_STAYS) return;
  if (end.by != NEWS_MOVED) h->ended += 1;
  give_back(h, end.slot);
}

static void read_link(struct holder *h) {
  uint32_t tunnel;
  const ssize_t length = recv(h->link, &tunnel, sizeof tunnel, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
  if (length <= 0) return;
  if (length == sizeof tunnel) {
    if (recv(h->link, &tunnel, sizeof tunnel, 0) < 0) die("ack");
    h->acked += 1;
    engine_forget(h->engine, h->slot_of[tunnel]);
    return;
  }
  const int got = engine_receive(h->engine, h->link, &tunnel, sizeof tunnel);
  if (got != sizeof tunnel || h->free_count == 0) {
    fprintf(stderr, "engine_receive: %d\n", got);
    exit(1);
  }
  if (send(h->link, &tunnel, sizeof tunnel, MSG_NOSIGNAL) < 0) die("ack");
  const uint32_t slot = h->free[--h->free_count];
  h->slot_of[tunnel] = slot;
  h->tunnel_of[slot] = tunnel;
  h->held += 1;
  if (engine_adopt(h->engine, slot)) die("engine_adopt");
}

static void hold(int link, int orders, int out, uint32_t tunnels, const int (*near)[2]) {
  struct holder h = {.link = link, .report = out, .tunnels = tunnels, .bell = eventfd(0, EFD_CLOEXEC)};
  const struct engine_options options = {
      .slots = tunnels, .limits = {64 * 1024, 1e9, 1e9}, .no_progress_ms = 1e9, .on_ends = ring, .context = &h.bell};
  h.engine = engine_create(&options);
  h.tunnel_of = calloc(tunnels, sizeof *h.tunnel_of);
  h.slot_of = calloc(tunnels, sizeof *h.slot_of);
  h.free = calloc(tunnels, sizeof *h.free);
  if (!h.engine || !h.tunnel_of || !h.slot_of || !h.free) die("holder");
  for (uint32_t i = 0; i < tunnels; i += 1) {
    h.slot_of[i] = NEVER;
    if (!near) {
      h.free[h.free_count++] = i;
      continue;
    }
    if (!engine_start(h.engine, i, (struct engine_leg[2]){{.fd = near[i][0]}, {.fd = near[i][1]}})) die("engine_start");
    h.slot_of[i] = h.tunnel_of[i] = i;
    h.held += 1;
  }
  report(&h, 'r', h.held);
  for (;;) {
    struct pollfd ready[3] = {{.fd = link, .events = POLLIN}, {.fd = h.bell, .events = POLLIN}, {.fd = orders, .events = POLLIN}};
    if (poll(ready, 3, -1) < 0) die("poll");
    if (ready[0].revents & POLLIN) read_link(&h);
    if (ready[1].revents & POLLIN) {
      uint64_t rung;
      if (read(h.bell, &rung, sizeof rung) < 0) die("bell");
      struct engine_end ends[256];
      for (size_t count = 256; count == 256;) {
        count = engine_ends(h.engine, ends, 256);
        for (size_t i = 0; i < count; i += 1) heard(&h, ends[i]);
      }
    }
    if (ready[2].revents) {
      char order;
      if (read(orders, &order, 1) != 1) break;
      if (order == 'm') {
        h.next = h.acked = 0;
        h.moving = 1;
      } else {
        report(&h, 'e', h.ended);
      }
    }
    park_some(&h);
  }
  engine_destroy(h.engine);
  exit(0);
}

// ---- the far ends of all tunnels

struct far {
  int fd;
  uint64_t sent, seen;
  uint8_t finished, ended;
};

static struct far *fars;
static uint32_t far_count;
static unsigned long faults;

// What stands at a place of a sequence; each far end has its own.
static uint8_t byte_at(uint32_t far, uint64_t at) { return (uint8_t)((at * 2654435761u + far * 40503u) >> 13); }

static void say(uint32_t i, size_t length) {
  uint8_t bytes[WORDS_MAX * 4];
  struct far *f = &fars[i];
  if (f->finished) return;
  for (size_t at = 0; at < length; at += 1) bytes[at] = byte_at(i, f->sent + at);
  const ssize_t sent = send(f->fd, bytes, length, MSG_NOSIGNAL);
  if (sent > 0) f->sent += (uint64_t)sent;
  else if (errno != EAGAIN) faults += 1;
}

static void listen_to(uint32_t i) {
  static uint8_t bytes[65536];
  struct far *f = &fars[i];
  // The other end of the same tunnel speaks.
  const uint32_t from = i ^ 1u;
  const ssize_t got = recv(f->fd, bytes, sizeof bytes, 0);
  if (got < 0) {
    if (errno != EAGAIN) faults += 1;
    return;
  }
  if (got == 0) f->ended = 1;
  for (ssize_t at = 0; at < got; at += 1) faults += bytes[at] != byte_at(from, f->seen + (uint64_t)at);
  f->seen += (uint64_t)got;
}

static void talk(int epoll, double for_seconds, const int *until_readable) {
  const double over = seconds() + for_seconds;
  static unsigned chance = 1;
  struct epoll_event events[512];
  while (seconds() < over) {
    for (int i = 0; i < 400; i += 1) {
      chance = chance * 1103515245u + 12345u;
      say((chance >> 8) % far_count, 4 + (chance >> 20) % (WORDS_MAX * 4 - 4));
      // Those who read seldom are told most.
      say(((chance >> 8) % far_count / DEAF_EACH * DEAF_EACH) ^ 1u, WORDS_MAX * 4);
    }
    const int found = epoll_wait(epoll, events, 512, 1);
    // Some far ends read only now and then, so that bytes wait in the engines that hold their tunnels.
    for (int i = 0; i < found; i += 1)
      if (events[i].data.u32 % DEAF_EACH != 0 || (events[i].data.u32 + (chance >> 9)) % 64 == 0) listen_to(events[i].data.u32);
    struct pollfd ready = {.fd = until_readable ? *until_readable : -1, .events = POLLIN};
    if (until_readable && poll(&ready, 1, 0) > 0) return;
  }
}

// `small`: few bytes fit between the two, so that an engine has to hold some. Not fewer: a window that is a little less than half of what it was has
// Linux wait for its persist timer, 200 ms for each half of it, and a megabyte behind one of 4 KiB took minutes.
static void pair(int listener, int *far, int *near, int small) {
  struct sockaddr_in address;
  socklen_t length = sizeof address;
  const int on = 1, few = 32 * 1024;
  if (getsockname(listener, (struct sockaddr *)&address, &length)) die("getsockname");
  *far = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (small) setsockopt(*far, SOL_SOCKET, SO_RCVBUF, &few, sizeof few);
  if (*far < 0 || connect(*far, (struct sockaddr *)&address, length)) die("connect");
  *near = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (*near < 0 || fcntl(*far, F_SETFL, O_NONBLOCK)) die("accept");
  if (small) setsockopt(*near, SOL_SOCKET, SO_SNDBUF, &few, sizeof few);
  setsockopt(*far, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(*near, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static uint32_t answer(FILE *in, char expected) {
  char what = 0;
  uint32_t number = 0;
  if (fscanf(in, " %c %u", &what, &number) != 2 || what != expected) {
    fprintf(stderr, "a holder is gone\n");
    exit(1);
  }
  return number;
}

static int check(const char *name, int is_so, unsigned long long found) {
  printf(is_so ? "ok %s\n" : "FAILED %s: %llu\n", name, found);
  return !is_so;
}

int main(int count, char **words) {
  const uint32_t tunnels = count > 1 ? (uint32_t)atoi(words[1]) : 2000;
  const int moves = count > 2 ? atoi(words[2]) : 10;
  signal(SIGPIPE, SIG_IGN);
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);

  int link[2], orders[2][2], reports[2][2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, link)) die("socketpair");
  for (int i = 0; i < 2; i += 1)
    if (pipe2(orders[i], O_CLOEXEC) || pipe2(reports[i], O_CLOEXEC)) die("pipe");
  // Before there are any tunnels: a descriptor that it inherited would keep sockets open.
  const pid_t second = fork();
  if (second == 0) {
    close(orders[0][1]);
    close(orders[1][1]);
    hold(link[1], orders[1][0], reports[1][1], tunnels, NULL);
  }
  int(*near)[2] = calloc(tunnels, sizeof *near);
  far_count = 2 * tunnels;
  fars = calloc(far_count, sizeof *fars);
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (bind(listener, (struct sockaddr *)&any, sizeof any) || listen(listener, 64)) die("listen");
  for (uint32_t i = 0; i < tunnels; i += 1)
    for (int side = 0; side < 2; side += 1) {
      const uint32_t far = 2 * i + (uint32_t)side;
      pair(listener, &fars[far].fd, &near[i][side], far % DEAF_EACH == 0);
    }
  const pid_t first = fork();
  if (first == 0) {
    for (uint32_t i = 0; i < far_count; i += 1) close(fars[i].fd);
    close(listener);
    close(orders[0][1]);
    close(orders[1][1]);
    hold(link[0], orders[0][0], reports[0][1], tunnels, (const int(*)[2])near);
  }
  for (uint32_t i = 0; i < tunnels; i += 1) {
    close(near[i][0]);
    close(near[i][1]);
  }
  free(near);
  close(link[0]);
  close(link[1]);
  FILE *in[2] = {fdopen(reports[0][0], "r"), fdopen(reports[1][0], "r")};
  setvbuf(in[0], NULL, _IONBF, 0);
  setvbuf(in[1], NULL, _IONBF, 0);
  answer(in[0], 'r');
  answer(in[1], 'r');

  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  for (uint32_t i = 0; i < far_count; i += 1) {
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fars[i].fd, &event);
  }
  talk(epoll, 1, NULL);
  // Some have said all they have to say, and go on listening; these move too.
  for (uint32_t i = 0; i < far_count; i += 2 * HALF_CLOSED_EACH) {
    fars[i].finished = 1;
    shutdown(fars[i].fd, SHUT_WR);
  }
  int failed = 0;
  for (int move = 0; move < moves; move += 1) {
    const int from = move % 2;
    const double started = seconds();
    if (write(orders[from][1], "m", 1) != 1) die("order");
    talk(epoll, 60, &reports[from][0]);
    const uint32_t moved = answer(in[from], 'm');
    printf("move %d: %u tunnels in %.2f s\n", move + 1, moved, seconds() - started);
    failed += moved != tunnels;
    talk(epoll, 0.3, NULL);
  }
  failed = check("every move took every tunnel", failed == 0, (unsigned)failed);

  for (uint32_t i = 0; i < far_count; i += 1) {
    if (!fars[i].finished) shutdown(fars[i].fd, SHUT_WR);
    fars[i].finished = 1;
  }
  // As long as something comes: what waits behind the few bytes that fit between a far end and its engine takes its time on a busy machine.
  double over = seconds() + 30;
  uint32_t open = far_count, last = 0;
  while (open > 0 && seconds() < over) {
    open = 0;
    for (uint32_t i = 0; i < far_count; i += 1) {
      if (fars[i].ended) continue;
      const uint64_t seen = fars[i].seen;
      listen_to(i);
      if (fars[i].seen > seen || fars[i].ended) over = seconds() + 30;
      open += !fars[i].ended;
      last = i;
    }
  }
  if (open > 0) printf("far end %u has %llu of %llu bytes\n", last, (unsigned long long)fars[last].seen, (unsigned long long)fars[last ^ 1u].sent);
  unsigned long long said = 0, lost = 0;
  for (uint32_t i = 0; i < far_count; i += 1) {
    said += fars[i].sent;
    lost += fars[i].sent - fars[i ^ 1u].seen;
  }
  printf("%u tunnels, %d moves, %llu bytes\n", tunnels, moves, said);
  failed += check("every far end saw the end of its tunnel", open == 0, open);
  failed += check("no byte lost", lost == 0, lost);
  failed += check("no byte changed, doubled or out of order, and nobody was reset", faults == 0, faults);
  uint32_t ended = 0;
  for (int tries = 0; tries < 500 && ended != tunnels; tries += 1) {
    usleep(20000);
    ended = 0;
    for (int i = 0; i < 2; i += 1) {
      if (write(orders[i][1], "e", 1) != 1) die("order");
      ended += answer(in[i], 'e');
    }
  }
  failed += check("each tunnel ended once, at its last holder", ended == tunnels, ended);
  close(orders[0][1]);
  close(orders[1][1]);
  int status = 0;
  for (int i = 0; i < 2; i += 1)
    if (wait(&status) > 0) failed += check("a holder ended well", WIFEXITED(status) && WEXITSTATUS(status) == 0, (unsigned)status);
  return failed > 0;
}
