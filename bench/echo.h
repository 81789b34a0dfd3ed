// The far end of the tunnels: whatever comes goes back.

#pragma once

// Never comes back. With a certificate it speaks TLS, and answers a WebSocket upgrade before it echoes.
void serve_echo(const char *ip, int port, const char *certificate, const char *key);
