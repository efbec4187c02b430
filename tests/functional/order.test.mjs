// Frames of a session take effect in the order in which they were sent, and everybody sees the same order.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { history } from '../support/http.mjs';
import { byHand, stream } from '../support/provider.mjs';
import { stage } from '../support/stage.mjs';

test('messages that arrive during an answer are stored at once and answered together', async (t) => {
  const { provider, server, enter } = await stage(t);
  const hand = provider.on(() => true, byHand());
  const ada = await enter('ada', { v: 2 });
  ada.say('One', { client_id: 'c1' });
  const first = (await hand.asked(0)).start();
  for (const [i, text] of ['Two', 'Three', 'Four'].entries()) ada.say(text, { client_id: `c${i + 2}` });
  const seqs = [];
  while (seqs.length < 4) seqs.push((await ada.nextOf('ack')).seq);
  assert.deepEqual(seqs, [1, 2, 3, 4]);
  assert.equal(hand.times(), 1, 'one answer at a time');

  first.token('First answer');
  first.finish();
  assert.equal((await ada.answer()).end.seq, 5);
  const second = await hand.asked(1);
  assert.equal(second.messages.at(-1).role, 'user');
  const told = second.messages
    .filter(({ role }) => role === 'user')
    .map(({ content }) => content)
    .join('\n');
  assert.deepEqual(
    told.split('\n').filter((line) => line),
    ['One', 'Two', 'Three', 'Four'],
  );
  second.start().token('Second answer');
  second.finish();
  const { end } = await ada.answer();
  assert.deepEqual([end.status, end.seq], ['done', 6]);
  assert.deepEqual(await ada.settled(), []);
  assert.equal(hand.times(), 2);

  const stored = await history(server, ada.token, ada.sessionId);
  assert.deepEqual(
    stored.messages.map(({ seq, content }) => `${seq} ${content}`),
    ['1 One', '2 Two', '3 Three', '4 Four', '5 First answer', '6 Second answer'],
  );
});

test('forty quick messages are stored in the order in which they were sent', async (t) => {
  const { server, enter } = await stage(t);
  const ada = await enter('ada', { v: 2 });
  const texts = Array.from({ length: 40 }, (_, i) => `Message ${i}`);
  texts.forEach((text, i) => ada.say(text, { client_id: `c${i}` }));
  const acks = [];
  while (acks.length < texts.length) acks.push(await ada.nextOf('ack'));
  assert.deepEqual(
    acks.map((ack) => ack.client_id),
    texts.map((_, i) => `c${i}`),
  );
  const stored = await history(server, ada.token, ada.sessionId);
  assert.deepEqual(
    stored.messages.filter(({ sender }) => sender === 'user').map(({ content }) => content),
    texts,
  );
});

test('the pieces of two answers are never mixed', async (t) => {
  const { provider, enter } = await stage(t);
  provider.on(/^Count/, stream(['1 ', '2 ', '3 ', '4 ', '5'], { everyMs: 3 }));
  const ada = await enter('ada', { v: 2 });
  ada.say('Count once');
  await provider.request(0); // from here on the next question has to wait
  ada.say('Count twice');
  const first = await ada.answer();
  const second = await ada.answer();
  for (const { frames, text, end } of [first, second]) {
    assert.equal(text, '1 2 3 4 5');
    const pieces = frames.filter((frame) => frame.type === 'ai_response');
    assert.deepEqual([...new Set(pieces.map((frame) => frame.message_id))], [end.message_id]);
    pieces.reduce((offset, frame) => {
      assert.equal(frame.offset, offset);
      return offset + Buffer.byteLength(frame.content ?? '');
    }, 0);
  }
  assert.notEqual(first.end.message_id, second.end.message_id);
});

test('every device, and the history, tells the same story', async (t) => {
  const { server, enter } = await stage(t);
  const phone = await enter('ada', { v: 2 });
  await phone.ask('Begin');
  const desk = await enter('ada', { v: 2, query: { session_id: phone.sessionId } });
  for (let i = 0; i < 10; i++) {
    phone.say(`phone ${i}`, { client_id: `p${i}` });
    desk.say(`desk ${i}`, { client_id: `d${i}` });
  }
  // What a device saw, by seq, once it has seen all questions, an answer behind them, and no gap before it.
  const story = async (device) => {
    const events = new Map([
      [1, 'user'],
      [2, 'ai'],
    ]);
    const count = (sender) => [...events.values()].filter((each) => each === sender).length;
    while (count('user') < 21 || Math.max(...events.keys()) > events.size || events.get(events.size) !== 'ai') {
      const frame = await device.next((frame) => frame.seq, 'an event');
      events.set(frame.seq, frame.type === 'ack' ? 'user' : frame.sender);
    }
    return events;
  };
  const seen = await Promise.all([story(phone), story(desk)]);
  const { messages } = await history(server, phone.token, phone.sessionId);
  assert.deepEqual(
    messages.map(({ seq }) => seq),
    messages.map((_, i) => i + 1),
  );
  for (const events of seen) {
    for (const [seq, sender] of events) assert.equal(messages[seq - 1].sender, sender, `event ${seq}`);
  }
  const order = (who) => messages.filter(({ content }) => content.startsWith(who)).map(({ content }) => content);
  assert.deepEqual(
    order('phone '),
    Array.from({ length: 10 }, (_, i) => `phone ${i}`),
  );
  assert.deepEqual(
    order('desk '),
    Array.from({ length: 10 }, (_, i) => `desk ${i}`),
  );
});
