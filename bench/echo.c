#define _GNU_SOURCE
#include "echo.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include "channel.h"
#include "sockets.h"

enum { EVENTS = 256, HEAD_MAX = 4096 };

static char scratch[256 * 1024];

// Right for the key of RFC 6455, section 1.3, which is the one that the load sends.
static const char UPGRADED[] =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
    "Sec-WebSocket-Protocol: mqtt\r\n\r\n";

typedef enum { SHAKING, ASKED, ECHOING } Stage;

typedef struct {
  Channel channel;
  Stage stage;
  size_t length, gone;  // of what was read: all of it, and what is sent of it
  char *unsent;         // or the head, as far as it has come
} Guest;

static void part(Guest *guest) {
  channel_close(&guest->channel);
  free(guest->unsent);
  free(guest);
}

static void forget_unsent(Guest *guest) {
  free(guest->unsent);
  guest->unsent = NULL;
  guest->length = guest->gone = 0;
}

// Sends what waits; reads on only when all of it is gone.
static bool flush_guest(int epoll, Guest *guest) {
  ssize_t gone = channel_give(&guest->channel, guest->unsent + guest->gone, guest->length - guest->gone);
  if (gone < 0) return false;
  guest->gone += (size_t)gone;
  if (guest->gone < guest->length) return true;
  forget_unsent(guest);
  watch(epoll, EPOLL_CTL_MOD, guest->channel.fd, EPOLLIN, guest);
  return true;
}

static bool echo_guest(int epoll, Guest *guest) {
  if (guest->unsent) return flush_guest(epoll, guest);
  ssize_t got = channel_take(&guest->channel, scratch, sizeof scratch);
  if (got <= 0) return got == 0;
  ssize_t gone = channel_give(&guest->channel, scratch, (size_t)got);
  if (gone < 0) return false;
  if (gone == got) return true;
  guest->length = (size_t)(got - gone);
  guest->gone = 0;
  guest->unsent = malloc(guest->length);
  if (!guest->unsent) die("malloc");
  memcpy(guest->unsent, scratch + gone, guest->length);
  watch(epoll, EPOLL_CTL_MOD, guest->channel.fd, EPOLLOUT, guest);
  return true;
}

static bool shake_hands(Guest *guest) {
  const int state = channel_shake(&guest->channel);
  if (state == 1) guest->stage = ASKED;
  return state >= 0;
}

static bool answer_upgrade(Guest *guest) {
  if (!guest->unsent) guest->unsent = malloc(HEAD_MAX);
  if (!guest->unsent) die("malloc");
  const size_t room = HEAD_MAX - 1 - guest->length;
  const ssize_t got = room == 0 ? -1 : channel_take(&guest->channel, guest->unsent + guest->length, room);
  if (got <= 0) return got == 0;
  guest->length += (size_t)got;
  guest->unsent[guest->length] = 0;
  if (!strstr(guest->unsent, "\r\n\r\n")) return true;
  forget_unsent(guest);
  guest->stage = ECHOING;
  return channel_give(&guest->channel, UPGRADED, sizeof UPGRADED - 1) == sizeof UPGRADED - 1;
}

static bool step(int epoll, Guest *guest) {
  switch (guest->stage) {
    case SHAKING: return shake_hands(guest);
    case ASKED: return answer_upgrade(guest);
    default: return echo_guest(epoll, guest);
  }
}

static void welcome(int epoll, int listener, bool has_tls) {
  int fd;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    send_at_once(fd);
    Guest *guest = calloc(1, sizeof *guest);
    if (!guest) die("calloc");
    guest->channel.fd = fd;
    guest->stage = has_tls ? SHAKING : ECHOING;
    if (has_tls) channel_serve(&guest->channel);
    watch(epoll, EPOLL_CTL_ADD, fd, EPOLLIN, guest);
  }
}

void serve_echo(const char *ip, int port, const char *certificate, const char *key) {
  if (certificate) channel_identify(certificate, key);
  int listener = listen_at(ip, port);
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  watch(epoll, EPOLL_CTL_ADD, listener, EPOLLIN, NULL);
  answer("{\"listening\":true}");
  struct epoll_event events[EVENTS];
  for (;;) {
    int count = epoll_wait(epoll, events, EVENTS, -1);
    for (int i = 0; i < count; i++) {
      Guest *guest = events[i].data.ptr;
      if (!guest) welcome(epoll, listener, certificate != NULL);
      else if (!step(epoll, guest)) part(guest);
    }
  }
}
