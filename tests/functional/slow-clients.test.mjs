// Clients that are slow, deaf or half gone: each costs its own connection, and nobody else anything.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { request } from '../support/http.mjs';
import { seconds, until, within } from '../support/patience.mjs';
import { RawSocket, handshake, opcodes, openRaw } from '../support/raw.mjs';
import { stage } from '../support/stage.mjs';

const head = (server, path = '/healthz', method = 'GET') =>
  `${method} ${server.prefix}${path} HTTP/1.1\r\nHost: x\r\n`;
const get = (server, path) => `${head(server, path)}\r\n`;
const rss = (server) =>
  1024 * Number(readFileSync(`/proc/${server.pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]);
const isSanitized = Boolean(process.env.CHATBOX_TEST_PATIENCE && process.env.CHATBOX_TEST_PATIENCE !== '1');
const MiB = 1024 * 1024;
const tick = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Writes a byte now and then until the connection ends.
async function dribble(socket, byte) {
  while (!socket.isOver) {
    socket.write(byte);
    await tick(20);
  }
}

test('a header, or a body, that never ends is answered with 408 however busy its sender is', async (t) => {
  const { server } = await stage(t, { env: { CHATBOX_HTTP_READ_TIMEOUT: '400ms' } });
  const begun = [
    ['a request line', `GET ${server.prefix}/heal`],
    ['a header', `${head(server)}X-Slow: `],
    ['a body', `${head(server, '/sessions/x/end', 'POST')}Content-Length: 100000\r\n\r\n`],
  ];
  for (const [what, bytes] of begun) {
    await t.test(what, async (t) => {
      const socket = await RawSocket.open(t, server);
      socket.write(bytes);
      const dribbling = dribble(socket, 'a');
      const answer = await socket.response();
      assert.equal(answer.status, 408);
      assert.deepEqual(JSON.parse(answer.body), { error: 'Request took too long', code: 'BAD_REQUEST' });
      assert.equal(answer.headers.connection, 'close');
      await socket.ended();
      await dribbling;
    });
  }
});

test('more, and longer, headers than anybody needs are refused', async (t) => {
  const { server } = await stage(t, { env: { CHATBOX_HTTP_MAX_BODY: '1000' } });
  const lines = (count) => Array.from({ length: count }, (_, i) => `X-${i}: y\r\n`).join('');
  const post = head(server, '/sessions/x/end', 'POST');
  const cases = [
    ['100 header lines', `${head(server)}${lines(99)}\r\n`, 200],
    ['101 header lines', `${head(server)}${lines(100)}\r\n`, 431],
    ['a header of 40 kB', `${head(server)}X: ${'y'.repeat(40_000)}\r\n\r\n`, 431],
    ['a target of 40 kB', `GET ${server.prefix}/${'y'.repeat(40_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431],
    ['an endless header', `${head(server)}X: ${'y'.repeat(500_000)}`, 431],
    ['a body of 1000 bytes', `${post}Content-Length: 1000\r\n\r\n${'b'.repeat(1000)}`, 401],
    ['a body of 1001 bytes', `${post}Content-Length: 1001\r\n\r\n${'b'.repeat(1001)}`, 413],
    ['a body of 1 GB', `${post}Content-Length: 1000000000\r\n\r\n`, 413],
    ['a chunked body of 1100 bytes', `${post}Transfer-Encoding: chunked\r\n\r\n44c\r\n${'b'.repeat(1100)}\r\n`, 413],
    ['no Host', `GET ${server.prefix}/healthz HTTP/1.1\r\n\r\n`, 400],
    ['two Hosts', `${head(server)}Host: y\r\n\r\n`, 400],
    ['HTTP/1.0 without Host', `GET ${server.prefix}/healthz HTTP/1.0\r\n\r\n`, 200],
    ['no HTTP', 'hello\r\n\r\n', 400],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    ['TLS', Buffer.from('16030100a5010000a10303', 'hex'), 400],
    ['two lengths', `${post}Content-Length: 1\r\nContent-Length: 2\r\n\r\nx`, 400],
    ['length and chunks', `${post}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
    ['a negative length', `${post}Content-Length: -1\r\n\r\n`, 400],
    ['a space before the colon', `${head(server)}X : y\r\n\r\n`, 400],
    ['half a request, then the end', `${head(server)}X: `, 400, true],
  ];
  for (const [what, bytes, status, end] of cases) {
    await t.test(what, async (t) => {
      const socket = await RawSocket.open(t, server);
      socket.write(bytes);
      if (end) socket.socket.end();
      const answer = await socket.response();
      assert.equal(answer.status, status, answer.line);
      if (status >= 400 && status !== 401) await socket.ended();
    });
  }
});

test('a client that asks and sends nothing more gets its answer', async (t) => {
  const { server } = await stage(t);
  const socket = await RawSocket.open(t, server);
  socket.socket.end(get(server) + get(server, '/nothing'));
  assert.equal((await socket.response()).status, 200);
  assert.equal((await socket.response()).status, 404);
  await socket.ended();
});

test('a client that waits for leave to send its body is given it', async (t) => {
  const { server } = await stage(t);
  const socket = await RawSocket.open(t, server);
  socket.write(`${head(server, '/sessions/x/end', 'POST')}Content-Length: 3\r\nExpect: 100-continue\r\n\r\n`);
  assert.equal((await socket.response()).status, 100);
  assert.equal((await socket.write('abc').response()).status, 401);
});

test('when there are too many connections the one that keeps us waiting longest makes room', async (t) => {
  const { server, enter } = await stage(t, {
    env: { CHATBOX_MAX_HTTP_CONNECTIONS: '20', CHATBOX_THREADS: '1', CHATBOX_PUBLIC_RATE_LIMIT: '1000' },
  });
  const idle = [];
  for (let i = 0; i < 20; i++) {
    const socket = await RawSocket.open(t, server);
    idle.push(socket.write(i % 2 ? `${head(server)}X-Slow: ` : ''));
  }
  await tick(50);
  assert.equal((await request(server, '/healthz')).status, 200);
  await idle[0].ended();
  for (let i = 0; i < 50; i++) assert.equal((await request(server, '/healthz')).status, 200);
  const flood = [];
  for (let i = 0; i < 200; i++) flood.push((await RawSocket.open(t, server)).write('G'));
  assert.equal((await (await enter('ada')).ask('Hello')).text, 'You said: Hello');
  assert.equal((await request(server, '/healthz')).status, 200);
  await until(() => flood.filter((socket) => socket.isOver).length >= 180, 'the flood made room');
});

test('a client that never reads its answers is hung up on', async (t) => {
  const { server, enter } = await stage(t, {
    env: { WS_WRITE_WAIT: '500ms', RATE_LIMIT: '1000', CHATBOX_USER_RATE_LIMIT: '100000' },
  });
  const ada = await enter('ada');
  for (let i = 0; i < 30; i++) await ada.ask(`${i} ${'x'.repeat(9000)}`);
  const before = rss(server);
  const authorized = `${head(server, `/sessions/${ada.sessionId}`)}Authorization: Bearer ${ada.token}\r\n\r\n`;
  const deaf = [];
  for (let i = 0; i < 10; i++) {
    const socket = await RawSocket.open(t, server);
    socket.socket.pause();
    socket.write(authorized.repeat(100)); // 60 MB in all
    deaf.push(socket);
  }
  assert.equal((await (await enter('bob')).ask('Hello')).text, 'You said: Hello');
  await tick(1500);
  if (!isSanitized) {
    const grown = (rss(server) - before) / MiB;
    assert.ok(grown < 32, `${grown.toFixed(1)} MiB`);
  }
  for (const socket of deaf) socket.socket.resume();
  for (const socket of deaf) await within(seconds(10), socket.closed, 'the end of a deaf connection');
});

test('a client that reads slowly gets all of a long answer', async (t) => {
  const { server, enter } = await stage(t, { env: { WS_WRITE_WAIT: '1s', RATE_LIMIT: '1000' } });
  const ada = await enter('ada');
  for (let i = 0; i < 100; i++) await ada.ask(`${i} ${'x'.repeat(9900)}`);
  const socket = await RawSocket.open(t, server);
  const whole = socket
    .write(`${head(server, `/sessions/${ada.sessionId}`)}Authorization: Bearer ${ada.token}\r\n\r\n`)
    .response();
  const slow = setInterval(() => {
    socket.socket.pause();
    setTimeout(() => socket.socket.resume(), 20);
  }, 40);
  t.after(() => clearInterval(slow));
  const answer = await whole;
  assert.equal(answer.status, 200);
  assert.equal(JSON.parse(answer.body).messages.length, 200);
});

test('pings of a client that never reads do not pile up', async (t) => {
  const { server } = await stage(t, { env: { CHATBOX_OUTBOX_BYTES: '65536', WS_WRITE_WAIT: '2s' } });
  const before = rss(server);
  const eve = await openRaw(t, server, server.token('eve'));
  eve.socket.pause();
  const ping = randomBytes(125);
  let over = false;
  eve.closed.then(() => (over = true));
  for (let i = 0; i < 4000 && !over && !eve.socket.destroyed; i++) {
    for (let j = 0; j < 50; j++) eve.send(opcodes.ping, ping);
    if (eve.socket.writableNeedDrain) {
      const drained = new Promise((resolve) => eve.socket.once('drain', resolve));
      await Promise.race([drained, eve.closed, tick(100)]);
      if (eve.socket.writableLength > 4 * MiB) break;
    }
  }
  if (!isSanitized) assert.ok(rss(server) - before < 16 * MiB);
  eve.socket.resume();
  await within(seconds(15), eve.closed, 'the end of the connection');
});

test('a socket whose client has hung up half-way is given up', async (t) => {
  const { server, enter } = await stage(t, { env: { CHATBOX_MAX_CONNECTIONS_PER_USER: '1' } });
  const socket = await openRaw(t, server, server.token('ada'));
  socket.socket.end();
  await socket.ended();
  const early = await RawSocket.open(t, server);
  early.socket.end(handshake(server, server.token('bob')));
  await early.ended();
  assert.equal((await (await enter('ada')).ask('Back')).text, 'You said: Back');
  assert.equal((await (await enter('bob')).ask('Back')).text, 'You said: Back');
});
