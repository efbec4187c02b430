// Connections come and go, in order and out of it: every place is given back, and nothing grows.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { test } from 'node:test';
import { Client, Refused } from '../support/client.mjs';
import { request } from '../support/http.mjs';
import { until } from '../support/patience.mjs';
import { Random } from '../support/random.mjs';
import { RawSocket, handshake, opcodes, openRaw } from '../support/raw.mjs';
import { stage } from '../support/stage.mjs';

const isSanitized = Boolean(process.env.CHATBOX_TEST_PATIENCE && process.env.CHATBOX_TEST_PATIENCE !== '1');
const MiB = 1024 * 1024;
const status = (server, key) =>
  Number(readFileSync(`/proc/${server.pid}/status`, 'utf8').match(new RegExp(`${key}:\\s+(\\d+)`))[1]);
const descriptorLinks = (server) =>
  readdirSync(`/proc/${server.pid}/fd`).flatMap((name) => {
    try {
      return [readlinkSync(`/proc/${server.pid}/fd/${name}`)];
    } catch {
      return []; // closed meanwhile
    }
  });
// Descriptors that are open, without the pool of connections to the model, which has a bound of its own.
function descriptors(server) {
  const port = Number(new URL(server.provider.endpoint).port).toString(16).toUpperCase().padStart(4, '0');
  const pooled = new Set();
  for (const line of readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1)) {
    const [, , remote, , , , , , , inode] = line.trim().split(/\s+/);
    if (remote?.endsWith(`:${port}`)) pooled.add(`socket:[${inode}]`);
  }
  return descriptorLinks(server).filter((link) => !pooled.has(link)).length;
}
const figures = (server) => ({
  descriptors: descriptors(server),
  threads: status(server, 'Threads'),
  rss: status(server, 'VmRSS') * 1024,
});

// Ways in which a connection ends. Each gets a connected raw WebSocket.
const endings = {
  close: (socket) => socket.send(opcodes.close, Buffer.from([3, 232])),
  'half-close': (socket) => socket.socket.end(),
  destroy: (socket) => socket.socket.destroy(),
  reset: (socket) => socket.socket.resetAndDestroy(),
  'protocol error': (socket) => socket.write(Buffer.from([0xff, 0x00])),
  'in mid-frame': (socket) => socket.send(opcodes.text, 'x', { length: 1000 }) && socket.socket.destroy(),
  'in mid-answer': (socket) => {
    socket.send(opcodes.text, JSON.stringify({ type: 'user_message', content: 'Bye' }));
    socket.socket.destroy();
  },
};

test('fifty attempts at the limit, with connections closing at random, upset nothing', async (t) => {
  const { server, enter } = await stage(t, { env: { CHATBOX_THREADS: '4' } });
  const random = new Random();
  t.diagnostic(`seed ${random.seed}`);
  const token = server.token('ada');
  const open = [];
  for (let i = 0; i < 10; i++) open.push(await enter('ada'));
  const results = await Promise.allSettled(Array.from({ length: 50 }, () => Client.connect(server, token)));
  for (const { status: outcome, reason } of results) {
    assert.equal(outcome, 'rejected');
    assert.ok(reason instanceof Refused, String(reason));
    assert.deepEqual([reason.status, reason.body], [429, 'Connection limit exceeded, please try again later\n']);
    assert.equal(reason.headers['x-content-type-options'], 'nosniff');
  }
  for (const client of open) {
    for (let i = 0; i < 50; i++) assert.match((await client.nextOf('notification')).content, /^Connection limit/);
  }
  // The same while the open ones go: who is let in and who is refused is a matter of luck, nothing else is.
  const attempts = Array.from({ length: 50 }, async () => {
    await new Promise((resolve) => setTimeout(resolve, random.between(0, 60)));
    return Client.connect(server, token).then(
      (client) => client.drop(),
      ({ status: code, body }) => assert.deepEqual([code, body?.slice(0, 16)], [429, 'Connection limit']),
    );
  });
  const outcomes = Promise.allSettled(attempts);
  for (const client of open) {
    await new Promise((resolve) => setTimeout(resolve, random.between(0, 10)));
    if (random.chance(0.5)) client.drop();
    else client.socket.close();
  }
  for (const { reason } of await outcomes) assert.equal(reason, undefined);
  // All places are free again: ten, and not an eleventh.
  const again = [];
  await until(
    () => Client.connect(server, token).then((client) => again.push(client) === 10, () => false),
    'ten places are free',
  );
  await assert.rejects(Client.connect(server, token), /refused with 429/);
  again.forEach((client) => client.drop());
});

