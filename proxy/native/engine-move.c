// A live tunnel as one message of a Unix socket: its descriptors, what waits in it, its counts, and what the caller says of it. Runs on the
// caller's thread: a parked tunnel is not touched by the engine's.

#define _GNU_SOURCE
#include "engine-internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

// The layout is part of what two neighbour versions agree on: fields are only added at the end. Who knows fewer of them skips the others, who
// knows more takes those that are missing as zero.
struct message {
  char magic[4];
  uint32_t header_bytes;
  uint32_t identity_bytes, pending_bytes[2];
  uint8_t finished[2], shut[2], by_known, by, unused[2];
  double bytes_up, bytes_down, last_ms;
};

static const char MAGIC[4] = {'P', 'H', 'T', 'N'};
// What a double counts exactly.
#define COUNT_MAX 9007199254740992.0
// What every version sends at least.
#define HEADER_BYTES_MIN 56
_Static_assert(sizeof(struct message) == HEADER_BYTES_MIN, "a field that is added raises this sum, and not HEADER_BYTES_MIN");
// Two directions of a chunk, what was read before the engine had the tunnel, and what the caller says of it.
#define MESSAGE_BYTES_MAX (512 * 1024)

static void iov_add(struct iovec *parts, size_t *count, const void *bytes, size_t length) {
  if (length > 0) parts[(*count)++] = (struct iovec){.iov_base = (void *)bytes, .iov_len = length};
}

