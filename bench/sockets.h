// What the C programs of the bench share: sockets that never wait, the clock, and an end with words where something cannot go on.

#pragma once
#include <netinet/in.h>
#include <stdint.h>

uint64_t now_ns(void);

// Ends the process with errno's words.
void die(const char *what);

// One line on stdout, at once.
void answer(const char *form, ...) __attribute__((format(printf, 1, 2)));

struct sockaddr_in address_of(const char *text, int port);
int open_socket(void);
int listen_at(const char *ip, int port);
void send_at_once(int fd);
void watch(int epoll, int operation, int fd, uint32_t events, void *of);

// However the bench ends, nothing of it stays; and all descriptors that there may be can be used.
void start_program(void);
