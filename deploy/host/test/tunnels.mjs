// Keeps tunnels open through the node on 443 to an echo that it runs itself, and sends numbers that have to come back in order, until a file is there.
// usage: node tunnels.mjs COUNT STOP_FILE; exit 0 where every tunnel lived to the end and every byte came back

import { existsSync } from 'node:fs';
import { connect, createServer } from 'node:net';

const [count, stopFile] = [Number(process.argv[2]), process.argv[3]];
const TARGET = 'a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com:8883';
const PAUSE_MS = 20;

function fail(why) {
  console.log(`FAILED: ${why}`);
  process.exit(1);
}

function openTunnel(number) {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port: 443 });
    socket.on('error', (error) => fail(`tunnel ${number}: ${error.message}`));
    socket.on('end', () => fail(`tunnel ${number}: ended from the other side`));
    socket.once('connect', () => socket.write(`CONNECT ${TARGET} HTTP/1.1\r\nHost: ${TARGET}\r\n\r\n`));
    socket.once('data', (answer) => {
      if (!answer.toString().startsWith('HTTP/1.1 200')) fail(`tunnel ${number}: ${answer.toString()}`);
      resolve(socket);
    });
  });
}

/** One number after the other; the next one when the last has come back. */
function talk(socket, number) {
  const state = { sent: 0, back: 0 };
  const send = () => socket.write(`${(state.sent += 1)}\n`);
  let rest = '';
  socket.on('data', (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop();
    for (const line of lines) {
      state.back += 1;
      if (line !== String(state.back)) fail(`tunnel ${number}: ${line} came back in place of ${state.back}`);
    }
    setTimeout(send, PAUSE_MS);
  });
  send();
  return state;
}

await new Promise((resolve) => createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(8883, '127.0.0.1', resolve));
const sockets = await Promise.all(Array.from({ length: count }, (_, number) => openTunnel(number)));
const states = sockets.map(talk);
console.log(`${count} open`);
await new Promise((resolve) => {
  const looking = setInterval(() => existsSync(stopFile) && (clearInterval(looking), resolve()), 50);
});
await new Promise((resolve) => setTimeout(resolve, 1_000));
for (const [number, { sent, back }] of states.entries())
  if (sent - back > 1 || back < 10) fail(`tunnel ${number}: ${back} of ${sent} came back`);
console.log(`${states.reduce((sum, { back }) => sum + back, 0)} numbers came back`);
process.exit(0);
