// How a half of the addon has the event loop look at a descriptor.

#ifndef PINHOLE_ADDON_UV_H
#define PINHOLE_ADDON_UV_H

#include <stddef.h>

// The part of uv.h that is used here: node-api-headers leaves it out, Node exports it, and libuv keeps it stable within version 1. The number of
// a handle's type is not promised, so its name is asked for at the start.
typedef struct uv_handle_s uv_handle_t;
typedef void (*uv_poll_cb)(uv_handle_t *, int status, int events);
extern size_t uv_handle_size(int type);
extern const char *uv_handle_type_name(int type);
extern int uv_poll_init(struct uv_loop_s *loop, uv_handle_t *handle, int fd);
extern int uv_poll_start(uv_handle_t *handle, int events, uv_poll_cb call);
extern void uv_handle_set_data(uv_handle_t *handle, void *data);
extern void *uv_handle_get_data(const uv_handle_t *handle);
extern void uv_unref(uv_handle_t *handle);
extern void uv_close(uv_handle_t *handle, void (*closed)(uv_handle_t *));
#define UV_POLL 8
#define UV_READABLE 1

#endif
