// A client that does not read: the memory of the server stays bounded, nobody else waits, and nothing is lost.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { history, request } from '../support/http.mjs';
import { until } from '../support/patience.mjs';
import { endless, stream } from '../support/provider.mjs';
import { stage } from '../support/stage.mjs';

const rss = (server) =>
  1024 * Number(readFileSync(`/proc/${server.pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]);
const isSanitized = Boolean(process.env.CHATBOX_TEST_PATIENCE && process.env.CHATBOX_TEST_PATIENCE !== '1');
const MiB = 1024 * 1024;

// An answer of 8 MB in 2000 pieces; no socket buffer takes that.
const pieces = Array.from({ length: 2000 }, (_, i) => `${i}:${'x'.repeat(2000)} `);

test('a client that never reads costs a bounded amount of memory and nobody else anything', async (t) => {
  const { provider, server, enter } = await stage(t, { env: { CHATBOX_MAX_ANSWER_BYTES: String(64 * MiB) } });
  provider.on('Long', stream(pieces));
  const [ada, bob] = [await enter('ada', { v: 2 }), await enter('bob')];
  await bob.ask('Warm up');
  const before = rss(server);
  ada.socket._socket.pause();
  for (let i = 0; i < 5; i++) ada.say('Long', { session_id: undefined });
  const asked = await provider.request(1);
  let most = 0;
  await until(
    () => {
      most = Math.max(most, rss(server));
      return asked.response.writableFinished || asked.isGone;
    },
    'the provider has told everything',
    60_000,
  );
  assert.equal((await bob.ask('Meanwhile')).text, 'You said: Meanwhile');
  if (!isSanitized)
    assert.ok(most - before < 48 * MiB, `the server grew by ${((most - before) / MiB).toFixed(1)} MiB`);

  const { sessions } = (await request(server, '/sessions', { token: ada.token })).json();
  const { messages } = await until(async () => {
    const stored = await history(server, ada.token, sessions[0].id);
    return stored.messages.some(({ sender }) => sender === 'ai') && stored;
  }, 'the answer is stored');
  assert.equal(messages.find(({ sender }) => sender === 'ai').content, pieces.join(''));
});

test('a client that reads late gets everything, or is told to come back', async (t) => {
  const { provider, server, enter } = await stage(t);
  provider.on('Long', stream(pieces.slice(0, 800)));
  const ada = await enter('ada', { v: 2 });
  ada.say('Long', { client_id: 'c1' });
  await ada.nextOf('loading');
  ada.socket._socket.pause();
  const asked = await provider.request(0);
  await until(() => asked.response.writableFinished, 'the provider has told everything', 30_000);
  ada.socket._socket.resume();
  const whole = pieces.slice(0, 800).join('');
  const outcome = await Promise.race([
    ada.answer().then(({ text }) => text),
    ada.closed.then(({ code, reason }) => ({ code, reason })),
  ]);
  if (typeof outcome === 'string') {
    assert.equal(outcome, whole);
  } else {
    assert.deepEqual(outcome, { code: 1013, reason: 'Reading too slowly, come back and resume' });
    const got = ada.frames
      .filter((frame) => frame.type === 'ai_response')
      .map((frame) => frame.content ?? '')
      .join('');
    assert.ok(whole.startsWith(got));
  }
  const { messages } = await until(async () => {
    const stored = await history(server, ada.token, ada.sessionId);
    return stored.messages.length === 2 && stored;
  }, 'the answer is stored');
  assert.equal(messages[1].content, whole);
});

test('a client whose outbox is full is closed with a code that says come back, and resumes', async (t) => {
  const { provider, server, enter } = await stage(t, {
    env: { CHATBOX_OUTBOX_BYTES: '65536', RATE_LIMIT: '100000' },
  });
  const ada = await enter('ada', { v: 2 });
  await ada.ask('Begin', { client_id: 'c0' });
  const seen = ada.frames.at(-1).seq;
  const desk = await enter('ada', { v: 2, query: { session_id: ada.sessionId } });
  ada.socket._socket.pause();
  // Committed events may not be merged: enough of them fill any socket buffer and then the outbox.
  const total = 1500;
  let acked = 0;
  for (let i = 0; i < total; i++) {
    desk.say(`${i} ${'x'.repeat(9000)}`, { client_id: `d${i}` });
    if (i - acked >= 20) {
      await desk.nextOf('ack');
      acked++;
    }
    if (ada.isClosed) break;
  }
  while (acked < total) {
    await desk.nextOf('ack');
    acked++;
  }
  ada.socket._socket.resume();
  assert.deepEqual(await ada.closed, { code: 1013, reason: 'Reading too slowly, come back and resume' });
  const last = Math.max(...ada.frames.map((frame) => frame.seq ?? 0));
  assert.ok(last >= seen);
  const back = await enter('ada', { v: 2, query: { session_id: ada.sessionId, after_seq: String(last) } });
  const replayed = [];
  for (;;) {
    const frame = await back.next((frame) => frame.seq || frame.type === 'resumed', 'an event');
    if (frame.type === 'resumed') break;
    replayed.push(frame.seq);
  }
  assert.deepEqual(
    replayed,
    replayed.map((_, i) => last + 1 + i),
    'no hole',
  );
  assert.ok(provider.requests.length > 0);
});

test('twenty clients that never read do not stop one that does', async (t) => {
  const { provider, enter } = await stage(t);
  provider.on('Flood', endless({ everyMs: 0 }));
  for (let i = 0; i < 20; i++) {
    const deaf = await enter(`deaf ${i}`);
    deaf.say('Flood');
    deaf.socket._socket.pause();
  }
  await provider.request(19);
  const bob = await enter('bob');
  for (let i = 0; i < 5; i++) assert.equal((await bob.ask(`Hello ${i}`)).text, `You said: Hello ${i}`);
});
