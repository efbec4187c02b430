// A session on several devices: everybody gets everything, nobody gets an echo of himself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byHand, refuse } from '../support/provider.mjs';
import { isId, isTime, stage } from '../support/stage.mjs';

async function twoDevices(t, v) {
  const all = await stage(t);
  const phone = await all.enter('ada', { v });
  await phone.ask('Begin');
  const desk = await all.enter('ada', { v, query: { session_id: phone.sessionId } });
  return { ...all, phone, desk };
}

test('the other device sees the question, the answer, and its end', async (t) => {
  const { provider, phone, desk } = await twoDevices(t);
  const hand = provider.on('Hello', byHand());
  phone.say('Hello');
  const { timestamp, ...echo } = await desk.next();
  assert.ok(isTime(timestamp));
  assert.deepEqual(echo, { type: 'user_message', session_id: phone.sessionId, content: 'Hello', sender: 'user' });
  const answer = (await hand.asked()).start();
  for (const device of [phone, desk]) assert.equal((await device.next()).type, 'loading');
  answer.token('Hi');
  for (const device of [phone, desk]) assert.equal((await device.next()).content, 'Hi');
  answer.finish();
  for (const device of [phone, desk]) assert.equal((await device.next()).metadata.done, 'true');
  assert.deepEqual(await phone.settled(), [], 'no echo to the one who asked');
  assert.deepEqual(await desk.settled(), []);
});

test('version 2: the echo says which event it is', async (t) => {
  const { phone, desk } = await twoDevices(t, 2);
  phone.say('Hello', { client_id: 'c9' });
  const ack = await phone.nextOf('ack');
  const echo = await desk.nextOf('user_message');
  assert.ok(isId(echo.message_id));
  assert.deepEqual([echo.message_id, echo.seq], [ack.message_id, ack.seq]);
});

test('devices of different versions share a session', async (t) => {
  const { enter, phone } = await twoDevices(t, 2);
  const old = await enter('ada', { query: { session_id: phone.sessionId } });
  const answer = await phone.ask('Hello');
  assert.equal((await old.next()).type, 'user_message');
  const seen = await old.answer();
  assert.equal(seen.text, answer.text);
  assert.ok(seen.frames.every((frame) => frame.seq === undefined && frame.message_id === undefined));
});

test('three devices ask in turn', async (t) => {
  const { enter, phone, desk } = await twoDevices(t);
  const wall = await enter('ada', { query: { session_id: phone.sessionId } });
  const all = [phone, desk, wall];
  for (const asker of all) {
    asker.say('Anyone?');
    for (const device of all) {
      const { frames, text } = await device.answer();
      assert.equal(frames.filter((frame) => frame.type === 'user_message').length, device === asker ? 0 : 1);
      assert.equal(text, 'You said: Anyone?');
    }
  }
});

test('an answer that failed is told to everybody', async (t) => {
  const { provider, phone, desk } = await twoDevices(t);
  provider.on('Hello', refuse(401));
  phone.say('Hello');
  for (const device of [phone, desk]) {
    const { end } = await device.answer();
    assert.deepEqual([end.type, end.error.code], ['error', 'LLM_UNAVAILABLE']);
  }
});

test('the answer goes on when the device that asked is gone', async (t) => {
  const { provider, phone, desk } = await twoDevices(t);
  const hand = provider.on('Hello', byHand());
  phone.say('Hello');
  const answer = (await hand.asked()).start();
  answer.token('One ');
  await desk.next((frame) => frame.content === 'One ');
  phone.drop();
  answer.token('two');
  answer.finish();
  const { text, end } = await desk.answer();
  assert.deepEqual([text, end.metadata.done], ['two', 'true']);
});

test('a device that leaves takes nothing from the others', async (t) => {
  const { phone, desk } = await twoDevices(t);
  await desk.close();
  assert.equal((await phone.ask('Alone?')).text, 'You said: Alone?');
});

test('the other device learns of a new model', async (t) => {
  const { phone, desk } = await twoDevices(t);
  phone.send({ type: 'model_select', session_id: phone.sessionId, model_id: 'beta' });
  await phone.next((frame) => frame.content === 'Model changed to beta');
  assert.equal((await desk.ask('Who is there?')).end.model_id, 'beta');
});
