// The load of `npm run bench`, on one thread: an echo server (echo.c), and a client that holds thousands of tunnels through one proxy.
//
//   load echo ADDRESS PORT [CERTIFICATE KEY]                  until it is ended
//   load tunnels ADDRESS PORT connect|sni|upgrade TARGET HELLO_FILE COUNT [OUR_NAME]
//
// With OUR_NAME it speaks TLS to the proxy, under that name. The client reads steps from stdin, a line each, and answers each with one line
// of JSON on stdout:
//
//   ramp UP_TO PER_S     opens tunnels until there are so many, so many a second (0: as fast as it goes): CONNECT for TARGET, a WebSocket
//                        upgrade under that name, or neither (sni); then the bytes of HELLO_FILE, and their echo
//   messages COUNT BUSY BYTES    that many messages of that size, BUSY of them on their way at any time, over tunnels chosen by chance
//   rate PER_S SECONDS   messages at that pace, whether the earlier ones are back or not
//   round SECONDS        one message on every tunnel, in their order and evenly over that time; says how long each took, for whoever puts
//                        several loads together
//   bulk TUNNELS MIB KIB so many MiB there and back over each of some tunnels at once, so many KiB to a write
//   alive                how many tunnels still stand
//   close                closes all
//
// Every wait has an end, so that a proxy that stalls is a number in the answer and not a hang.

#define _GNU_SOURCE
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include "channel.h"
#include "echo.h"
#include "sockets.h"

enum {
  TUNNELS_MAX = 9000,      // a proxy that is one process holds two descriptors for each, and 20,000 is a common limit
  OPENING_MAX = 256,       // tunnels that are being opened at the same time
  SOURCES = 4,             // 127.0.1.1 to .4: one address has some 28,000 ports, and its last users may linger
  MESSAGE = 256,           // bytes at most: a small telemetry record
  CHUNK = 64 * 1024,
  EVENTS = 256,
  BEAT_MS = 2,             // of a ramp at a pace
  STALL_MS = 5000,         // nothing happened for so long: what is missing is lost
};

static char scratch[4 * CHUNK];
static char message[MESSAGE];
static size_t message_length = MESSAGE;
static size_t piece;  // of a write of bulk

// ---- the tunnels

typedef enum { UNUSED, DIALLING, SHAKING, ASKED, GREETED, OPEN, DEAD } Stage;

typedef struct {
  Channel channel;
  Stage stage;
  bool busy;           // a message is on its way
  uint64_t since_ns;   // of the step that runs
  size_t sent, got;
  char head[512];      // the proxy's answer to what was asked
} Tunnel;

static Tunnel *tunnels;
static int count_all, epoll_all;
static struct sockaddr_in proxy;
static char request[512];     // empty with sni, which asks for nothing
static const char *consent;   // the status that says that the tunnel stands
static const char *our_name;  // NULL: no TLS towards the proxy
static char hello[4096];
static size_t hello_length;
static char first_failure[160];

static double *spans;  // of one step, in microseconds
static long span_count;

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void start_spans(long most) {
  free(spans);
  span_count = 0;
  spans = malloc(sizeof *spans * (size_t)(most + 1));
  if (!spans) die("malloc");
}

static void note_span(const Tunnel *tunnel) { spans[span_count++] = (double)(now_ns() - tunnel->since_ns) / 1e3; }

// Of sorted spans.
static double span_at(double share) {
  if (span_count == 0) return 0;
  long place = (long)(share * (double)span_count);
  return spans[place < span_count ? place : span_count - 1];
}

static void bury(Tunnel *tunnel) {
  channel_close(&tunnel->channel);
  tunnel->stage = DEAD;
  tunnel->busy = false;
}

static bool fail(Tunnel *tunnel, const char *why) {
  if (!first_failure[0]) {
    snprintf(first_failure, sizeof first_failure, "%.120s", why);
    // It goes into a JSON string.
    for (char *c = first_failure; *c; c++)
      if (*c < ' ' || *c > '~' || *c == '"' || *c == '\\') *c = ' ';
  }
  bury(tunnel);
  return true;
}

