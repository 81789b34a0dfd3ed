// A crowd that is not wanted, on one thread: connections that never say a word, and requests that are refused.
//
//   press ADDRESS PORT FIRST_SOURCE SOURCES REQUEST_FILE
//
// FIRST_SOURCE is the first of so many addresses that it comes from in turn, and REQUEST_FILE has one head or several, taken in turn too. It reads steps from stdin, a line each, and answers each with one
// line of JSON on stdout:
//
//   hold COUNT          opens so many connections and says nothing on them; answers when the last is through, or closed by the other side
//   ask PER_S SECONDS   so many connections a second, a head on each, until the other side has closed it; counts the answers by their status
//   close               closes all that it holds
//
// What the proxy does not answer in time is counted, not waited for.

#define _GNU_SOURCE
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "sockets.h"

enum {
  CALLS_MAX = 16000,
  STATUS_MAX = 600,
  ASKING_MAX = 4000,   // on their way at the same time: what is beyond waits for its turn, and the pace is missed
  EVENTS = 256,
  BEAT_MS = 1,
  STALL_MS = 3000,     // nothing happened for so long
  REQUEST_BYTES_MAX = 8 * 1024 * 1024,
  REQUESTS_MAX = 20000,
};

typedef enum { FREE, DIALLING, ASKED, HELD } Stage;

typedef struct {
  int fd;
  Stage stage;
  bool answered;
} Call;

static Call calls[CALLS_MAX];
static int free_calls[CALLS_MAX], free_count;
static int epoll_all;
static struct sockaddr_in proxy;
static uint32_t first_source;
static int sources, next_source;
static char request_text[REQUEST_BYTES_MAX];
static struct {
  const char *bytes;
  size_t length;
} requests[REQUESTS_MAX];
static int request_count, next_request;
static bool is_silent;

static long asked, failed, unanswered, closed_early, by_status[STATUS_MAX];

static void end_call(Call *call) {
  close(call->fd);
  call->stage = FREE;
  free_calls[free_count++] = (int)(call - calls);
}

static bool dial(void) {
  Call *call = &calls[free_calls[--free_count]];
  struct sockaddr_in source = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(first_source + (uint32_t)(next_source++ % sources))};
  int fd = open_socket(), on = 1;
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  // Ports that wait for their end would run out at thousands a second: who hangs up by a reset leaves none.
  struct linger linger = {.l_onoff = 1, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  if (bind(fd, (struct sockaddr *)&source, sizeof source)) die("source address");
  *call = (Call){.fd = fd, .stage = DIALLING};
  asked++;
  if (connect(fd, (struct sockaddr *)&proxy, sizeof proxy) && errno != EINPROGRESS) {
    failed++;
    end_call(call);
    return false;
  }
  watch(epoll_all, EPOLL_CTL_ADD, fd, EPOLLOUT, call);
  return true;
}

// True where the call is over.
static bool connected(Call *call) {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(call->fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error) {
    failed++;
    return true;
  }
  watch(epoll_all, EPOLL_CTL_MOD, call->fd, EPOLLIN, call);
  call->stage = is_silent ? HELD : ASKED;
  if (is_silent) return false;
  const int which = next_request++ % request_count;
  if (send(call->fd, requests[which].bytes, requests[which].length, MSG_NOSIGNAL) == (ssize_t)requests[which].length) return false;
  closed_early++;
  return true;
}

static bool heard(Call *call) {
  char text[1024];
  ssize_t got = recv(call->fd, text, sizeof text - 1, 0);
  if (got > 0) {
    text[got] = 0;
    int status = got > 12 ? atoi(text + 9) : 0;
    if (!call->answered && status > 0 && status < STATUS_MAX) {
      by_status[status]++;
      call->answered = true;
    }
    // A tunnel that was let in after all would stay.
    return status == 200;
  }
  if (got < 0 && errno == EAGAIN) return false;
  if (!call->answered) closed_early++;
  return true;
}

// How many calls are over.
static int turn(int wait_ms) {
  struct epoll_event events[EVENTS];
  int over = 0, count = epoll_wait(epoll_all, events, EVENTS, wait_ms);
  if (count == 0) return -1;
  for (int i = 0; i < count; i++) {
    Call *call = events[i].data.ptr;
    if (!(call->stage == DIALLING ? connected(call) : heard(call))) continue;
    end_call(call);
    over++;
  }
  return over;
}

