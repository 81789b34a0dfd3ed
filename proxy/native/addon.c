// The engine as a Node-API addon: a few calls and a view of its counts. Only the data plane calls it: slots are below `slots` and free.
// The other parts are front-addon.c and link-addon.c.

#include "addon.h"

#include <stdlib.h>

#include "engine.h"
#include "front.h"

// Ends handed over in one call.
#define ENDS_MAX 256

struct addon {
  struct engine *engine;
  // Whose connections become tunnels.
  struct front *front;
  napi_threadsafe_function told;
};

// On the engine's thread. A full or closing queue means that JavaScript is going away.
static void on_ends(void *context) {
  const struct addon *addon = context;
  napi_call_threadsafe_function(addon->told, NULL, napi_tsfn_nonblocking);
}

static void shut_down(void *data) {
  struct addon *addon = data;
  engine_destroy(addon->engine);
  napi_release_threadsafe_function(addon->told, napi_tsfn_abort);
  free(addon);
}

napi_value addon_fail(napi_env env, const char *why) {
  napi_throw_error(env, NULL, why);
  return NULL;
}

void *addon_call(napi_env env, napi_callback_info info, napi_value *values, size_t count) {
  void *data = NULL;
  size_t given = count;
  napi_get_cb_info(env, info, &given, values, NULL, &data);
  return given == count ? data : NULL;
}

uint32_t addon_uint(napi_env env, napi_value value) {
  uint32_t number = UINT32_MAX;
  napi_get_value_uint32(env, value, &number);
  return number;
}

int addon_int(napi_env env, napi_value value) {
  int32_t number = INT32_MAX;
  napi_get_value_int32(env, value, &number);
  return number;
}

double addon_double(napi_env env, napi_value value) {
  double number = 0;
  napi_get_value_double(env, value, &number);
  return number;
}

napi_value addon_number(napi_env env, int value) {
  napi_value result;
  napi_create_int32(env, value, &result);
  return result;
}

void addon_method(napi_env env, napi_value object, const char *name, napi_callback call, void *data) {
  napi_value function;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, call, data, &function);
  napi_set_named_property(env, object, name, function);
}

int addon_memory(napi_env env, napi_value object, const char *name, void *memory, size_t bytes) {
  napi_value view;
  if (napi_create_external_arraybuffer(env, memory, bytes, NULL, NULL, &view) != napi_ok) return 0;
  napi_set_named_property(env, object, name, view);
  return 1;
}

// The order of proxy/tunnel/native-relay.ts.
enum started { RUNS, UNCHANGED, CLOSED };

// start(slot, client, upstream, toUpstream, toClient, sentUp, sentDown): RUNS, and the connections are the front's no more; UNCHANGED where bytes
// wait at one of them or it is nobody's; CLOSED, both, for want of memory.
static napi_value start(napi_env env, napi_callback_info info) {
  napi_value values[7];
  const struct addon *addon = addon_call(env, info, values, 7);
  if (!addon) return addon_fail(env, "start takes seven arguments");
  struct engine_leg legs[2] = {{.sent = addon_double(env, values[5])}, {.sent = addon_double(env, values[6])}};
  enum started started = RUNS;
  for (int at = 0; at < 2; at += 1) {
    const int id = addon_int(env, values[1 + at]);
    void *first = NULL;
    size_t unsent = 0;
    // What is for the client stands behind what is for the upstream.
    if (napi_get_buffer_info(env, values[4 - at], &first, &legs[at].length) != napi_ok) return addon_fail(env, "start takes two buffers");
    legs[at].first = first;
    front_unsent(addon->front, id, &unsent);
    if (unsent > 0 || !front_has(addon->front, id)) started = UNCHANGED;
  }
  if (started == RUNS) {
    for (int at = 0; at < 2; at += 1) legs[at].fd = front_release(addon->front, addon_int(env, values[1 + at]), &legs[at].was_reset);
    if (!engine_start(addon->engine, addon_uint(env, values[0]), legs)) started = CLOSED;
  }
  return addon_number(env, started);
}

static struct engine_limits limits_of(napi_env env, const napi_value values[3]) {
  return (struct engine_limits){addon_uint(env, values[0]), addon_double(env, values[1]), addon_double(env, values[2])};
}

// limit(chunkBytes, idleMs, halfClosedMs): for the tunnels that start from now on.
static napi_value limit(napi_env env, napi_callback_info info) {
  napi_value values[3];
  const struct addon *addon = addon_call(env, info, values, 3);
  if (!addon) return addon_fail(env, "limit takes three arguments");
  const struct engine_limits limits = limits_of(env, values);
  engine_limit(addon->engine, &limits);
  return NULL;
}

// close(slot, endedBy)
static napi_value close_tunnel(napi_env env, napi_callback_info info) {
  napi_value values[2];
  const struct addon *addon = addon_call(env, info, values, 2);
  if (!addon) return addon_fail(env, "close takes two arguments");
  engine_close(addon->engine, addon_uint(env, values[0]), (enum ended_by)addon_uint(env, values[1]));
  return NULL;
}

// ends(most): slot and endedBy of each of at most so many tunnels that ended, one behind the other.
static napi_value ends(napi_env env, napi_callback_info info) {
  napi_value values[1];
  const struct addon *addon = addon_call(env, info, values, 1);
  if (!addon) return addon_fail(env, "ends takes one argument");
  const uint32_t most = addon_uint(env, values[0]);
  struct engine_end found[ENDS_MAX];
  const size_t count = engine_ends(addon->engine, found, most < ENDS_MAX ? most : ENDS_MAX);
  napi_value list, value;
  napi_create_array_with_length(env, count * 2, &list);
  for (size_t i = 0; i < count; i += 1) {
    napi_create_uint32(env, found[i].slot, &value);
    napi_set_element(env, list, (uint32_t)(i * 2), value);
    napi_create_uint32(env, found[i].by, &value);
    napi_set_element(env, list, (uint32_t)(i * 2 + 1), value);
  }
  return list;
}