static void dial(Tunnel *tunnel) {
  char ip[16];
  snprintf(ip, sizeof ip, "127.0.1.%d", 1 + (int)(tunnel - tunnels) % SOURCES);
  struct sockaddr_in source = address_of(ip, 0);
  int fd = open_socket(), on = 1;
  // The port is chosen at connect(), so that only the whole pair of addresses has to be unique.
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  if (bind(fd, (struct sockaddr *)&source, sizeof source)) die("source address");
  send_at_once(fd);
  *tunnel = (Tunnel){.channel.fd = fd, .stage = DIALLING, .since_ns = now_ns()};
  if (connect(fd, (struct sockaddr *)&proxy, sizeof proxy) && errno != EINPROGRESS) {
    fail(tunnel, strerror(errno));
    return;
  }
  watch(epoll_all, EPOLL_CTL_ADD, fd, EPOLLOUT, tunnel);
}

static bool say(Tunnel *tunnel, const char *bytes, size_t length, Stage next) {
  if (channel_give(&tunnel->channel, bytes, length) != (ssize_t)length) return fail(tunnel, "a first write did not go through");
  tunnel->got = 0;
  tunnel->stage = next;
  return false;
}

static bool greet(Tunnel *tunnel) { return say(tunnel, hello, hello_length, GREETED); }

static bool ask(Tunnel *tunnel) { return request[0] ? say(tunnel, request, strlen(request), ASKED) : greet(tunnel); }

static bool shaken(Tunnel *tunnel) {
  const int state = channel_shake(&tunnel->channel);
  if (state < 0) return fail(tunnel, "the TLS handshake failed");
  return state == 1 ? ask(tunnel) : false;
}

static bool connected(Tunnel *tunnel) {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(tunnel->channel.fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error) return fail(tunnel, strerror(error));
  watch(epoll_all, EPOLL_CTL_MOD, tunnel->channel.fd, EPOLLIN, tunnel);
  if (!our_name) return ask(tunnel);
  channel_call(&tunnel->channel, our_name);
  tunnel->stage = SHAKING;
  return shaken(tunnel);
}

static bool answered(Tunnel *tunnel) {
  size_t room = sizeof tunnel->head - 1 - tunnel->got;
  ssize_t got = room == 0 ? -1 : channel_take(&tunnel->channel, tunnel->head + tunnel->got, room);
  if (got < 0) return fail(tunnel, tunnel->got ? tunnel->head : "closed before an answer");
  tunnel->got += (size_t)got;
  tunnel->head[tunnel->got] = 0;
  if (!strstr(tunnel->head, "\r\n\r\n")) return false;
  return strncmp(tunnel->head + 8, consent, 4) == 0 ? greet(tunnel) : fail(tunnel, tunnel->head);
}

static bool echoed(Tunnel *tunnel) {
  ssize_t got = channel_take(&tunnel->channel, scratch, sizeof scratch);
  if (got < 0) return fail(tunnel, "closed before the hello came back");
  if (tunnel->got + (size_t)got > hello_length || memcmp(scratch, hello + tunnel->got, (size_t)got) != 0)
    return fail(tunnel, "something else than the hello came back");
  tunnel->got += (size_t)got;
  if (tunnel->got < hello_length) return false;
  tunnel->stage = OPEN;
  note_span(tunnel);
  return true;
}

// True where the tunnel is through with being opened, well or not.
static bool step_opening(Tunnel *tunnel) {
  switch (tunnel->stage) {
    case DIALLING: return connected(tunnel);
    case SHAKING: return shaken(tunnel);
    case ASKED: return answered(tunnel);
    case GREETED: return echoed(tunnel);
    case OPEN:
      if (channel_take(&tunnel->channel, scratch, sizeof scratch) < 0) bury(tunnel);
      return false;
    default: return false;
  }
}

static int count_open(int from, int to) {
  int open = 0;
  for (int i = from; i < to; i++) open += tunnels[i].stage == OPEN;
  return open;
}

static bool is_due(int opened, long per_second, uint64_t started_ns) {
  return per_second == 0 || (uint64_t)opened * 1000000000ull <= (now_ns() - started_ns) * (uint64_t)per_second;
}

