// How much one user may ask.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { history } from '../support/http.mjs';
import { stage } from '../support/stage.mjs';

test('a user who sends too much is told when to come back', async (t) => {
  const { provider, server, enter } = await stage(t, { env: { RATE_LIMIT: '3' } });
  const ada = await enter('ada', { v: 2 });
  for (const text of ['One', 'Two', 'Three']) await ada.ask(text);
  ada.say('Four', { client_id: 'c4' });
  const { error, session_id } = await ada.next();
  const { retry_after, ...rest } = error;
  assert.deepEqual(rest, {
    code: 'TOO_MANY_REQUESTS',
    message: 'Too many requests, please slow down',
    recoverable: true,
  });
  assert.ok(Number.isInteger(retry_after) && retry_after > 0 && retry_after <= 60_000, `${retry_after} ms`);
  assert.equal(session_id, ada.sessionId);
  assert.equal((await history(server, ada.token, ada.sessionId)).messages.length, 6);
  assert.equal(provider.requests.length, 3);
});

test("the limit is the user's, over all connections, and nobody else's", async (t) => {
  const { enter } = await stage(t, { env: { RATE_LIMIT: '2' } });
  const [phone, desk, bob] = [await enter('ada'), await enter('ada'), await enter('bob')];
  await phone.ask('One');
  await desk.ask('Two', { session_id: phone.sessionId });
  desk.say('Three');
  assert.equal((await desk.next((frame) => frame.type === 'error')).error.code, 'TOO_MANY_REQUESTS');
  assert.equal((await bob.ask('Hello')).text, 'You said: Hello');
});

test('a new connection does not help', async (t) => {
  const { enter } = await stage(t, { env: { RATE_LIMIT: '1' } });
  const ada = await enter('ada');
  await ada.ask('One');
  await ada.close();
  const again = await enter('ada');
  again.say('Two');
  assert.equal((await again.nextOf('error')).error.code, 'TOO_MANY_REQUESTS');
});

test('stopping and choosing a model are not limited', async (t) => {
  const { enter } = await stage(t, { env: { RATE_LIMIT: '1' } });
  const ada = await enter('ada');
  await ada.ask('One');
  for (let i = 0; i < 5; i++) {
    ada.stop();
    ada.send({ type: 'model_select', session_id: ada.sessionId, model_id: 'beta' });
    await ada.next((frame) => frame.content === 'Model changed to beta');
  }
});

test('who waits as long as he was told may go on', async (t) => {
  const { enter } = await stage(t, { env: { RATE_LIMIT: '1', CHATBOX_RATE_WINDOW: '1s' } });
  const ada = await enter('ada');
  await ada.ask('One');
  ada.say('Two');
  const frame = await ada.next();
  const wait = frame.error?.retry_after ?? 0;
  if (wait) await new Promise((resolve) => setTimeout(resolve, wait + 5));
  else ada.read = ada.frames.length;
  assert.equal((await ada.ask('Three')).text, 'You said: Three');
});

test('a flood of frames on one connection loses nothing that was accepted', async (t) => {
  const { server, enter } = await stage(t, { env: { RATE_LIMIT: '100000' } });
  const ada = await enter('ada', { v: 2 });
  const bob = await enter('bob');
  const count = 2000;
  for (let i = 0; i < count; i++) ada.say(`Message ${i}`, { client_id: `c${i}` });
  assert.equal((await bob.ask('Meanwhile')).text, 'You said: Meanwhile');
  const acked = new Set();
  let refused = 0;
  while (acked.size + refused < count) {
    const frame = await ada.next((frame) => frame.type === 'ack' || frame.type === 'error', 'an ack or a refusal');
    if (frame.type === 'ack') acked.add(frame.message_id);
    else if (frame.error.message.startsWith('Server busy')) refused++;
    else assert.fail(JSON.stringify(frame));
  }
  const { messages } = await history(server, ada.token, ada.sessionId);
  const stored = messages.filter(({ sender }) => sender === 'user').map(({ id }) => id);
  assert.deepEqual(new Set(stored), acked);
});
