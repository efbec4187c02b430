// The server goes away and comes back: what was acknowledged is there, and the story goes on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { history, request } from '../support/http.mjs';
import { until } from '../support/patience.mjs';
import { byHand } from '../support/provider.mjs';
import { startServer } from '../support/server.mjs';
import { stage } from '../support/stage.mjs';

// Another server on the same data; entering works as before.
async function again(t, { server, provider }, options = {}) {
  const next = await startServer(t, { provider, secret: server.secret, dataDir: server.dataDir, ...options });
  return stage(t, { provider, server: next });
}

for (const [how, end] of [
  ['an orderly end', (server) => server.stop()],
  ['SIGKILL', (server) => server.kill()],
]) {
  test(`conversations are whole after ${how}`, async (t) => {
    const first = await stage(t);
    const [ada, bob] = [await first.enter('ada'), await first.enter('bob')];
    for (const text of ['One', 'Two']) await ada.ask(text);
    ada.send({ type: 'model_select', session_id: ada.sessionId, model_id: 'beta' });
    await ada.next((frame) => frame.content === 'Model changed to beta');
    await bob.ask('Mine');
    await request(first.server, `/sessions/${bob.sessionId}/end`, { method: 'POST', token: bob.token });
    const before = await history(first.server, ada.token, ada.sessionId);
    const list = (await request(first.server, '/sessions', { token: bob.token })).json().sessions;
    await end(first.server);

    const second = await again(t, first);
    assert.deepEqual(await history(second.server, ada.token, ada.sessionId), before);
    const { duration, ...now } = (await request(second.server, '/sessions', { token: bob.token })).json()
      .sessions[0];
    const { duration: then, ...was } = list[0];
    assert.deepEqual([now, duration], [was, then]);
    const back = await second.enter('ada');
    const { end: answer, frames } = await back.ask('Three');
    assert.equal(answer.session_id, ada.sessionId, 'the active session goes on');
    assert.equal(answer.model_id, 'beta');
    assert.ok(frames.length > 0);
    assert.deepEqual(
      first.provider.requests.at(-1).messages.map(({ content }) => content),
      ['One', 'You said: One', 'Two', 'You said: Two', 'Three'],
    );
  });
}

test('an answer that was running when the server was killed is marked, with the text that was saved', async (t) => {
  const first = await stage(t, { env: { CHATBOX_CHECKPOINT_INTERVAL: '30ms' } });
  const hand = first.provider.on('Hello', byHand());
  const ada = await first.enter('ada', { v: 2 });
  ada.say('Hello', { client_id: 'c1' });
  const answer = (await hand.asked()).start();
  answer.token('Saved text');
  await ada.next((frame) => frame.content === 'Saved text');
  // A second piece far behind the interval says that the first one was due; what was saved shows only later.
  await new Promise((resolve) => setTimeout(resolve, 500));
  await first.server.kill();
  const second = await again(t, first);
  const { messages } = await history(second.server, ada.token, ada.sessionId);
  assert.deepEqual(
    messages.map(({ seq, content, status }) => [seq, content, status]),
    [
      [1, 'Hello', undefined],
      [2, 'Saved text', 'interrupted'],
    ],
  );
  const back = await second.enter('ada', { v: 2, query: { session_id: ada.sessionId, after_seq: '1' } });
  const event = await back.next();
  assert.deepEqual([event.seq, event.content, event.status], [2, 'Saved text', 'interrupted']);
  assert.equal((await back.nextOf('resumed')).seq, 2);
  assert.equal((await back.ask('Again')).end.status, 'done');
});

test('an answer that was running at an orderly end is in the history once, marked', async (t) => {
  const first = await stage(t);
  const hand = first.provider.on('Hello', byHand());
  const ada = await first.enter('ada', { v: 2 });
  ada.say('Hello', { client_id: 'c1' });
  (await hand.asked()).start().token('So far');
  await ada.next((frame) => frame.content === 'So far');
  await first.server.stop();
  const second = await again(t, first);
  const { messages } = await history(second.server, ada.token, ada.sessionId);
  assert.deepEqual(
    messages.map(({ seq, content, status }) => [seq, content, status]),
    [
      [1, 'Hello', undefined],
      [2, 'So far', 'interrupted'],
    ],
  );
});

test('a client that was in the middle of an answer learns how it ended', async (t) => {
  const first = await stage(t, { env: { CHATBOX_CHECKPOINT_INTERVAL: '30ms' } });
  const hand = first.provider.on('Hello', byHand());
  const ada = await first.enter('ada', { v: 2 });
  ada.say('Hello', { client_id: 'c1' });
  (await hand.asked()).start().token('Never saved?');
  const { message_id } = await ada.next((frame) => frame.content === 'Never saved?');
  await first.server.kill();
  const second = await again(t, first);
  const query = { session_id: ada.sessionId, after_seq: '1', message_id, offset: '12' };
  const back = await second.enter('ada', { v: 2, query });
  const event = await back.next();
  assert.deepEqual(
    [event.type, event.seq, event.message_id, event.status],
    ['ai_response', 2, message_id, 'interrupted'],
  );
  assert.ok('Never saved?'.startsWith(event.content ?? ''));
});

test('two servers do not share a data folder', async (t) => {
  const { server, provider } = await stage(t);
  const second = startServer(t, { provider, dataDir: server.dataDir });
  await assert.rejects(second, /the server ended/);
});

test('a start with many stored sessions is quick, and finds them', async (t) => {
  const first = await stage(t, { env: { RATE_LIMIT: '1000000', CHATBOX_MAX_CONNECTIONS_PER_USER: '1000' } });
  const clients = await Promise.all(Array.from({ length: 100 }, (_, i) => first.enter(`user ${i}`)));
  await Promise.all(clients.map((client) => client.ask('Hello')));
  await first.server.kill();
  const second = await again(t, first);
  const answer = await request(second.server, '/admin/sessions?limit=1000', {
    token: second.server.token('root', { roles: ['admin'] }),
  });
  assert.equal(answer.json().count, 100);
  await until(() => second.server.readyAfter > 0, 'it is ready');
});
