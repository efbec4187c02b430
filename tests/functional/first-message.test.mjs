// The frames of a first question, key by key: what version 1 promises, and what version 2 adds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { history } from '../support/http.mjs';
import { byHand } from '../support/provider.mjs';
import { isId, isTime, stage } from '../support/stage.mjs';

const models = [
  { id: 'alpha', name: 'Model alpha' },
  { id: 'beta', name: 'Model beta' },
];

// The frame has these keys with these values, a time, and nothing else.
function assertFrame(frame, expected) {
  const { timestamp, ...rest } = frame;
  assert.ok(isTime(timestamp), `not a time: ${timestamp}`);
  assert.deepEqual(rest, expected);
}

test('version 1: the frames of a first answer are exactly those of the original', async (t) => {
  const { provider, enter } = await stage(t);
  const hand = provider.on('Hello there', byHand());
  const ada = await enter('ada');
  assertFrame(ada.greeting, { type: 'connection_status', sender: 'system', user_id: 'ada', models });

  const unknown = '0b0c3c1e-6f2d-4c57-8f2b-1f2a3b4c5d6e';
  ada.send({
    type: 'user_message',
    session_id: unknown,
    content: 'Hello there',
    sender: 'user',
    timestamp: new Date().toISOString(),
  });
  const bound = await ada.next();
  const id = bound.session_id;
  assert.ok(isId(id), `the id is made by the server: ${id}`);
  assertFrame(bound, { type: 'connection_status', session_id: id, sender: 'system', user_id: 'ada', models });
  assertFrame(await ada.next(), { type: 'loading', session_id: id, sender: 'ai' });

  const answer = (await hand.asked()).start();
  for (const piece of ['Hi', '! How can I help?']) {
    answer.token(piece);
    assertFrame(await ada.next(), {
      type: 'ai_response',
      session_id: id,
      content: piece,
      model_id: 'alpha',
      sender: 'ai',
      metadata: { streaming: 'true', done: 'false' },
    });
  }
  answer.finish();
  assertFrame(await ada.next(), {
    type: 'ai_response',
    session_id: id,
    model_id: 'alpha',
    sender: 'ai',
    metadata: { streaming: 'true', done: 'true' },
  });
  assert.deepEqual(await ada.settled(), []);
});

test('version 1: later answers look the same, without a second connection_status', async (t) => {
  const { enter } = await stage(t);
  const ada = await enter('ada');
  await ada.ask('One');
  const { frames } = await ada.ask('Two');
  assert.equal(frames[0].type, 'loading');
  assert.ok(frames.every((frame) => frame.type === 'loading' || frame.type === 'ai_response'));
});

test('version 2: the message is acknowledged, and every piece has its place', async (t) => {
  const { provider, server, enter } = await stage(t);
  const hand = provider.on('Grüezi', byHand());
  const ada = await enter('ada', { v: 2 });
  assertFrame(ada.greeting, { type: 'connection_status', sender: 'system', user_id: 'ada', models });

  ada.say('Grüezi', { client_id: 'c1' });
  const bound = await ada.next();
  const id = bound.session_id;
  assert.ok(isId(id));
  assertFrame(bound, { type: 'connection_status', session_id: id, sender: 'system', user_id: 'ada', models });

  const ack = await ada.next();
  assert.ok(isId(ack.message_id));
  assertFrame(ack, {
    type: 'ack',
    session_id: id,
    client_id: 'c1',
    message_id: ack.message_id,
    seq: 1,
    sender: 'system',
  });

  const loading = await ada.next();
  const answerId = loading.message_id;
  assert.ok(isId(answerId));
  assertFrame(loading, { type: 'loading', session_id: id, message_id: answerId, sender: 'ai' });

  const answer = (await hand.asked()).start();
  let offset = 0;
  for (const piece of ['Grü', 'ezi 👋', ' mitenand']) {
    answer.token(piece);
    assertFrame(await ada.next(), {
      type: 'ai_response',
      session_id: id,
      message_id: answerId,
      offset,
      content: piece,
      model_id: 'alpha',
      sender: 'ai',
      metadata: { streaming: 'true', done: 'false' },
    });
    offset += Buffer.byteLength(piece);
  }
  answer.finish();
  assertFrame(await ada.next(), {
    type: 'ai_response',
    session_id: id,
    message_id: answerId,
    offset,
    seq: 2,
    status: 'done',
    model_id: 'alpha',
    sender: 'ai',
    metadata: { streaming: 'true', done: 'true', status: 'done' },
  });

  const stored = await history(server, ada.token, id);
  assert.deepEqual(
    stored.messages.map(({ id, seq, content }) => [id, seq, content]),
    [
      [ack.message_id, 1, 'Grüezi'],
      [answerId, 2, 'Grüezi 👋 mitenand'],
    ],
  );
});

test('version 2: a message without client_id is answered without ack', async (t) => {
  const { enter } = await stage(t);
  const ada = await enter('ada', { v: 2 });
  const { frames } = await ada.ask('Hello');
  assert.deepEqual(
    frames.filter((frame) => frame.type === 'ack'),
    [],
  );
});

test('any other version is version 1', async (t) => {
  const { enter } = await stage(t);
  for (const v of ['1', '3', '02', 'two', '']) {
    const ada = await enter('ada', { query: { v } });
    const { frames } = await ada.ask(`Version ${v}`, { client_id: `c${v}` });
    const keys = new Set(frames.flatMap(Object.keys));
    for (const key of ['seq', 'offset', 'message_id', 'client_id', 'status'])
      assert.ok(!keys.has(key), `${key} for v=${v}`);
    assert.ok(
      frames.every((frame) => frame.type !== 'ack'),
      `no ack for v=${v}`,
    );
    await ada.close();
  }
});

test('the session bears the question as its name, and the history is whole', async (t) => {
  const { server, enter } = await stage(t);
  const ada = await enter('ada');
  await ada.ask('How do I export my data?');
  const stored = await history(server, ada.token, ada.sessionId);
  assert.equal(stored.session_id, ada.sessionId);
  assert.equal(stored.name, 'How do I export my data?');
  assert.deepEqual(
    stored.messages.map(({ sender, content }) => [sender, content]),
    [
      ['user', 'How do I export my data?'],
      ['ai', 'You said: How do I export my data?'],
    ],
  );
  assert.ok(stored.messages.every((message) => isTime(message.timestamp)));
});
