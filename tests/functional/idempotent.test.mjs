// A message with a client_id takes effect once, however often it is sent.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { history } from '../support/http.mjs';
import { byHand } from '../support/provider.mjs';
import { startServer } from '../support/server.mjs';
import { stage } from '../support/stage.mjs';

const ackOf = async (client, content, client_id) => {
  client.say(content, { client_id });
  const { message_id, seq } = await client.nextOf('ack');
  return { message_id, seq };
};

async function assertOnce(server, client, content) {
  const { messages } = await history(server, client.token, client.sessionId);
  assert.equal(messages.filter((message) => message.content === content).length, 1);
}

test("sending again after the answer is acknowledged with the first one's id, and answered by nobody", async (t) => {
  const { provider, server, enter } = await stage(t);
  const ada = await enter('ada', { v: 2 });
  const first = await ackOf(ada, 'Hello', 'c1');
  await ada.answer();
  assert.deepEqual(await ackOf(ada, 'Hello', 'c1'), first);
  assert.deepEqual(await ada.settled(), []);
  await ada.ask('Next');
  assert.deepEqual(
    provider.requests.map((asked) => asked.text),
    ['Hello', 'Next'],
  );
  await assertOnce(server, ada, 'Hello');
});

test('sending again during the answer does not disturb it', async (t) => {
  const { provider, server, enter } = await stage(t);
  const hand = provider.on('Hello', byHand());
  const ada = await enter('ada', { v: 2 });
  const first = await ackOf(ada, 'Hello', 'c1');
  const answer = (await hand.asked()).start();
  answer.token('Hi');
  await ada.next((frame) => frame.content === 'Hi');
  assert.deepEqual(await ackOf(ada, 'Hello', 'c1'), first);
  answer.finish();
  assert.equal((await ada.answer()).end.status, 'done');
  assert.equal(hand.times(), 1);
  await assertOnce(server, ada, 'Hello');
});

test('ten copies at once are one message', async (t) => {
  const { provider, server, enter } = await stage(t);
  const ada = await enter('ada', { v: 2 });
  for (let i = 0; i < 10; i++) ada.say('Hello', { client_id: 'c1' });
  const acks = [];
  while (acks.length < 10) acks.push(await ada.nextOf('ack'));
  assert.equal(new Set(acks.map((ack) => ack.message_id)).size, 1);
  await assertOnce(server, ada, 'Hello');
  await ada.ask('Next');
  assert.equal(provider.requests.filter((asked) => asked.text === 'Hello').length, 1);
});

test('copies over two connections are one message', async (t) => {
  const { server, enter } = await stage(t);
  const [phone, desk] = [await enter('ada', { v: 2 }), await enter('ada', { v: 2 })];
  const [one, other] = await Promise.all([ackOf(phone, 'Hello', 'c1'), ackOf(desk, 'Hello', 'c1')]);
  assert.deepEqual(one, other);
  await assertOnce(server, phone, 'Hello');
});

test('the first content counts', async (t) => {
  const { server, enter } = await stage(t);
  const ada = await enter('ada', { v: 2 });
  const first = await ackOf(ada, 'First', 'c1');
  await ada.answer();
  assert.deepEqual(await ackOf(ada, 'Second', 'c1'), first);
  const { messages } = await history(server, ada.token, ada.sessionId);
  assert.deepEqual(
    messages.map(({ content }) => content),
    ['First', 'You said: First'],
  );
});

test('two users may use the same client_id', async (t) => {
  const { enter } = await stage(t);
  const [ada, bob] = [await enter('ada', { v: 2 }), await enter('bob', { v: 2 })];
  const one = await ackOf(ada, 'Hello', 'c1');
  const other = await ackOf(bob, 'Hello', 'c1');
  assert.notEqual(one.message_id, other.message_id);
});

test('it holds for version 1, which gets no ack', async (t) => {
  const { provider, server, enter } = await stage(t);
  const ada = await enter('ada');
  await ada.ask('Hello', { client_id: 'c1' });
  ada.say('Hello', { client_id: 'c1' });
  assert.deepEqual(await ada.settled(), []);
  await ada.ask('Next');
  assert.equal(provider.requests.length, 2);
  await assertOnce(server, ada, 'Hello');
});

test('it holds across a restart', async (t) => {
  const { provider, server, enter } = await stage(t);
  const ada = await enter('ada', { v: 2 });
  const first = await ackOf(ada, 'Hello', 'c1');
  await ada.answer();
  await server.kill();
  const again = await startServer(t, { provider, secret: server.secret, dataDir: server.dataDir });
  const { enter: enterAgain } = await stage(t, { provider, server: again });
  const back = await enterAgain('ada', { v: 2, query: { session_id: ada.sessionId } });
  assert.deepEqual(await ackOf(back, 'Hello', 'c1'), first);
  assert.deepEqual(await back.settled(), []);
  assert.equal(provider.requests.length, 1);
  await assertOnce(again, back, 'Hello');
});

test('a client_id has at most 128 bytes', async (t) => {
  const { enter } = await stage(t);
  const ada = await enter('ada', { v: 2 });
  await ackOf(ada, 'Long', 'c'.repeat(128));
  await ada.answer();
  ada.say('Longer', { client_id: 'c'.repeat(129) });
  assert.equal((await ada.nextOf('error')).error.message, 'Message validation failed');
});