static void ramp(int up_to, long per_second) {
  static int next = 0;
  uint64_t started = now_ns();
  if (up_to > count_all) up_to = count_all;
  int first = next, opening = 0;
  start_spans(count_all);
  struct epoll_event events[EVENTS];
  while (next < up_to || opening > 0) {
    for (; next < up_to && opening < OPENING_MAX && is_due(next - first, per_second, started); next++) {
      dial(&tunnels[next]);
      opening += tunnels[next].stage == DIALLING;
    }
    const bool waits_its_time = next < up_to && opening < OPENING_MAX;
    int count = epoll_wait(epoll_all, events, EVENTS, waits_its_time ? BEAT_MS : STALL_MS);
    if (count == 0 && !waits_its_time) break;
    for (int i = 0; i < count; i++) opening -= step_opening(events[i].data.ptr);
  }
  for (int i = 0; i < count_all; i++)
    if (tunnels[i].stage != OPEN && tunnels[i].stage != DEAD && tunnels[i].stage != UNUSED) fail(&tunnels[i], "no answer in time");
  int open = count_open(first, up_to);
  qsort(spans, (size_t)span_count, sizeof *spans, by_size);
  answer("{\"opened\":%d,\"failed\":%d,\"seconds\":%.3f,\"p50Ms\":%.2f,\"p99Ms\":%.2f,\"firstFailure\":\"%s\"}", open, up_to - first - open,
         (double)(now_ns() - started) / 1e9, span_at(.5) / 1e3, span_at(.99) / 1e3, first_failure);
}

// ---- messages

typedef struct {
  long wanted, sent, back, lost;
} Tally;

static Tunnel *any_idle(void) {
  static uint32_t chance = 2463534242u;
  for (int tries = 0; tries < 256; tries++) {
    chance ^= chance << 13;
    chance ^= chance >> 17;
    chance ^= chance << 5;
    Tunnel *tunnel = &tunnels[chance % (uint32_t)count_all];
    if (tunnel->stage == OPEN && !tunnel->busy) return tunnel;
  }
  return NULL;
}

static int turn;  // of the tunnel that comes next in a round

static Tunnel *next_in_turn(void) {
  while (turn < count_all) {
    Tunnel *tunnel = &tunnels[turn++];
    if (tunnel->stage == OPEN) return tunnel;
  }
  return NULL;
}

static bool send_on(Tunnel *tunnel, Tally *tally) {
  if (!tunnel) return false;
  tally->sent++;
  tunnel->since_ns = now_ns();
  tunnel->got = 0;
  tunnel->busy = true;
  if (channel_give(&tunnel->channel, message, message_length) == (ssize_t)message_length) return true;
  tally->lost++;
  bury(tunnel);
  return true;
}

static void receive(Tunnel *tunnel, Tally *tally) {
  ssize_t got = channel_take(&tunnel->channel, scratch, sizeof scratch);
  bool is_ours = got >= 0 && (got == 0 || (tunnel->busy && tunnel->got + (size_t)got <= message_length &&
                                           memcmp(scratch, message + tunnel->got, (size_t)got) == 0));
  if (!is_ours) {
    tally->lost += tunnel->busy;
    bury(tunnel);
    return;
  }
  tunnel->got += (size_t)got;
  if (tunnel->got < message_length || !tunnel->busy) return;
  note_span(tunnel);
  tunnel->busy = false;
  tally->back++;
}

static void answer_messages(const Tally *tally, uint64_t started) {
  qsort(spans, (size_t)span_count, sizeof *spans, by_size);
  answer("{\"wanted\":%ld,\"back\":%ld,\"seconds\":%.3f,\"p50Us\":%.0f,\"p99Us\":%.0f}", tally->wanted, tally->back,
         (double)(now_ns() - started) / 1e9, span_at(.5), span_at(.99));
}

static void run_messages(long wanted, long busy_most, size_t length) {
  message_length = length < MESSAGE ? length : MESSAGE;
  uint64_t started = now_ns();
  Tally tally = {.wanted = wanted};
  start_spans(wanted);
  struct epoll_event events[EVENTS];
  while (tally.back + tally.lost < wanted) {
    while (tally.sent < wanted && tally.sent - tally.back - tally.lost < busy_most && send_on(any_idle(), &tally)) {
    }
    int count = epoll_wait(epoll_all, events, EVENTS, STALL_MS);
    if (count == 0) break;
    for (int i = 0; i < count; i++) receive(events[i].data.ptr, &tally);
  }
  answer_messages(&tally, started);
}

