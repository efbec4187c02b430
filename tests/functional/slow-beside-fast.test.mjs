// One viewer that reads a thousand bytes a second beside many that read at once: they do not notice it, and it
// costs no more than its outbox.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { test } from 'node:test';
import { seconds, until } from '../support/patience.mjs';
import { handshake } from '../support/raw.mjs';
import { stage } from '../support/stage.mjs';

const rss = (server) =>
  1024 * Number(readFileSync(`/proc/${server.pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]);
const isSanitized = Boolean(process.env.CHATBOX_TEST_PATIENCE && process.env.CHATBOX_TEST_PATIENCE !== '1');
const MiB = 1024 * 1024;
const viewers = 60;
const pieces = 300;
const filler = 'x'.repeat(4000);

// Tells `pieces` pieces, each with the time at which it was told.
const stamped = async (x) => {
  x.start();
  for (let i = 0; i < pieces; i++) {
    x.token(`@${performance.now().toFixed(3)}@${filler}`);
    if (!(await x.pause(5))) return;
  }
  x.finish();
};

// A viewer that takes a thousand bytes a second out of the kernel and leaves the rest with the server.
function slowReader(t, server, token, sessionId) {
  const reader = { bytes: 0, text: '' };
  const buffer = Buffer.alloc(100);
  const socket = net.connect({
    host: '127.0.0.1',
    port: server.port,
    onread: {
      buffer,
      callback(count) {
        reader.bytes += count;
        reader.text += buffer.toString('latin1', 0, count);
        const timer = setTimeout(() => socket.resume(), 100);
        t.after(() => clearTimeout(timer));
        return false; // pauses
      },
    },
  });
  socket.on('error', () => {});
  socket.on('close', () => (reader.isClosed = true));
  t.after(() => socket.destroy());
  server.rude.add(socket);
  socket.write(handshake(server, token, { path: `/ws?v=2&session_id=${sessionId}` }));
  return reader;
}

test('one slow reader changes neither the delay of sixty others nor the bound of memory', async (t) => {
  const { provider, server, enter } = await stage(t, {
    env: { CHATBOX_MAX_CONNECTIONS_PER_USER: '1000', CHATBOX_MAX_ANSWER_BYTES: String(16 * MiB) },
  });
  provider.on('Tell', stamped);
  const asker = await enter('ada', { v: 2 });
  await asker.ask('Hello');
  const fast = [asker];
  while (fast.length < viewers) {
    fast.push(await enter('ada', { v: 2, query: { session_id: asker.sessionId } }));
  }
  const delays = [];
  for (const { socket } of fast) {
    socket.on('message', (data) => {
      const now = performance.now();
      for (const [, told] of data.toString('latin1').matchAll(/@([\d.]+)@/g)) delays.push(now - Number(told));
    });
  }
  // The p99 of all delays of one answer, after everybody has all of it.
  const tell = async () => {
    delays.length = 0;
    asker.say('Tell');
    await until(() => delays.length >= viewers * pieces, 'everybody has every piece', seconds(60));
    assert.equal(delays.length, viewers * pieces, 'each piece once');
    await asker.next((frame) => frame.metadata?.done === 'true', 'the end');
    return delays.sort((a, b) => a - b)[Math.floor(delays.length * 0.99)];
  };
  await tell(); // warms up
  const alone = await tell();
  const before = rss(server);
  const slow = slowReader(t, server, asker.token, asker.sessionId);
  await until(() => slow.text.includes('connection_status'), 'the slow reader is bound', seconds(20));
  const beside = await tell();
  const grown = (rss(server) - before) / MiB;
  t.diagnostic(
    `p99 ${alone.toFixed(1)} ms alone, ${beside.toFixed(1)} ms beside a slow reader, which got ${slow.bytes} ` +
      `bytes; memory ${grown.toFixed(1)} MiB`,
  );
  assert.ok(slow.bytes > 500 && slow.bytes < 100_000, `the slow one is slow: ${slow.bytes} bytes`);
  // Two figures of a busy machine differ; a server that waits for the slow one is off by its whole answer.
  assert.ok(beside < 3 * alone + 200, `${beside} ms beside, ${alone} ms alone`);
  if (!isSanitized) assert.ok(grown < 8, `memory grew by ${grown.toFixed(1)} MiB`);
});
