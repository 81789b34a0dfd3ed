#include "channel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#ifdef WITH_TLS
#include <openssl/err.h>
#include <openssl/ssl.h>

enum { RECORD = 16 * 1024 };  // what one TLS record carries at most

static SSL_CTX *context_of(const SSL_METHOD *method) {
  SSL_CTX *context = SSL_CTX_new(method);
  if (!context) abort();
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  // Every tunnel costs the proxy a whole handshake, as a device's first one does.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 0);
  return context;
}

static SSL_CTX *server_context;

void channel_identify(const char *certificate, const char *key) {
  server_context = context_of(TLS_server_method());
  const int is_read = SSL_CTX_use_certificate_chain_file(server_context, certificate) == 1 &&
                      SSL_CTX_use_PrivateKey_file(server_context, key, SSL_FILETYPE_PEM) == 1;
  if (is_read) return;
  fprintf(stderr, "load: OpenSSL does not take %s and %s\n", certificate, key);
  exit(1);
}

static void start(Channel *channel, SSL_CTX *context) {
  channel->tls = SSL_new(context);
  if (!channel->tls || SSL_set_fd(channel->tls, channel->fd) != 1) abort();
}

void channel_call(Channel *channel, const char *server_name) {
  static SSL_CTX *context;
  if (!context) context = context_of(TLS_client_method());
  start(channel, context);
  SSL_set_tlsext_host_name(channel->tls, server_name);
  SSL_set_connect_state(channel->tls);
}

void channel_serve(Channel *channel) {
  start(channel, server_context);
  SSL_set_accept_state(channel->tls);
}

// 0 where it has to wait for the socket, -1 where it is over.
static int outlook(Channel *channel, int result) {
  const int error = SSL_get_error(channel->tls, result);
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

int channel_shake(Channel *channel) {
  ERR_clear_error();
  const int result = SSL_do_handshake(channel->tls);
  return result == 1 ? 1 : outlook(channel, result);
}

// Records as long as full ones come. There is always room for the whole of one (a head is a short one), so nothing is left inside OpenSSL, of
// which epoll would not know.
static ssize_t take_records(Channel *channel, char *into, size_t room) {
  size_t all = 0, got = 0;
  do {
    ERR_clear_error();
    const int result = SSL_read_ex(channel->tls, into + all, room - all, &got);
    if (result != 1) return all > 0 ? (ssize_t)all : outlook(channel, result);
    all += got;
  } while (got == RECORD && room - all >= RECORD);
  return (ssize_t)all;
}

static ssize_t give_records(Channel *channel, const char *from, size_t length) {
  size_t all = 0, gone = 0;
  while (all < length) {
    ERR_clear_error();
    const int result = SSL_write_ex(channel->tls, from + all, length - all, &gone);
    if (result != 1) return all > 0 ? (ssize_t)all : outlook(channel, result);
    all += gone;
  }
  return (ssize_t)all;
}

static void forget(Channel *channel) {
  SSL_free(channel->tls);
  channel->tls = NULL;
}

#else

static void lacks_tls(void) {
  fprintf(stderr, "load: built without OpenSSL\n");
  exit(1);
}

void channel_identify(const char *certificate, const char *key) { (void)certificate, (void)key, lacks_tls(); }
void channel_call(Channel *channel, const char *server_name) { (void)channel, (void)server_name, lacks_tls(); }
void channel_serve(Channel *channel) { (void)channel, lacks_tls(); }
int channel_shake(Channel *channel) { return (void)channel, -1; }
static ssize_t take_records(Channel *channel, char *into, size_t room) { return (void)channel, (void)into, (void)room, -1; }
static ssize_t give_records(Channel *channel, const char *from, size_t length) { return (void)channel, (void)from, (void)length, -1; }
static void forget(Channel *channel) { (void)channel; }

#endif

ssize_t channel_take(Channel *channel, void *into, size_t room) {
  if (channel->tls) return take_records(channel, into, room);
  const ssize_t got = read(channel->fd, into, room);
  if (got > 0) return got;
  return got < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

ssize_t channel_give(Channel *channel, const void *from, size_t length) {
  if (channel->tls) return give_records(channel, from, length);
  const ssize_t gone = write(channel->fd, from, length);
  if (gone >= 0) return gone;
  return errno == EAGAIN || errno == EINTR ? 0 : -1;
}

void channel_close(Channel *channel) {
  forget(channel);
  close(channel->fd);
}