test('handshakes whose client leaves at once, whatever thread they move to, leave no trace', async (t) => {
  const { provider, server, enter } = await stage(t, { env: { CHATBOX_THREADS: '4', MAX_CONNECTIONS: '12' } });
  server.provider = provider;
  const random = new Random();
  t.diagnostic(`seed ${random.seed}`);
  const before = descriptors(server);
  for (let i = 0; i < 200; i++) {
    const socket = await RawSocket.open(t, server);
    socket.write(handshake(server, server.token(`user ${random.between(0, 9)}`)));
    if (random.chance(0.5)) socket.socket.destroy();
    else socket.socket.resetAndDestroy();
  }
  await until(() => descriptors(server) <= before, 'all descriptors are given back');
  for (let i = 0; i < 12; i++) await enter(`user ${i % 10}`);
});

test('ten bad upgrades of every kind cost their user no place', async (t) => {
  const { server, enter } = await stage(t);
  const token = server.token('ada');
  const wrong = {
    'no upgrade': { Upgrade: undefined, Connection: undefined },
    'another origin': { Origin: 'https://elsewhere.example' },
    'a bad key': { 'Sec-WebSocket-Key': 'x' },
    'another version': { 'Sec-WebSocket-Version': '12' },
  };
  for (const [what, headers] of Object.entries(wrong)) {
    for (let i = 0; i < 10; i++) {
      const socket = await RawSocket.open(t, server);
      const answer = await socket.write(handshake(server, token, { headers })).response();
      assert.ok([400, 403].includes(answer.status), `${what}: ${answer.line}`);
    }
  }
  for (let i = 0; i < 10; i++) await enter('ada');
});

test('thousands of connections that end in every way leave no descriptor, thread or memory behind', async (t) => {
  const { provider, server, enter } = await stage(t, {
    env: { CHATBOX_THREADS: '2', RATE_LIMIT: '100000', CHATBOX_MAX_CONNECTIONS_PER_USER: '1000' },
  });
  server.provider = provider;
  const random = new Random();
  t.diagnostic(`seed ${random.seed}`);
  const names = Object.keys(endings);
  const rounds = isSanitized ? 1500 : 4000;
  const churn = async (count) => {
    const lanes = Array.from({ length: 10 }, async (_, lane) => {
      for (let i = lane; i < count; i += 10) {
        const socket = await openRaw({ after() {} }, server, server.token(`user ${i % 50}`));
        endings[random.pick(names)](socket);
        server.rude.delete(socket.socket);
        setTimeout(() => socket.socket.destroy(), 50).unref();
        if (i % 3 === 0) {
          const answer = await request(server, '/sessions', { token: server.token(`user ${i % 50}`) });
          assert.equal(answer.status, 200);
        }
      }
    });
    await Promise.all(lanes);
  };
  const fresh = descriptors(server);
  const settled = async () => {
    await until(() => descriptors(server) <= fresh, `as few descriptors are open as at the start`);
    return figures(server);
  };
  await churn(rounds / 4); // fills caches and pools
  const before = await settled();
  await churn(rounds);
  const after = await settled();
  t.diagnostic(`${rounds} connections: ${JSON.stringify(before)} -> ${JSON.stringify(after)}`);
  assert.equal(after.threads, before.threads, 'threads');
  if (!isSanitized) {
    const grown = after.rss - before.rss;
    assert.ok(grown < 4 * MiB, `memory grew by ${(grown / MiB).toFixed(1)} MiB`);
  }
  assert.equal((await (await enter('ada')).ask('Hello')).text, 'You said: Hello');
});