// ---- moving tunnels between processes (engine.h); links are descriptors of link-addon.c. Errors are negative errno values.

// park(slot), forget(slot), resume(slot)
static napi_value of_slot(napi_env env, napi_callback_info info, void (*call)(struct engine *, uint32_t)) {
  napi_value value;
  const struct addon *addon = addon_call(env, info, &value, 1);
  if (!addon) return addon_fail(env, "it takes one argument");
  call(addon->engine, addon_uint(env, value));
  return NULL;
}

static napi_value park(napi_env env, napi_callback_info info) { return of_slot(env, info, engine_park); }
static napi_value forget(napi_env env, napi_callback_info info) { return of_slot(env, info, engine_forget); }
static napi_value resume(napi_env env, napi_callback_info info) { return of_slot(env, info, engine_resume); }

// send(slot, link, identity)
static napi_value send_parked(napi_env env, napi_callback_info info) {
  napi_value values[3];
  const struct addon *addon = addon_call(env, info, values, 3);
  void *identity = NULL;
  size_t length = 0;
  if (!addon || napi_get_buffer_info(env, values[2], &identity, &length) != napi_ok) return addon_fail(env, "send takes a slot, a link and a buffer");
  return addon_number(env, -engine_send(addon->engine, addon_uint(env, values[0]), addon_int(env, values[1]), identity, length));
}

// receive(link, room): the length of the identity, which stands in the room; 0 where the sender is gone.
static napi_value receive(napi_env env, napi_callback_info info) {
  napi_value values[2];
  const struct addon *addon = addon_call(env, info, values, 2);
  void *room = NULL;
  size_t length = 0;
  if (!addon || napi_get_buffer_info(env, values[1], &room, &length) != napi_ok) return addon_fail(env, "receive takes a link and a buffer");
  return addon_number(env, engine_receive(addon->engine, addon_int(env, values[0]), room, length));
}

// adopt(slot)
static napi_value adopt(napi_env env, napi_callback_info info) {
  napi_value value;
  const struct addon *addon = addon_call(env, info, &value, 1);
  if (!addon) return addon_fail(env, "adopt takes one argument");
  return addon_number(env, -engine_adopt(addon->engine, addon_uint(env, value)));
}

// discard()
static napi_value discard(napi_env env, napi_callback_info info) {
  const struct addon *addon = addon_call(env, info, NULL, 0);
  if (!addon) return addon_fail(env, "discard takes no argument");
  engine_discard(addon->engine);
  return NULL;
}

// create(front, slots, chunkBytes, idleMs, halfClosedMs, noProgressMs, onEnds): { start, limit, close, ends, ..., stats }. `stats` is three doubles a slot, and two sums
// behind them.
static napi_value create(napi_env env, napi_callback_info info) {
  napi_value values[7], name, object;
  size_t given = 7;
  void *front = NULL;
  napi_get_cb_info(env, info, &given, values, NULL, NULL);
  if (given != 7 || napi_get_value_external(env, values[0], &front) != napi_ok) return addon_fail(env, "create takes a front and six arguments");
  struct addon *addon = calloc(1, sizeof *addon);
  if (!addon) return addon_fail(env, "no memory");
  napi_create_string_utf8(env, "pinhole relay", NAPI_AUTO_LENGTH, &name);
  if (napi_create_threadsafe_function(env, values[6], NULL, name, 0, 1, NULL, NULL, NULL, NULL, &addon->told) != napi_ok) {
    free(addon);
    return addon_fail(env, "onEnds has to be a function");
  }
  // Waiting tunnels keep a process alive by its listeners, not by this.
  napi_unref_threadsafe_function(env, addon->told);
  addon->front = front;
  const uint32_t slots = addon_uint(env, values[1]);
  const struct engine_options options = {
      .slots = slots,
      .limits = limits_of(env, &values[2]),
      .no_progress_ms = addon_double(env, values[5]),
      .on_ends = on_ends,
      .context = addon,
  };
  addon->engine = engine_create(&options);
  if (!addon->engine) {
    napi_release_threadsafe_function(addon->told, napi_tsfn_abort);
    free(addon);
    return addon_fail(env, "no memory, descriptor or thread for the engine");
  }
  napi_add_env_cleanup_hook(env, shut_down, addon);

  napi_create_object(env, &object);
  if (!addon_memory(env, object, "stats", engine_stats(addon->engine), ((size_t)slots + 2) * sizeof(struct engine_stats)))
    return addon_fail(env, "this Node takes no memory from outside");
  addon_method(env, object, "start", start, addon);
  addon_method(env, object, "limit", limit, addon);
  addon_method(env, object, "close", close_tunnel, addon);
  addon_method(env, object, "ends", ends, addon);
  addon_method(env, object, "park", park, addon);
  addon_method(env, object, "forget", forget, addon);
  addon_method(env, object, "resume", resume, addon);
  addon_method(env, object, "send", send_parked, addon);
  addon_method(env, object, "receive", receive, addon);
  addon_method(env, object, "adopt", adopt, addon);
  addon_method(env, object, "discard", discard, addon);
  return object;
}

NAPI_MODULE_INIT() {
  addon_method(env, exports, "create", create, NULL);
  addon_method(env, exports, "createFront", addon_create_front, NULL);
  addon_method(env, exports, "createLinks", addon_create_links, NULL);
  return exports;
}