// A timer's beats set the pace; what is late by then is sent at once, so that a slow proxy does not slow the load down.
static void keep_pace(Tally *tally, long beat_ns, Tunnel *(*choose)(void)) {
  uint64_t last_seen = now_ns();
  start_spans(tally->wanted);
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  struct timespec beat = {.tv_sec = beat_ns / 1000000000, .tv_nsec = beat_ns % 1000000000};
  timerfd_settime(timer, 0, &(struct itimerspec){.it_interval = beat, .it_value = beat}, NULL);
  watch(epoll_all, EPOLL_CTL_ADD, timer, EPOLLIN, NULL);
  struct epoll_event events[EVENTS];
  while (tally->back + tally->lost < tally->wanted && now_ns() - last_seen < STALL_MS * 1000000ull) {
    int count = epoll_wait(epoll_all, events, EVENTS, STALL_MS);
    for (int i = 0; i < count; i++) {
      uint64_t beats = 0;
      if (events[i].data.ptr) {
        receive(events[i].data.ptr, tally);
        last_seen = now_ns();
      } else if (read(timer, &beats, sizeof beats) == sizeof beats) {
        while (beats-- > 0 && tally->sent < tally->wanted && send_on(choose(), tally)) {
        }
      }
    }
  }
  close(timer);
}

static void run_rate(long per_second, long seconds) {
  message_length = MESSAGE;
  uint64_t started = now_ns();
  Tally tally = {.wanted = per_second * seconds};
  keep_pace(&tally, 1000000000 / per_second, any_idle);
  answer_messages(&tally, started);
}

static void run_round(long seconds) {
  Tally tally = {.wanted = count_open(0, count_all)};
  turn = 0;
  span_count = 0;
  if (tally.wanted > 0) keep_pace(&tally, seconds * 1000000000 / tally.wanted, next_in_turn);
  // Nothing came for STALL_MS, so this will not come either; a tunnel that swallowed a message must not look alive in the next round.
  for (int i = 0; i < count_all; i++)
    if (tunnels[i].stage == OPEN && tunnels[i].busy) bury(&tunnels[i]);
  printf("{\"sent\":%ld,\"back\":%ld,\"spansUs\":[", tally.sent, tally.back);
  for (long i = 0; i < span_count; i++) printf(i == 0 ? "%.0f" : ",%.0f", spans[i]);
  answer("]}");
}

// ---- bulk

// Fills the tunnel as far as it takes; once all is sent only reads.
static void push(Tunnel *tunnel, size_t wanted) {
  static const char zeros[4 * CHUNK];
  size_t left = wanted - tunnel->sent;
  ssize_t gone = left == 0 ? 0 : channel_give(&tunnel->channel, zeros, left < piece ? left : piece);
  if (gone > 0) tunnel->sent += (size_t)gone;
  if (tunnel->sent == wanted) watch(epoll_all, EPOLL_CTL_MOD, tunnel->channel.fd, EPOLLIN, tunnel);
}

// True where the tunnel is through, well or not.
static bool step_bulk(Tunnel *tunnel, uint32_t events, size_t wanted) {
  if (events & EPOLLOUT) push(tunnel, wanted);
  if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR))) return false;
  ssize_t got = channel_take(&tunnel->channel, scratch, sizeof scratch);
  if (got < 0) bury(tunnel);
  else tunnel->got += (size_t)got;
  return tunnel->stage == DEAD || (got > 0 && tunnel->got == wanted);
}

