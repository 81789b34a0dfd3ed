// The sockets on which tunnels are moved between two carriers of a node (engine.h): connected Unix ones of type SOCK_SEQPACKET, which Node
// cannot make. No call waits. libuv looks at one descriptor, that of an epoll over all of them. Who is at the other end is asked of the
// kernel, and another user's process is turned away.

#define _GNU_SOURCE
#include "addon.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "addon-uv.h"

#define BACKLOG 8
// A message is at most this long (engine-move.c), and the kernel takes none that is longer than the buffer of its socket.
#define SEND_BUFFER_BYTES (512 * 1024)
// Calls in one turn of the loop, so that what else there is has its turn.
#define CALLS_MAX 16

// What `onReady` is told.
enum { READABLE = 1, WRITABLE = 2 };

struct links {
  napi_env env;
  napi_ref on_ready;
  napi_async_context context;
  int epoll;
  uv_handle_t *poll;
};

static void on_ready(uv_handle_t *handle, int status, int ready) {
  (void)status;
  (void)ready;
  struct links *l = uv_handle_get_data(handle);
  // One at a time: what is closed meanwhile, and its number, are not met again.
  for (int calls = 0; calls < CALLS_MAX; calls += 1) {
    struct epoll_event event;
    napi_handle_scope scope;
    napi_value call, receiver;
    if (epoll_wait(l->epoll, &event, 1, 0) != 1) return;
    const int what = (event.events & (EPOLLIN | EPOLLERR | EPOLLHUP) ? READABLE : 0) | (event.events & EPOLLOUT ? WRITABLE : 0);
    napi_open_handle_scope(l->env, &scope);
    napi_get_reference_value(l->env, l->on_ready, &call);
    napi_get_global(l->env, &receiver);
    const napi_value words[] = {addon_number(l->env, event.data.fd), addon_number(l->env, what)};
    if (napi_make_callback(l->env, l->context, receiver, call, 2, words, NULL) == napi_pending_exception) {
      napi_value error;
      napi_get_and_clear_last_exception(l->env, &error);
      napi_fatal_exception(l->env, error);
    }
    napi_close_handle_scope(l->env, scope);
  }
}

static void free_handle(uv_handle_t *handle) { free(handle); }

static void links_exit(void *data) {
  struct links *l = data;
  uv_close(l->poll, free_handle);
  close(l->epoll);
  free(l);
}

static int watch(const struct links *l, int how, int socket, uint32_t events) {
  struct epoll_event event = {.events = events, .data.fd = socket};
  return epoll_ctl(l->epoll, how, socket, &event);
}

static int address_of(napi_env env, napi_value path, struct sockaddr_un *address) {
  size_t length = 0;
  address->sun_family = AF_UNIX;
  if (napi_get_value_string_utf8(env, path, NULL, 0, &length) != napi_ok) return EINVAL;
  if (length >= sizeof address->sun_path) return ENAMETOOLONG;
  napi_get_value_string_utf8(env, path, address->sun_path, sizeof address->sun_path, &length);
  return 0;
}

static int is_ours(int socket) {
  struct ucred peer;
  socklen_t length = sizeof peer;
  return getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 && peer.uid == geteuid();
}

// A connected socket becomes a link, or is closed; the link, or a negative errno value.
static int begin(const struct links *l, int socket) {
  const int bytes = SEND_BUFFER_BYTES;
  setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  const int error = !is_ours(socket) ? EPERM : watch(l, EPOLL_CTL_ADD, socket, EPOLLIN) ? errno : 0;
  if (error) close(socket);
  return error ? -error : socket;
}

// listen(path): a listener, or a negative errno value. A path of an earlier run is taken over.
static napi_value listen_call(napi_env env, napi_callback_info info) {
  napi_value value;
  struct sockaddr_un address = {0};
  const struct links *l = addon_call(env, info, &value, 1);
  if (!l) return addon_fail(env, "listen takes one argument");
  int error = address_of(env, value, &address);
  if (error) return addon_number(env, -error);
  const int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (listener < 0) return addon_number(env, -errno);
  unlink(address.sun_path);
  if (bind(listener, (const struct sockaddr *)&address, sizeof address) == 0 && chmod(address.sun_path, 0600) == 0 &&
      listen(listener, BACKLOG) == 0 && watch(l, EPOLL_CTL_ADD, listener, EPOLLIN) == 0)
    return addon_number(env, listener);
  error = errno;
  close(listener);
  return addon_number(env, -error);
}

