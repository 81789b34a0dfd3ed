// The front as a Node-API addon. libuv looks at one descriptor, that of the front's epoll; one call of JavaScript then has everything that
// happened. Only the data plane calls it, with what it has checked itself.

#include "addon.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "addon-uv.h"
#include "front.h"

// Bytes that one batch can bring.
#define ROOM_BYTES (256 * 1024)
// Batches in one turn of the loop, so that what else there is has its turn.
#define BATCHES_MAX 8

struct front_addon {
  napi_env env;
  napi_ref on_events;
  napi_async_context context;
  struct front *front;
  uv_handle_t *poll;
  struct front_event *events;
  char *room;
};

static void on_ready(uv_handle_t *handle, int status, int ready) {
  (void)status;
  (void)ready;
  struct front_addon *a = uv_handle_get_data(handle);
  napi_handle_scope scope;
  napi_value call, receiver, count;
  for (int batch = 0; batch < BATCHES_MAX; batch += 1) {
    const size_t found = front_poll(a->front, a->events, a->room, ROOM_BYTES);
    if (found == 0) return;
    napi_open_handle_scope(a->env, &scope);
    napi_get_reference_value(a->env, a->on_events, &call);
    napi_get_global(a->env, &receiver);
    napi_create_uint32(a->env, (uint32_t)found, &count);
    front_hold(a->front);
    if (napi_make_callback(a->env, a->context, receiver, call, 1, &count, NULL) == napi_pending_exception) {
      napi_value error;
      napi_get_and_clear_last_exception(a->env, &error);
      napi_fatal_exception(a->env, error);
    }
    napi_close_handle_scope(a->env, scope);
    front_dial_held(a->front);
  }
}

static void free_handle(uv_handle_t *handle) { free(handle); }

static void front_exit(void *data) {
  struct front_addon *a = data;
  uv_close(a->poll, free_handle);
  front_destroy(a->front);
  free(a->events);
  free(a->room);
  free(a);
}

// listen(descriptor, isOurs, backlog): an id, or a negative errno value. What is not ours is duplicated.
static napi_value front_listen_call(napi_env env, napi_callback_info info) {
  napi_value values[3];
  const struct front_addon *a = addon_call(env, info, values, 3);
  if (!a) return addon_fail(env, "listen takes three arguments");
  const int given = addon_int(env, values[0]), is_ours = addon_int(env, values[1]);
  const int descriptor = is_ours ? given : fcntl(given, F_DUPFD_CLOEXEC, 0);
  if (descriptor < 0) return addon_number(env, -errno);
  const int id = front_listen(a->front, descriptor, addon_int(env, values[2]));
  if (id < 0 && !is_ours) close(descriptor);
  return addon_number(env, id);
}

// connect(address, port): an id, or a negative errno value.
static napi_value front_connect_call(napi_env env, napi_callback_info info) {
  napi_value values[2];
  const struct front_addon *a = addon_call(env, info, values, 2);
  if (!a) return addon_fail(env, "connect takes two arguments");
  char text[FRONT_TEXT_BYTES] = "";
  size_t length = 0;
  napi_get_value_string_latin1(env, values[0], text, sizeof text, &length);
  const uint16_t port = htons((uint16_t)addon_uint(env, values[1]));
  struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = port};
  struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = port};
  if (inet_pton(AF_INET, text, &four.sin_addr) == 1)
    return addon_number(env, front_connect(a->front, (const struct sockaddr *)&four, sizeof four));
  if (inet_pton(AF_INET6, text, &six.sin6_addr) == 1) return addon_number(env, front_connect(a->front, (const struct sockaddr *)&six, sizeof six));
  return addon_number(env, -EINVAL);
}

// read(id, on)
static napi_value front_read_call(napi_env env, napi_callback_info info) {
  napi_value values[2];
  const struct front_addon *a = addon_call(env, info, values, 2);
  if (!a) return addon_fail(env, "read takes two arguments");
  front_read(a->front, addon_int(env, values[0]), addon_int(env, values[1]));
  return NULL;
}

// write(id, bytes): 1 where some of it waits.
static napi_value front_write_call(napi_env env, napi_callback_info info) {
  napi_value values[2];
  const struct front_addon *a = addon_call(env, info, values, 2);
  void *bytes = NULL;
  size_t length = 0;
  if (!a || napi_get_buffer_info(env, values[1], &bytes, &length) != napi_ok) return addon_fail(env, "write takes an id and a buffer");
  return addon_number(env, front_write(a->front, addon_int(env, values[0]), bytes, length));
}

