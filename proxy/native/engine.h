// The native relay engine without Node: one epoll thread that moves bytes between pairs of connected sockets.
//
// Who owns a descriptor: `engine_start` and `engine_adopt` take both over, and nobody else may hold one of them open. From then on the engine's
// thread alone reads, writes and closes them; callers only queue commands. A slot belongs to the caller again once `engine_ends` has given
// back its end, and by then both descriptors are closed.

#ifndef PINHOLE_ENGINE_H
#define PINHOLE_ENGINE_H

#include <stddef.h>
#include <stdint.h>

// Who ended a tunnel; the order of proxy/core/record.ts ENDINGS.
enum ended_by { BY_CLIENT, BY_UPSTREAM, BY_IDLE, BY_AGE, BY_DRAIN, BY_OPERATOR, BY_POLICY, BY_FAULT };

// Larger reads cost more memory and no less CPU.
#define ENGINE_CHUNK_BYTES_MAX (64u * 1024)

// What a tunnel is held to from its start, or its adoption, to its end, whatever later ones are held to.
struct engine_limits {
  // One read, at most ENGINE_CHUNK_BYTES_MAX; also what waits at most per direction behind a slow reader, besides what was read before the engine had
  // the tunnel.
  uint32_t chunk_bytes;
  // Milliseconds; infinite limits are large numbers.
  double idle_ms, half_closed_ms;
};

struct engine_options {
  uint32_t slots;
  struct engine_limits limits;
  double no_progress_ms;
  // Called on the engine's thread when there are ends to fetch, and not again before `engine_ends` has left none.
  void (*on_ends)(void *context);
  void *context;
};

// What `engine_ends` says besides how a tunnel ended: it waits to be moved, it cannot be moved now and goes on, it has been moved away.
enum engine_news { NEWS_PARKED = 16, NEWS_STAYS, NEWS_MOVED };

struct engine_end {
  uint32_t slot;
  // An ended_by, or an engine_news.
  uint32_t by;
};

// What a caller may read at any time: counts of bytes and the moment of the last one, in milliseconds of CLOCK_MONOTONIC.
// Doubles, since JavaScript reads them in place; each is written in one store, by the engine's thread or, at the start of a tunnel, by the caller's.
struct engine_stats {
  double bytes_up, bytes_down, last_ms;
};

struct engine;

// Null where memory, descriptors or threads ran out.
struct engine *engine_create(const struct engine_options *options);

// slots + 2 entries. The two behind the last slot make the sum over all tunnels since the start: what the engine relayed, and what had been
// sent before.
struct engine_stats *engine_stats(struct engine *engine);

// The limits of tunnels that start or are adopted from now on; those that run keep theirs.
void engine_limit(struct engine *engine, const struct engine_limits *limits);

// One side of a tunnel that begins.
struct engine_leg {
  // A connected stream socket.
  int fd;
  // It was reset already, and a write was told so.
  uint8_t was_reset;
  // What the other side said and this one gets first.
  const void *first;
  size_t length;
  // Bytes that this side said and that have gone to the other one already.
  double sent;
};

// Starts a tunnel, client first, in a slot below `slots` that is not in use. 0 where memory or epoll watches ran out: then both descriptors are
// closed, and the slot is not in use.
int engine_start(struct engine *engine, uint32_t slot, const struct engine_leg legs[2]);

// Ends a tunnel; nothing where it is ending already.
void engine_close(struct engine *engine, uint32_t slot, enum ended_by by);

// Fetches up to `room` ends. Where it fills the room more may be left, which the caller comes for by itself: when it has done something else.
size_t engine_ends(struct engine *engine, struct engine_end *ends, size_t room);

// ---- moving a live tunnel to another process
//
// The old holder parks a tunnel (nothing is read or written from then on, and its descriptors stay open), sends it, and forgets it once the new
// holder has acknowledged it; the new one relays only after its acknowledgement is on its way. So at no moment do two processes read. Descriptors are
// closed without shutdown: the sockets live on at the other holder. Sockets are connected Unix ones of type SOCK_SEQPACKET.

// Asks for a tunnel to be parked; NEWS_PARKED or NEWS_STAYS comes with the ends, or its end, where it ended first. Nothing else may be asked of its moving
// before that has been fetched.
void engine_park(struct engine *engine, uint32_t slot);

// Sends a parked tunnel, with what the caller knows of it. 0, or an errno value with nothing sent (EAGAIN: try again when there is room).
int engine_send(struct engine *engine, uint32_t slot, int socket, const void *identity, size_t length);

// A parked tunnel lives elsewhere now (NEWS_MOVED follows and the slot is free), or goes on here.
void engine_forget(struct engine *engine, uint32_t slot);
void engine_resume(struct engine *engine, uint32_t slot);

// Receives one tunnel and holds it until it is adopted or discarded; the identity is copied to `identity`. Its length, 0 where the sender is gone, or a
// negative errno value (EAGAIN: nothing there; EPROTO: a message that is not ours, whose descriptors are closed).
int engine_receive(struct engine *engine, int socket, void *identity, size_t room);

// Runs the received tunnel in a free slot, or closes its descriptors without a word to its ends. 0, or an errno value with nothing changed.
int engine_adopt(struct engine *engine, uint32_t slot);
void engine_discard(struct engine *engine);

// Closes every descriptor and ends the thread.
void engine_destroy(struct engine *engine);

#endif
