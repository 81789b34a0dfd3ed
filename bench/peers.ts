// The proxies beside which Pinhole is measured, one entry each. All have one worker, one allowed target, no cache, idle limits of an hour,
// and write a line per connection, as an operator would run them for this purpose.

import type { Contestant, Place } from './contestant.ts';

const atEcho = ({ echo }: Place): string => `${echo.address}:${echo.port}`;
/** Two descriptors for each tunnel, and some for files and listeners. */
const descriptors = ({ tunnels }: Place): number => 2 * tunnels + 500;

export const PEERS: readonly Contestant[] = [
  {
    name: 'haproxy',
    mode: 'sni',
    ourName: null,
    needs: { files: ['/usr/sbin/haproxy'], how: 'apt install haproxy' },
    version: ['/usr/sbin/haproxy', '-v'],
    target: atEcho,
    command: ({ configPath }) => ['/usr/sbin/haproxy', '-db', '-f', configPath],
    config: {
      file: 'haproxy.cfg',
      text: (place) => `
global
  nbthread 1
  maxconn ${place.tunnels + 100}
  log stdout format raw daemon info
defaults
  mode tcp
  log global
  option tcplog
  timeout connect 5s
  timeout client 1h
  timeout server 1h
listen door
  bind 127.0.0.1:${place.port} backlog 4096
  tcp-request inspect-delay 5s
  tcp-request content reject unless { req.ssl_hello_type 1 } { req.ssl_sni -i ${place.serverName} }
  server echo ${atEcho(place)}
`,
    },
  },
  {
    name: 'nginx',
    mode: 'sni',
    ourName: null,
    needs: { files: ['/usr/sbin/nginx', '/usr/lib/nginx/modules/ngx_stream_module.so'], how: 'apt install nginx libnginx-mod-stream' },
    version: ['/usr/sbin/nginx', '-v'],
    target: atEcho,
    command: ({ configPath }) => ['/usr/sbin/nginx', '-c', configPath, '-g', 'daemon off;'],
    config: {
      file: 'nginx.conf',
      text: (place) => `
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
pid ${place.folder}/nginx.pid;
error_log ${place.folder}/error.log;
worker_processes 1;
worker_rlimit_nofile ${descriptors(place)};
events {
  worker_connections ${descriptors(place)};
}
stream {
  log_format line '$time_iso8601 $remote_addr $ssl_preread_server_name $status $bytes_sent $bytes_received $session_time';
  access_log ${place.folder}/access.log line;
  map $ssl_preread_server_name $upstream {
    ${place.serverName} ${atEcho(place)};
  }
  server {
    listen 127.0.0.1:${place.port} backlog=4096;
    ssl_preread on;
    proxy_pass $upstream;
    proxy_timeout 1h;
  }
}
`,
    },
  },
  {
    name: 'squid',
    mode: 'connect',
    ourName: null,
    needs: { files: ['/usr/sbin/squid'], how: 'apt install squid' },
    version: ['/usr/sbin/squid', '-v'],
    target: atEcho,
    command: ({ configPath }) => ['/usr/sbin/squid', '-N', '-n', 'pinholebench', '-f', configPath],
    config: {
      file: 'squid.conf',
      text: (place) => `
http_port 127.0.0.1:${place.port}
acl target dst ${place.echo.address}
acl port port ${place.echo.port}
acl tunnel method CONNECT
http_access allow tunnel target port
http_access deny all
cache deny all
cache_mem 8 MB
max_filedescriptors ${descriptors(place)}
access_log stdio:${place.folder}/access.log
cache_log ${place.folder}/cache.log
coredump_dir ${place.folder}
pid_filename none
netdb_filename none
pinger_enable off
read_timeout 1 hour
client_lifetime 1 hour
shutdown_lifetime 1 second
`,
    },
  },
  {
    name: 'tinyproxy',
    mode: 'connect',
    ourName: null,
    needs: { files: ['/usr/bin/tinyproxy'], how: 'apt install tinyproxy-bin' },
    version: ['/usr/bin/tinyproxy', '-v'],
    target: atEcho,
    command: ({ configPath }) => ['/usr/bin/tinyproxy', '-d', '-c', configPath],
    config: {
      file: 'tinyproxy.conf',
      text: (place) => `
Listen 127.0.0.1
Port ${place.port}
MaxClients ${place.tunnels + 100}
Timeout 3600
ConnectPort ${place.echo.port}
LogLevel Connect
LogFile "${place.folder}/tinyproxy.log"
`,
    },
  },
  {
    name: 'smokescreen',
    mode: 'connect',
    ourName: null,
    needs: { files: ['smokescreen'], how: 'go install github.com/stripe/smokescreen@latest, and put it on the PATH' },
    version: ['smokescreen', '--version'],
    target: atEcho,
    // By itself it reaches no private address, and loopback is one.
    command: ({ port, echo }) => [...['smokescreen', '--listen-ip=127.0.0.1', `--listen-port=${port}`], `--allow-range=${echo.address}/32`],
    config: null,
  },
];
