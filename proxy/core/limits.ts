// Every bound that is not a setting, with its unit, its value and where the value comes from. Settings live in core/settings.ts.

/** Request head, from the first byte to the empty line. nginx and HAProxy allow 8 to 32 KiB; SigV4 queries are about 1 KiB. */
export const HEAD_BYTES_MAX = 16 * 1024;
/** Fields in a head. Counted by us: Node 20 drops fields past its own cap without a word. */
export const HEAD_FIELDS_MAX = 100;
/** A CONNECT target: 253 for the name, brackets, colon and port, rounded up. */
export const TARGET_BYTES_MAX = 300;
/** Empty lines before the request line (RFC 9112 section 2.2 asks for at least one). */
export const LEADING_EMPTY_LINES_MAX = 1;

/** A ClientHello with its record headers. Post-quantum hellos are 1.6 KiB, padded ones 16 KiB. */
export const HELLO_BYTES_MAX = 32 * 1024;
/** TLS records that one ClientHello may be spread over. */
export const HELLO_RECORDS_MAX = 64;
/** TLS 1.3 early data that may stand between the first hello and the one after a HelloRetryRequest. */
export const EARLY_DATA_BYTES_MAX = 64 * 1024;

/** Bytes a client may send after its head and before our answer; they are held, never interpreted. */
export const EARLY_BYTES_MAX = 64 * 1024;
/** Connections beyond the limits of pending ones whose head is read all the same, per carrier: one of them may be a health check. */
export const HEALTH_RESERVE = 64;

/** After a refusal: discarded so that the client can read the answer before it sees a reset. */
export const LINGER_BYTES_MAX = 64 * 1024;
export const LINGER_MS = 1_000;

/** One whole resolution, and one attempt to connect. Together with `timeouts.answer` they keep every CONNECT under 10 s. */
export const RESOLVE_TIMEOUT_MS = 3_000;
export const DIAL_TIMEOUT_MS = 2_500;
export const DIAL_ADDRESSES_MAX = 3;

/** Resolver cache: time to live is clamped, stale answers help over a dead resolver, one failure is remembered briefly. */
export const RESOLVE_TTL_MIN_MS = 5_000;
export const RESOLVE_TTL_MAX_MS = 60_000;
export const RESOLVE_STALE_MS = 3_600_000;
export const RESOLVE_NEGATIVE_MS = 1_000;
/** CVE-2020-8277 was a process taken down by an answer with many records. */
export const RESOLVE_ADDRESSES_MAX = 16;

/** Names in the resolver's cache: only `anyAccount` lets the wire choose more than the file lists. */
export const RESOLVE_NAMES_MAX = 4_096;

/** Under the 350 s at which NAT gateways and EC2 connection tracking forget a silent flow (EC2 guide, connection tracking). */
export const KEEPALIVE_IDLE_S = 60;
export const KEEPALIVE_INTERVAL_S = 15;
export const KEEPALIVE_PROBES = 4;

/** Tunnels that stand still at once while they are moved to another carrier; twice as many descriptors are on their way then. */
export const MOVE_WINDOW = 64;
/** What one carrier tells the other of a tunnel: a record whose every text has a bound of its own. */
export const MOVE_IDENTITY_BYTES_MAX = 16 * 1024;
/** Carriers that send at once: a slot has one per generation, and of those four (supervisor/supervisor.ts). */
export const MOVE_SENDERS_MAX = 8;

/** Bytes waiting in a tunnel without any progress count as idle after this. */
export const NO_PROGRESS_MS = 600_000;

/** Answer of the upstream to a gateway upgrade. */
export const UPSTREAM_HEAD_BYTES_MAX = 16 * 1024;

/** `Retry-After` in whole seconds, uniform, so that a refused fleet does not come back in one second. */
export const RETRY_AFTER_S = { min: 5, max: 30 } as const;
export const RETRY_AFTER_DRAINING_S = { min: 1, max: 5 } as const;

/** Refusals per source and reason that get a line of their own in a minute; the rest are counted in one summary line. */
export const REFUSAL_LINES_PER_MINUTE = 20;
/** Linux writes at most this much to a pipe in one piece (PIPE_BUF), so carriers do not tear each other's lines. */
export const LOG_LINE_BYTES_MAX = 4_096;

/** Descriptors a carrier keeps back from tunnels, so that it can refuse with NODE_FULL instead of going silent. */
export const DESCRIPTORS_RESERVED = 256;
/** Below this many free descriptors a carrier stops accepting: libuv would accept and drop at EMFILE. */
export const DESCRIPTORS_FLOOR = 64;

/** Below this many free descriptors new tunnels are refused: half of what the reserve has for connections that are none. */
export const DESCRIPTORS_SHED = 160;

/**
 * A loop whose median turn is so late is behind with its work for good: a single pause, as for a collection of garbage, does not move a median.
 * An open takes some six turns, so it needs more than a second then, of the 8 s of `timeouts.answer`.
 */
export const SHED_LOOP_S = 0.2;
export const SHED_LOOP_CLEAR_S = 0.1;
/**
 * How long a new connection waits for its first answer. A loop that takes one connection a turn is never late itself, however many wait in the
 * kernel's queue. A health check has to be answered in 2 s, and stands in the same queue.
 */
export const SHED_ANSWER_S = 0.5;
export const SHED_ANSWER_CLEAR_S = 0.25;
/** Each half second in which loop or answer is late a fifth more of the new tunnels is refused; a fifth less after so many that were in time. */
export const SHED_STEPS = 5;
export const SHED_CALM_LOOKS = 4;
/**
 * New tunnels a second that a carrier opens however late it is: they take less than a hundredth of a processor, so that to refuse them would cure
 * nothing where somebody else keeps the machine busy.
 */
export const SHED_FLOOR_PER_SECOND = 10;
/** Some go on being tried, so that a node is never closed by its own measure alone. */
export const SHED_SHARE_MAX = 0.95;
/** Below this the kernel begins to kill; a ramp of tunnels takes a percent or two between two looks. */
export const SHED_MEMORY_SHARE = 0.03;
export const SHED_MEMORY_CLEAR_SHARE = 0.05;
/** Of the ports towards one upstream address, over all carriers. What is being dialled or waits for its end is not counted: that is the rest. */
export const SHED_PORTS_SHARE = 0.02;
export const SHED_PORTS_CLEAR_SHARE = 0.04;
/** How long the system's word that there is no port left holds; a connection that ended gives its port back after a second at the soonest. */
export const SHED_PORT_MS = 1_000;

/** The address list leaves in one write, and a slow reader is cut off after LINGER_MS: it has to fit into a socket's buffer. */
export const ADDRESS_LIST_BYTES_MAX = 16 * 1024;
/** Some 100 bytes each; a firewall admin allows two or three. */
export const ADDRESS_LIST_ENTRIES_MAX = 64;
/** Two while keys are rotated, and room for a second rotation before the first is over. */
export const ADDRESS_LIST_SIGNATURES_MAX = 4;