static void run_bulk(int many, long mib, long kib) {
  piece = (size_t)kib * 1024 < 4 * CHUNK ? (size_t)kib * 1024 : 4 * CHUNK;
  uint64_t started = now_ns();
  size_t wanted = (size_t)mib << 20;
  int busy = 0;
  for (int i = 0; i < count_all && busy < many; i++) {
    if (tunnels[i].stage != OPEN) continue;
    busy++;
    tunnels[i].sent = tunnels[i].got = 0;
    tunnels[i].busy = true;
    watch(epoll_all, EPOLL_CTL_MOD, tunnels[i].channel.fd, EPOLLIN | EPOLLOUT, &tunnels[i]);
  }
  struct epoll_event events[EVENTS];
  while (busy > 0) {
    int count = epoll_wait(epoll_all, events, EVENTS, STALL_MS);
    if (count == 0) break;
    for (int i = 0; i < count; i++) {
      Tunnel *tunnel = events[i].data.ptr;
      if (tunnel->busy) busy -= step_bulk(tunnel, events[i].events, wanted);
      else if (tunnel->stage == OPEN && channel_take(&tunnel->channel, scratch, sizeof scratch) < 0) bury(tunnel);
    }
  }
  uint64_t bytes = 0;
  for (int i = 0; i < count_all; i++) {
    if (tunnels[i].busy) bytes += tunnels[i].got;
    tunnels[i].busy = false;
  }
  answer("{\"wantedMib\":%ld,\"backMib\":%.3f,\"seconds\":%.3f}", many * mib, (double)bytes / (1 << 20), (double)(now_ns() - started) / 1e9);
}

// ---- the steps

static void look_alive(void) {
  struct epoll_event events[EVENTS];
  int count;
  // A reader of what came unasked would not end the loop: what came is taken, what ended is buried.
  while ((count = epoll_wait(epoll_all, events, EVENTS, 0)) > 0)
    for (int i = 0; i < count; i++) {
      Tunnel *tunnel = events[i].data.ptr;
      if (channel_take(&tunnel->channel, scratch, sizeof scratch) < 0) bury(tunnel);
    }
  answer("{\"alive\":%d}", count_open(0, count_all));
}

static void close_all(void) {
  for (int i = 0; i < count_all; i++)
    if (tunnels[i].stage == OPEN) bury(&tunnels[i]);
  answer("{\"closed\":true}");
}

static void read_hello(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) die(path);
  hello_length = fread(hello, 1, sizeof hello, file);
  fclose(file);
}

static void write_request(const char *mode, const char *target) {
  consent = strcmp(mode, "connect") == 0 ? " 200" : " 101";
  if (strcmp(mode, "connect") == 0) snprintf(request, sizeof request, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", target, target);
  if (strcmp(mode, "upgrade") == 0)
    snprintf(request, sizeof request,
             "GET /mqtt HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
             "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n",
             target);
}

static void drive_tunnels(char **args) {
  proxy = address_of(args[0], atoi(args[1]));
  write_request(args[2], args[3]);
  our_name = args[6];
  read_hello(args[4]);
  count_all = atoi(args[5]);
  if (count_all < 1 || count_all > TUNNELS_MAX) {
    fprintf(stderr, "load: from 1 to %d tunnels\n", TUNNELS_MAX);
    exit(1);
  }
  tunnels = calloc((size_t)count_all, sizeof *tunnels);
  epoll_all = epoll_create1(EPOLL_CLOEXEC);
  if (!tunnels || epoll_all < 0) die("start");
  for (int i = 0; i < MESSAGE; i++) message[i] = (char)('a' + i % 26);

  char line[128];
  long a, b, c;
  while (fgets(line, sizeof line, stdin)) {
    if (sscanf(line, "ramp %ld %ld", &a, &b) == 2) ramp((int)a, b);
    else if (sscanf(line, "messages %ld %ld %ld", &a, &b, &c) == 3) run_messages(a, b, (size_t)c);
    else if (sscanf(line, "rate %ld %ld", &a, &b) == 2) run_rate(a, b);
    else if (sscanf(line, "round %ld", &a) == 1) run_round(a);
    else if (sscanf(line, "bulk %ld %ld %ld", &a, &b, &c) == 3) run_bulk((int)a, b, c);
    else if (strcmp(line, "alive\n") == 0) look_alive();
    else if (strcmp(line, "close\n") == 0) close_all();
    else answer("{\"problem\":\"no such step\"}");
  }
}

int main(int count, char **args) {
  start_program();
  if ((count == 4 || count == 6) && strcmp(args[1], "echo") == 0)
    serve_echo(args[2], atoi(args[3]), count == 6 ? args[4] : NULL, count == 6 ? args[5] : NULL);
  if ((count == 8 || count == 9) && strcmp(args[1], "tunnels") == 0) {
    drive_tunnels(args + 2);
    return 0;
  }
  fprintf(stderr, "load: started by bench/load.ts only\n");
  return 64;
}
