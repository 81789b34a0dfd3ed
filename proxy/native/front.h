// Sockets before they are a tunnel: accepts, dials, reads and writes on the caller's thread, many events in one call. It decides nothing and
// knows no protocol.
//
// Who owns a descriptor: `front_listen` takes the one it is given; the others are made here. Each is owned until `front_close` or
// `front_release`.
//
// An id is a place and, above it, the place's turn: whoever still asks for one that was given up meets nobody, not the place's next
// connection. A place is not used again before the next `front_poll`, so neither does an event of the same batch.

#ifndef PINHOLE_FRONT_H
#define PINHOLE_FRONT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define FRONT_EVENTS_MAX 512
#define FRONT_TEXT_BYTES 48

// The lower 20 bits of an id are its place; above them stands its turn, which comes round after 2048.
#define FRONT_PLACES_MAX (1u << 20)
#define FRONT_TURNS (1u << 11)
#define FRONT_PLACE(id) ((id) % FRONT_PLACES_MAX)

// What an event says; the order of proxy/tunnel/native-front.ts.
enum front_kind { FRONT_ACCEPTED, FRONT_ACCEPT_FAILED, FRONT_CONNECTED, FRONT_DATA, FRONT_END, FRONT_FAILED, FRONT_DRAINED };

// Read in place by JavaScript: eighteen words of 32 bits.
struct front_event {
  int32_t kind, id;
  // FRONT_DATA: where in the room, and how many bytes. FRONT_ACCEPTED: the listener, and the descriptor.
  int32_t at, length;
  // A port, or an errno value.
  int32_t number;
  // FRONT_ACCEPTED: the far address; FRONT_CONNECTED: our own.
  int32_t text_length;
  char text[FRONT_TEXT_BYTES];
};

struct front_options {
  // Ids at once: every descriptor that the process may hold.
  uint32_t ids;
  // TCP keep-alive for every connection (tcp(7)), seconds.
  int keep_alive_idle, keep_alive_interval, keep_alive_count;
};

struct front;

struct front *front_create(const struct front_options *options);
void front_destroy(struct front *front);

// Becomes readable when `front_poll` has something to give.
int front_descriptor(const struct front *front);

// Fetches what happened; bytes are put into `room`, which the caller must have used before the next call. Never waits.
size_t front_poll(struct front *front, struct front_event events[FRONT_EVENTS_MAX], char *room, size_t room_bytes);

// Each of these gives an id, or a negative errno value. Connections begin paused.
int front_listen(struct front *front, int descriptor, int backlog);
int front_connect(struct front *front, const struct sockaddr *address, socklen_t length);

// From here to `front_dial_held` what `front_connect` gives an id is not dialled yet, and then all of it in one go: a far end on this machine
// that sleeps is woken once for many. What the kernel refuses is told as FRONT_FAILED.
void front_hold(struct front *front);
void front_dial_held(struct front *front);

// A connection that is up, under this id.
int front_has(const struct front *front, int id);

// Reads, or leaves what comes in the kernel.
void front_read(struct front *front, int id, int on);

// 0: all of it is with the kernel; 1: some waits, and FRONT_DRAINED will say when it has gone. A connection that is lost says so by an event.
int front_write(struct front *front, int id, const void *bytes, size_t length);

// Sends the FIN behind everything that waits.
void front_finish(struct front *front, int id);

void front_close(struct front *front, int id);

// Bytes that wait to be written.
const void *front_unsent(const struct front *front, int id, size_t *length);

// Lets go of the connection and gives back its descriptor, which is the caller's then; below 0 where the id is nobody's. `was_reset`, if not null: a
// write met a reset that no event has told of.
int front_release(struct front *front, int id, uint8_t *was_reset);

#endif
