// What both halves of the addon use.

#ifndef PINHOLE_ADDON_H
#define PINHOLE_ADDON_H

#include <node_api.h>
#include <stdint.h>

// Null, with an exception thrown.
napi_value addon_fail(napi_env env, const char *why);

// The arguments of a call, exactly `count`, and the data of its function; null data where the count is another.
void *addon_call(napi_env env, napi_callback_info info, napi_value *values, size_t count);

// A number, or the largest one where it is none.
uint32_t addon_uint(napi_env env, napi_value value);
int addon_int(napi_env env, napi_value value);
double addon_double(napi_env env, napi_value value);

napi_value addon_number(napi_env env, int value);

// A function as a property, whose data is `data`.
void addon_method(napi_env env, napi_value object, const char *name, napi_callback call, void *data);

// Memory of ours that JavaScript reads in place, as a property; 0 where this Node takes none.
int addon_memory(napi_env env, napi_value object, const char *name, void *memory, size_t bytes);

// createFront(ids, keepAliveIdle, keepAliveInterval, keepAliveCount, onEvents)
napi_value addon_create_front(napi_env env, napi_callback_info info);

// createLinks(onReady)
napi_value addon_create_links(napi_env env, napi_callback_info info);

#endif