static void begin(bool silent) {
  is_silent = silent;
  asked = failed = unanswered = closed_early = 0;
  memset(by_status, 0, sizeof by_status);
}

static int count_in(Stage stage) {
  int count = 0;
  for (int i = 0; i < CALLS_MAX; i++) count += calls[i].stage == stage;
  return count;
}

static void hold(int count) {
  begin(true);
  uint64_t started = now_ns();
  while (asked < count && free_count > 0) {
    for (int burst = 0; burst < 64 && asked < count && free_count > 0; burst++) dial();
    turn(0);
  }
  while (count_in(DIALLING) > 0 && turn(STALL_MS) >= 0) continue;
  // What is turned away is closed soon after.
  for (uint64_t until = now_ns() + 500000000ull; now_ns() < until;) turn(50);
  answer("{\"asked\":%ld,\"held\":%d,\"closed\":%ld,\"failed\":%ld,\"seconds\":%.3f}", asked, count_in(HELD), closed_early, failed,
         (double)(now_ns() - started) / 1e9);
}

static void hang_up(void) {
  for (int i = 0; i < CALLS_MAX; i++)
    if (calls[i].stage != FREE) end_call(&calls[i]);
}

static void ask(long per_second, long seconds) {
  begin(false);
  uint64_t started = now_ns(), length = (uint64_t)seconds * 1000000000ull;
  int open = 0;
  long late = 0;
  while (now_ns() - started < length) {
    long due = (long)((double)(now_ns() - started) / 1e9 * (double)per_second);
    for (int burst = 0; burst < 64 && asked < due; burst++) {
      if (open >= ASKING_MAX || free_count == 0) {
        late = due - asked;
        break;
      }
      open += dial();
    }
    int over = turn(asked < due ? 0 : BEAT_MS);
    if (over > 0) open -= over;
  }
  const double took = (double)(now_ns() - started) / 1e9;
  for (int over; open > 0 && (over = turn(STALL_MS)) >= 0;) open -= over;
  unanswered = open;
  hang_up();
  printf("{\"asked\":%ld,\"seconds\":%.3f,\"late\":%ld,\"failed\":%ld,\"closed\":%ld,\"unanswered\":%ld,\"answers\":{", asked, took, late, failed,
         closed_early, unanswered);
  const char *comma = "";
  for (int status = 0; status < STATUS_MAX; status++)
    if (by_status[status]) {
      printf("%s\"%d\":%ld", comma, status, by_status[status]);
      comma = ",";
    }
  answer("}}");
}

static void read_requests(const char *path) {
  FILE *file = fopen(path, "r");
  if (!file) die(path);
  size_t length = fread(request_text, 1, sizeof request_text - 1, file);
  fclose(file);
  request_text[length] = 0;
  for (const char *from = request_text, *end; (end = strstr(from, "\r\n\r\n")) && request_count < REQUESTS_MAX; from = end + 4) {
    requests[request_count].bytes = from;
    requests[request_count++].length = (size_t)(end + 4 - from);
  }
  if (request_count == 0) {
    fprintf(stderr, "press: %s has no head of a request\n", path);
    exit(64);
  }
}

int main(int argc, char **argv) {
  if (argc != 6) {
    fprintf(stderr, "usage: press ADDRESS PORT FIRST_SOURCE SOURCES REQUEST_FILE\n");
    return 64;
  }
  start_program();
  proxy = address_of(argv[1], atoi(argv[2]));
  first_source = ntohl(address_of(argv[3], 0).sin_addr.s_addr);
  sources = atoi(argv[4]);
  read_requests(argv[5]);
  for (int i = CALLS_MAX - 1; i >= 0; i--) free_calls[free_count++] = i;
  epoll_all = epoll_create1(EPOLL_CLOEXEC);

  char line[256];
  while (fgets(line, sizeof line, stdin)) {
    long first = 0, second = 0;
    if (sscanf(line, "hold %ld", &first) == 1) hold((int)first);
    else if (sscanf(line, "ask %ld %ld", &first, &second) == 2) ask(first, second);
    else if (strncmp(line, "close", 5) == 0) {
      hang_up();
      answer("{}");
    } else {
      fprintf(stderr, "press: no step is called %s", line);
      return 64;
    }
  }
  return 0;
}
