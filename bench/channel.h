// One end of a connection, as it is or with TLS over it: the load's own TLS, by OpenSSL, which owes nothing to the proxy's code. Without
// WITH_TLS it is built on machines that have no OpenSSL to build with, and knows plain connections only.

#pragma once
#include <stddef.h>
#include <sys/types.h>

typedef struct {
  int fd;
  struct ssl_st *tls;  // NULL: as it is
} Channel;

// read() that says 0 for "nothing yet" and -1 for the end, however it came.
ssize_t channel_take(Channel *channel, void *into, size_t room);

// write() that says 0 for "no room" and -1 for the end. What did not go has to be the start of the next write.
ssize_t channel_give(Channel *channel, const void *from, size_t length);

// Whoever calls these speaks TLS from now on; channel_shake() is to be called until it says that the handshake is through.
void channel_call(Channel *channel, const char *server_name);
void channel_serve(Channel *channel);
// Before the first channel_serve(): PEM files.
void channel_identify(const char *certificate, const char *key);

// 1: through, 0: not yet, -1: failed.
int channel_shake(Channel *channel);

void channel_close(Channel *channel);