// accept(listener): a link, or a negative errno value: EAGAIN where nobody waits, EPERM where another user did.
static napi_value accept_call(napi_env env, napi_callback_info info) {
  napi_value value;
  const struct links *l = addon_call(env, info, &value, 1);
  if (!l) return addon_fail(env, "accept takes one argument");
  const int accepted = accept4(addon_int(env, value), NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  return addon_number(env, accepted < 0 ? -errno : begin(l, accepted));
}

// connect(path): a link, or a negative errno value.
static napi_value connect_call(napi_env env, napi_callback_info info) {
  napi_value value;
  struct sockaddr_un address = {0};
  const struct links *l = addon_call(env, info, &value, 1);
  if (!l) return addon_fail(env, "connect takes one argument");
  int error = address_of(env, value, &address);
  if (error) return addon_number(env, -error);
  const int connected = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (connected < 0) return addon_number(env, -errno);
  if (connect(connected, (const struct sockaddr *)&address, sizeof address) == 0) return addon_number(env, begin(l, connected));
  error = errno;
  close(connected);
  return addon_number(env, -error);
}

// watch(link, isWritable): whether `onReady` also hears that there is room to write.
static napi_value watch_call(napi_env env, napi_callback_info info) {
  napi_value values[2];
  const struct links *l = addon_call(env, info, values, 2);
  if (!l) return addon_fail(env, "watch takes two arguments");
  watch(l, EPOLL_CTL_MOD, addon_int(env, values[0]), addon_int(env, values[1]) ? EPOLLIN | EPOLLOUT : EPOLLIN);
  return NULL;
}

// send(link, bytes): 0, or a negative errno value.
static napi_value send_call(napi_env env, napi_callback_info info) {
  napi_value values[2];
  void *bytes = NULL;
  size_t length = 0;
  if (!addon_call(env, info, values, 2) || napi_get_buffer_info(env, values[1], &bytes, &length) != napi_ok)
    return addon_fail(env, "send takes a link and a buffer");
  return addon_number(env, send(addon_int(env, values[0]), bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0);
}

// receive(link, room): the length of one message, 0 where the other side is gone, or a negative errno value.
static napi_value receive_call(napi_env env, napi_callback_info info) {
  napi_value values[2];
  void *room = NULL;
  size_t length = 0;
  if (!addon_call(env, info, values, 2) || napi_get_buffer_info(env, values[1], &room, &length) != napi_ok)
    return addon_fail(env, "receive takes a link and a buffer");
  const int link = addon_int(env, values[0]);
  ssize_t got = recv(link, room, length, MSG_DONTWAIT);
  // Told once, where the other side went with messages unread: what it has said itself comes after that.
  if (got < 0 && errno == ECONNRESET) got = recv(link, room, length, MSG_DONTWAIT);
  return addon_number(env, got < 0 ? -errno : (int)got);
}

// close(link)
static napi_value close_call(napi_env env, napi_callback_info info) {
  napi_value value;
  if (!addon_call(env, info, &value, 1)) return addon_fail(env, "close takes one argument");
  // Nobody else has it open, so that it leaves epoll by that.
  close(addon_int(env, value));
  return NULL;
}

napi_value addon_create_links(napi_env env, napi_callback_info info) {
  napi_value value, object, name;
  size_t given = 1;
  napi_get_cb_info(env, info, &given, &value, NULL, NULL);
  if (given != 1) return addon_fail(env, "createLinks takes one argument");
  struct uv_loop_s *loop = NULL;
  const char *type = uv_handle_type_name(UV_POLL);
  struct links *l = calloc(1, sizeof *l);
  uv_handle_t *poll = calloc(1, uv_handle_size(UV_POLL));
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  if (!l || !poll || epoll < 0 || !type || strcmp(type, "poll") != 0 || napi_get_uv_event_loop(env, &loop) != napi_ok ||
      uv_poll_init(loop, poll, epoll) != 0) {
    if (epoll >= 0) close(epoll);
    free(poll);
    free(l);
    return addon_fail(env, "no memory, descriptor or event loop for links");
  }
  *l = (struct links){.env = env, .epoll = epoll, .poll = poll};
  uv_handle_set_data(poll, l);
  uv_poll_start(poll, UV_READABLE, on_ready);
  uv_unref(poll);
  napi_create_reference(env, value, 1, &l->on_ready);
  napi_create_string_utf8(env, "pinhole links", NAPI_AUTO_LENGTH, &name);
  napi_async_init(env, NULL, name, &l->context);
  napi_add_env_cleanup_hook(env, links_exit, l);

  napi_create_object(env, &object);
  addon_method(env, object, "listen", listen_call, l);
  addon_method(env, object, "accept", accept_call, l);
  addon_method(env, object, "connect", connect_call, l);
  addon_method(env, object, "watch", watch_call, l);
  addon_method(env, object, "send", send_call, l);
  addon_method(env, object, "receive", receive_call, l);
  addon_method(env, object, "close", close_call, l);
  return object;
}