int engine_send(struct engine *e, uint32_t slot, int socket, const void *identity, size_t length) {
  if (slot >= e->options.slots) return EINVAL;
  const struct tunnel *t = &e->tunnels[slot];
  if (!t->in_use || !t->parked) return EINVAL;
  const struct engine_stats *stats = &e->stats[slot];
  struct message message = {.header_bytes = sizeof message,
                            .identity_bytes = (uint32_t)length,
                            .by_known = t->by_known,
                            .by = t->by,
                            .bytes_up = stats->bytes_up,
                            .bytes_down = stats->bytes_down,
                            .last_ms = stats->last_ms};
  memcpy(message.magic, MAGIC, sizeof MAGIC);
  struct iovec parts[4];
  size_t count = 0;
  iov_add(parts, &count, &message, sizeof message);
  iov_add(parts, &count, identity, length);
  for (int at = CLIENT; at <= UPSTREAM; at += 1) {
    const struct side *side = &t->side[at];
    message.finished[at] = side->finished;
    message.shut[at] = side->shut;
    message.pending_bytes[at] = side->pending ? side->pending->end - side->pending->at : 0;
    if (side->pending) iov_add(parts, &count, side->pending->bytes + side->pending->at, message.pending_bytes[at]);
  }
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(2 * sizeof(int))];
  } control = {0};
  struct msghdr envelope = {.msg_iov = parts, .msg_iovlen = count, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
  struct cmsghdr *rights = CMSG_FIRSTHDR(&envelope);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(2 * sizeof(int));
  const int pair[2] = {t->side[CLIENT].fd, t->side[UPSTREAM].fd};
  memcpy(CMSG_DATA(rights), pair, sizeof pair);
  return sendmsg(socket, &envelope, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? errno : 0;
}

// The descriptors of a message, -1 where there are not exactly two; others are closed.
static void take_rights(struct msghdr *envelope, int pair[2]) {
  pair[0] = pair[1] = -1;
  for (struct cmsghdr *c = CMSG_FIRSTHDR(envelope); c; c = CMSG_NXTHDR(envelope, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; i += 1) {
      int fd;
      memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
      if (count == 2 && pair[i] < 0) pair[i] = fd;
      else close(fd);
    }
  }
}

static struct pending *copy_pending(const char *bytes, uint32_t length) {
  struct pending *pending = malloc(sizeof *pending + length);
  if (!pending) return NULL;
  pending->at = 0;
  pending->end = length;
  memcpy(pending->bytes, bytes, length);
  return pending;
}

// The message as a command, or null where it is not one of ours, or memory ran out.
static struct command *read_message(const char *bytes, size_t length, const int pair[2], size_t identity_room) {
  struct message message = {0};
  if (length < HEADER_BYTES_MIN || pair[0] < 0 || pair[1] < 0) return NULL;
  memcpy(&message, bytes, HEADER_BYTES_MIN);
  if (memcmp(message.magic, MAGIC, sizeof MAGIC) != 0 || message.header_bytes < HEADER_BYTES_MIN) return NULL;
  const uint64_t whole = (uint64_t)message.header_bytes + message.identity_bytes + message.pending_bytes[0] + message.pending_bytes[1];
  const double counts[] = {message.bytes_up, message.bytes_down, message.last_ms};
  // NaN is not at least 0 either.
  for (int i = 0; i < 3; i += 1)
    if (!(counts[i] >= 0 && counts[i] <= COUNT_MAX)) return NULL;
  if (whole != length || message.identity_bytes == 0 || message.identity_bytes > identity_room || message.by > BY_FAULT)
    return NULL;
  struct command *command = calloc(1, sizeof *command);
  if (!command) return NULL;
  memcpy(&message, bytes, message.header_bytes < sizeof message ? message.header_bytes : sizeof message);
  command->kind = ADOPT;
  command->by = message.by;
  command->by_known = message.by_known;
  command->stats = (struct engine_stats){message.bytes_up, message.bytes_down, message.last_ms};
  const char *from = bytes + message.header_bytes + message.identity_bytes;
  for (int at = CLIENT; at <= UPSTREAM; at += 1) {
    const uint32_t waiting = message.pending_bytes[at];
    command->fd[at] = pair[at];
    command->finished[at] = message.finished[at];
    command->shut[at] = message.shut[at];
    if (waiting > 0 && !(command->pending[at] = copy_pending(from, waiting))) {
      free(command->pending[CLIENT]);
      free(command);
      return NULL;
    }
    from += waiting;
  }
  return command;
}

int engine_receive(struct engine *e, int socket, void *identity, size_t room) {
  if (e->received) return -EBUSY;
  char *bytes = malloc(MESSAGE_BYTES_MAX);
  if (!bytes) return -ENOMEM;
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(8 * sizeof(int))];
  } control = {0};
  struct iovec part = {.iov_base = bytes, .iov_len = MESSAGE_BYTES_MAX};
  struct msghdr envelope = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
  const ssize_t got = recvmsg(socket, &envelope, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (got < 0) {
    const int error = errno;
    free(bytes);
    return -error;
  }
  int pair[2];
  take_rights(&envelope, pair);
  // The end, unless something came with it.
  if (got == 0 && envelope.msg_controllen == 0) {
    free(bytes);
    return 0;
  }
  const int whole = !(envelope.msg_flags & (MSG_TRUNC | MSG_CTRUNC));
  e->received = whole ? read_message(bytes, (size_t)got, pair, room) : NULL;
  int length = -EPROTO;
  if (e->received) {
    const struct message *message = (const void *)bytes;
    length = (int)message->identity_bytes;
    memcpy(identity, bytes + message->header_bytes, (size_t)length);
  } else {
    for (int i = 0; i < 2; i += 1)
      if (pair[i] >= 0) close(pair[i]);
  }
  free(bytes);
  return length;
}

int engine_adopt(struct engine *e, uint32_t slot) {
  struct command *command = e->received;
  if (!command || slot >= e->options.slots) return EINVAL;
  e->received = NULL;
  command->slot = slot;
  command->limits = e->limits;
  engine_next_turn(e, slot);
  engine_put(&e->stats[slot].bytes_up, command->stats.bytes_up);
  engine_put(&e->stats[slot].bytes_down, command->stats.bytes_down);
  // Clocks of one machine agree; who says "in a year" would never be idle.
  const double now_ms = engine_now_ms();
  engine_put(&e->stats[slot].last_ms, command->stats.last_ms < now_ms ? command->stats.last_ms : now_ms);
  engine_queue(e, command);
  return 0;
}

void engine_discard(struct engine *e) {
  struct command *command = e->received;
  if (!command) return;
  e->received = NULL;
  for (int at = CLIENT; at <= UPSTREAM; at += 1) {
    close(command->fd[at]);
    free(command->pending[at]);
  }
  free(command);
}