// finish(id)
static napi_value front_finish_call(napi_env env, napi_callback_info info) {
  napi_value value;
  const struct front_addon *a = addon_call(env, info, &value, 1);
  if (!a) return addon_fail(env, "finish takes one argument");
  front_finish(a->front, addon_int(env, value));
  return NULL;
}

// close(id)
static napi_value front_close_call(napi_env env, napi_callback_info info) {
  napi_value value;
  const struct front_addon *a = addon_call(env, info, &value, 1);
  if (!a) return addon_fail(env, "close takes one argument");
  front_close(a->front, addon_int(env, value));
  return NULL;
}

// unsent(id): a buffer.
static napi_value front_unsent_call(napi_env env, napi_callback_info info) {
  napi_value value, result;
  const struct front_addon *a = addon_call(env, info, &value, 1);
  if (!a) return addon_fail(env, "unsent takes one argument");
  size_t length;
  const void *bytes = front_unsent(a->front, addon_int(env, value), &length);
  napi_create_buffer_copy(env, length, bytes ? bytes : "", NULL, &result);
  return result;
}

// release(id): the descriptor.
static napi_value front_release_call(napi_env env, napi_callback_info info) {
  napi_value value;
  const struct front_addon *a = addon_call(env, info, &value, 1);
  if (!a) return addon_fail(env, "release takes one argument");
  return addon_number(env, front_release(a->front, addon_int(env, value), NULL));
}

// Null where it cannot be had, with nothing kept.
static struct front_addon *front_addon_create(napi_env env, const struct front_options *options) {
  struct uv_loop_s *loop = NULL;
  const char *type = uv_handle_type_name(UV_POLL);
  if (!type || strcmp(type, "poll") != 0 || napi_get_uv_event_loop(env, &loop) != napi_ok) return NULL;
  struct front_addon *a = calloc(1, sizeof *a);
  if (!a) return NULL;
  a->env = env;
  a->front = front_create(options);
  a->events = calloc(FRONT_EVENTS_MAX, sizeof *a->events);
  a->room = malloc(ROOM_BYTES);
  a->poll = calloc(1, uv_handle_size(UV_POLL));
  if (a->front && a->events && a->room && a->poll && uv_poll_init(loop, a->poll, front_descriptor(a->front)) == 0) {
    uv_handle_set_data(a->poll, a);
    uv_poll_start(a->poll, UV_READABLE, on_ready);
    // A process lives by what it has to do, not by this; a carrier by its supervisor's channel.
    uv_unref(a->poll);
    return a;
  }
  if (a->front) front_destroy(a->front);
  free(a->events);
  free(a->room);
  free(a->poll);
  free(a);
  return NULL;
}

napi_value addon_create_front(napi_env env, napi_callback_info info) {
  napi_value values[5], object, name;
  size_t given = 5;
  napi_get_cb_info(env, info, &given, values, NULL, NULL);
  if (given != 5) return addon_fail(env, "createFront takes five arguments");
  const struct front_options options = {
      .ids = addon_uint(env, values[0]),
      .keep_alive_idle = addon_int(env, values[1]),
      .keep_alive_interval = addon_int(env, values[2]),
      .keep_alive_count = addon_int(env, values[3]),
  };
  struct front_addon *a = front_addon_create(env, &options);
  if (!a) return addon_fail(env, "no memory, descriptor or event loop for the front");
  napi_create_reference(env, values[4], 1, &a->on_events);
  napi_create_string_utf8(env, "pinhole front", NAPI_AUTO_LENGTH, &name);
  napi_async_init(env, NULL, name, &a->context);
  napi_add_env_cleanup_hook(env, front_exit, a);

  napi_create_object(env, &object);
  napi_value self;
  napi_create_external(env, a->front, NULL, NULL, &self);
  napi_set_named_property(env, object, "self", self);
  if (!addon_memory(env, object, "events", a->events, FRONT_EVENTS_MAX * sizeof *a->events) ||
      !addon_memory(env, object, "room", a->room, ROOM_BYTES))
    return addon_fail(env, "this Node takes no memory from outside");
  addon_method(env, object, "listen", front_listen_call, a);
  addon_method(env, object, "connect", front_connect_call, a);
  addon_method(env, object, "read", front_read_call, a);
  addon_method(env, object, "write", front_write_call, a);
  addon_method(env, object, "finish", front_finish_call, a);
  addon_method(env, object, "close", front_close_call, a);
  addon_method(env, object, "unsent", front_unsent_call, a);
  addon_method(env, object, "release", front_release_call, a);
  return object;
}
