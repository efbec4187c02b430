// Coming back in the middle: exactly what was missed, no hole, no character twice.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byHand, stream } from '../support/provider.mjs';
import { stage } from '../support/stage.mjs';
import { Transcript } from '../support/transcript.mjs';

// Feeds everything up to `until` to the transcript.
async function read(client, transcript, until) {
  for (;;) {
    const frame = await client.next(() => true, 'more of the transcript');
    transcript.take(frame);
    if (until(frame, transcript)) return frame;
  }
}

const isResumed = (frame) => frame.type === 'resumed';
const isDone = (frame) => frame.metadata?.done === 'true';

test('a client that is away between answers gets the events that it missed, in order', async (t) => {
  const { enter } = await stage(t);
  const ada = await enter('ada', { v: 2 });
  await ada.ask('One');
  const { end } = await ada.ask('Two');
  await ada.ask('Three');
  const back = await enter('ada', { v: 2, query: { session_id: ada.sessionId, after_seq: String(end.seq) } });
  assert.equal(back.greeting.session_id, ada.sessionId);
  const [question, answer, resumed] = [await back.next(), await back.next(), await back.next()];
  assert.deepEqual(
    [question.type, question.seq, question.content, question.sender],
    ['user_message', 5, 'Three', 'user'],
  );
  assert.deepEqual(
    [answer.type, answer.seq, answer.content, answer.sender, answer.metadata.streaming],
    ['ai_response', 6, 'You said: Three', 'ai', 'false'],
  );
  assert.ok(question.message_id && answer.message_id);
  assert.deepEqual([resumed.type, resumed.seq], ['resumed', 6]);
  assert.deepEqual(await back.settled(), []);
});

test('a client that missed nothing is told so', async (t) => {
  const { enter } = await stage(t);
  const ada = await enter('ada', { v: 2 });
  const { end } = await ada.ask('One');
  const back = await enter('ada', { v: 2, query: { session_id: ada.sessionId, after_seq: String(end.seq) } });
  const resumed = await back.next();
  assert.deepEqual([resumed.type, resumed.seq, resumed.session_id], ['resumed', 2, ada.sessionId]);
});

test('after_seq 0 gives the whole session', async (t) => {
  const { enter } = await stage(t);
  const ada = await enter('ada', { v: 2 });
  for (let i = 0; i < 60; i++) await ada.ask(`Question ${i}`);
  const back = await enter('ada', { v: 2, query: { session_id: ada.sessionId, after_seq: '0' } });
  const transcript = new Transcript();
  await read(back, transcript, isResumed);
  assert.deepEqual(
    transcript.events,
    Array.from({ length: 60 }, (_, i) => [`Question ${i}`, `You said: Question ${i}`]).flat(),
  );
});

test('without after_seq nothing is replayed', async (t) => {
  const { enter } = await stage(t);
  const ada = await enter('ada', { v: 2 });
  await ada.ask('One');
  const back = await enter('ada', { v: 2, query: { session_id: ada.sessionId } });
  assert.deepEqual(await back.settled(), []);
});

test('a position that cannot be is answered with a reset and the present state', async (t) => {
  const { enter } = await stage(t);
  const ada = await enter('ada', { v: 2 });
  await ada.ask('One');
  const back = await enter('ada', { v: 2, query: { session_id: ada.sessionId, after_seq: '99' } });
  assert.equal((await back.next()).type, 'reset');
  const transcript = new Transcript();
  await read(back, transcript, isResumed);
  assert.deepEqual(transcript.events, ['One', 'You said: One']);
});

test('a position that is not a number does not hurt', async (t) => {
  const { enter } = await stage(t);
  const ada = await enter('ada', { v: 2 });
  await ada.ask('One');
  for (const query of [
    { after_seq: 'x' },
    { after_seq: '-1' },
    { after_seq: '1e3' },
    { after_seq: '99999999999999999999999' },
    { after_seq: '1', message_id: 'nonsense', offset: '3' },
    { after_seq: '1', message_id: 'x'.repeat(5000), offset: '-3' },
    { after_seq: '2', offset: '3' },
    { after_seq: '' },
  ]) {
    const back = await enter('ada', { v: 2, query: { session_id: ada.sessionId, ...query } });
    assert.equal((await back.ask('Still fine?')).end.status, 'done', JSON.stringify(query));
    await back.close();
  }
});

// A piece boundary, the middle of a piece, and the middle of an emoji.
const pieces = ['One ', 'two 👋 ', 'thrée ', 'four'];
for (const [what, offset] of [
  ['the beginning', 0],
  ['a piece that it has', 4],
  ['the middle of a piece', 6],
  ['the end of what there is', 13],
]) {
  test(`a client that holds the answer up to ${what} gets the rest of it`, async (t) => {
    const { provider, enter } = await stage(t);
    const hand = provider.on('Count', byHand());
    const ada = await enter('ada', { v: 2 });
    ada.say('Count', { client_id: 'c1' });
    const answer = (await hand.asked()).start();
    pieces.slice(0, 2).forEach((piece) => answer.token(piece));
    let last;
    for (let got = ''; got !== pieces.slice(0, 2).join('');) {
      last = await ada.next((frame) => frame.content && frame.type === 'ai_response');
      got += last.content;
    }
    ada.drop();
    const query = {
      session_id: ada.sessionId,
      after_seq: '1',
      message_id: last.message_id,
      offset: String(offset),
    };
    const back = await enter('ada', { v: 2, query });
    const snapshot = await back.next();
    const whole = Buffer.from(pieces.slice(0, 2).join(''));
    assert.deepEqual(
      [snapshot.type, snapshot.message_id, snapshot.offset, snapshot.content ?? ''],
      ['snapshot', last.message_id, offset, whole.subarray(offset).toString()],
    );
    assert.equal((await back.next()).type, 'resumed');
    pieces.slice(2).forEach((piece) => answer.token(piece));
    answer.finish();
    const { text, end } = await back.answer();
    assert.deepEqual([text, end.seq, end.offset], ['thrée four', 2, Buffer.byteLength(pieces.join(''))]);
  });
}

test('an offset in the middle of a character, or beyond the text, never gives broken text', async (t) => {
  const { provider, enter } = await stage(t);
  const hand = provider.on('Wave', byHand());
  const ada = await enter('ada', { v: 2 });
  ada.say('Wave', { client_id: 'c1' });
  (await hand.asked()).start().token('👋👋');
  const { message_id } = await ada.next((frame) => frame.content === '👋👋');
  for (const offset of ['1', '2', '3', '9', '1000']) {
    const back = await enter('ada', {
      v: 2,
      query: { session_id: ada.sessionId, after_seq: '1', message_id, offset },
    });
    const snapshot = await back.nextOf('snapshot');
    assert.ok(!snapshot.content.includes('\ufffd'), offset);
    assert.equal(Buffer.from('👋👋').subarray(snapshot.offset).toString(), snapshot.content, offset);
    await back.close();
  }
});

test('a client that holds another answer gets this one from its beginning', async (t) => {
  const { provider, enter } = await stage(t);
  const ada = await enter('ada', { v: 2 });
  const first = await ada.ask('One');
  const hand = provider.on('Two', byHand());
  ada.say('Two', { client_id: 'c2' });
  (await hand.asked()).start().token('Second answer');
  await ada.next((frame) => frame.content === 'Second answer');
  const query = { session_id: ada.sessionId, after_seq: '2', message_id: first.end.message_id, offset: '5' };
  const back = await enter('ada', { v: 2, query });
  assert.equal((await back.next()).content, 'Two');
  const snapshot = await back.next();
  assert.deepEqual([snapshot.type, snapshot.offset, snapshot.content], ['snapshot', 0, 'Second answer']);
});

test('a client that comes back after the end of its answer gets the rest of it and its end', async (t) => {
  const { provider, enter } = await stage(t);
  const hand = provider.on('Count', byHand());
  const ada = await enter('ada', { v: 2 });
  ada.say('Count', { client_id: 'c1' });
  const answer = (await hand.asked()).start();
  answer.token('One ');
  const { message_id } = await ada.next((frame) => frame.content === 'One ');
  const desk = await enter('ada', { v: 2, query: { session_id: ada.sessionId } });
  ada.drop();
  answer.token('two');
  answer.finish();
  await desk.next(isDone);
  const back = await enter('ada', {
    v: 2,
    query: { session_id: ada.sessionId, after_seq: '1', message_id, offset: '4' },
  });
  const rest = await back.next();
  assert.deepEqual([rest.type, rest.message_id, rest.offset, rest.content], ['snapshot', message_id, 4, 'two']);
  const end = await back.next();
  assert.deepEqual(
    [end.type, end.seq, end.message_id, end.offset, end.status, end.metadata.done],
    ['ai_response', 2, message_id, 7, 'done', 'true'],
  );
  assert.equal((await back.next()).type, 'resumed');
});

test('the cost of coming back does not depend on how long the answer is', async (t) => {
  const { provider, enter } = await stage(t);
  const hand = provider.on('Long', byHand());
  const ada = await enter('ada', { v: 2 });
  ada.say('Long', { client_id: 'c1' });
  const answer = (await hand.asked()).start();
  answer.token('x'.repeat(500_000));
  await ada.next((frame) => frame.content);
  let offset = ada.frames
    .filter((frame) => frame.type === 'ai_response')
    .reduce((sum, frame) => sum + frame.content.length, 0);
  while (offset < 500_000) offset += (await ada.next((frame) => frame.content)).content.length;
  const { message_id } = ada.frames.at(-1);
  const back = await enter('ada', {
    v: 2,
    query: { session_id: ada.sessionId, after_seq: '1', message_id, offset: '499990' },
  });
  const snapshot = await back.nextOf('snapshot');
  assert.deepEqual([snapshot.offset, snapshot.content], [499_990, 'x'.repeat(10)]);
});

test('a client that is cut off thirty times in one answer ends with the answer', async (t) => {
  const { provider, enter } = await stage(t);
  const words = Array.from({ length: 400 }, (_, i) => `wörd${i} `);
  provider.on('Long', stream(words, { everyMs: 2 }));
  let client = await enter('ada', { v: 2 });
  const transcript = new Transcript();
  transcript.sent.set('c1', 'Long');
  client.say('Long', { client_id: 'c1' });
  await read(client, transcript, (frame) => frame.type === 'loading');
  const sessionId = client.sessionId;
  for (let cut = 0; cut < 30 && transcript.seq < 2; cut++) {
    let left = 1 + ((cut * 7) % 11);
    await read(client, transcript, (frame) => --left <= 0 || isDone(frame));
    client.drop();
    client = await enter('ada', { v: 2, query: transcript.position(sessionId) });
  }
  if (transcript.seq < 2) await read(client, transcript, (_, { seq }) => seq === 2);
  assert.deepEqual(transcript.events, ['Long', words.join('')]);
  assert.equal(transcript.resets, 0);
});
