// Stopping an answer: at any time, from any device, any number of times.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { history } from '../support/http.mjs';
import { seconds, within } from '../support/patience.mjs';
import { byHand, endless, neverAnswers } from '../support/provider.mjs';
import { stage } from '../support/stage.mjs';

const hangsUp = (exchange) => within(seconds(10), exchange.gone, 'the provider to be hung up on');

test('an answer is stopped before its first token', async (t) => {
  const { provider, server, enter } = await stage(t);
  provider.on('Hello', neverAnswers);
  const ada = await enter('ada', { v: 2 });
  ada.say('Hello');
  const asked = await provider.request(0);
  ada.stop();
  const { end, text } = await ada.answer();
  assert.deepEqual([end.type, end.status, end.metadata.done, text], ['ai_response', 'stopped', 'true', '']);
  assert.equal(await hangsUp(asked), true);
  assert.equal((await ada.ask('Next')).text, 'You said: Next');
  const { messages } = await history(server, ada.token, ada.sessionId);
  assert.deepEqual(
    messages.map(({ seq }) => seq),
    [1, 2, 3, 4],
  );
  assert.deepEqual([messages[1].status, messages[1].content], ['stopped', '']);
});

test('an answer is stopped in the middle, and what came so far is kept and marked', async (t) => {
  const { provider, server, enter } = await stage(t);
  const hand = provider.on('Hello', byHand());
  const ada = await enter('ada', { v: 2 });
  ada.say('Hello');
  const answer = (await hand.asked()).start();
  answer.token('So far ');
  await ada.next((frame) => frame.content === 'So far ');
  ada.stop();
  const { end } = await ada.answer();
  assert.deepEqual([end.type, end.status, end.offset, end.seq], ['ai_response', 'stopped', 7, 2]);
  answer.token('and no further');
  assert.deepEqual(await ada.settled(), [], 'nothing follows the end');
  const { messages } = await history(server, ada.token, ada.sessionId);
  assert.deepEqual([messages[1].content, messages[1].status], ['So far ', 'stopped']);
});

test('a flood is stopped, and the provider is hung up on', async (t) => {
  const { provider, server, enter } = await stage(t);
  provider.on('Flood', endless({ everyMs: 0 }));
  const ada = await enter('ada', { v: 2 });
  ada.say('Flood');
  await ada.next((frame) => frame.offset > 0);
  ada.stop();
  const { end } = await ada.answer();
  assert.equal(end.status, 'stopped');
  await hangsUp(await provider.request(0));
  const pieces = ada.frames.filter((frame) => frame.type === 'ai_response').map((frame) => frame.content ?? '');
  const { messages } = await history(server, ada.token, ada.sessionId);
  assert.equal(messages[1].content, pieces.join(''), 'the history is what was shown');
});

test('version 1 gets an ordinary end', async (t) => {
  const { provider, enter } = await stage(t);
  provider.on('Hello', neverAnswers);
  const ada = await enter('ada');
  ada.say('Hello');
  await provider.request(0);
  await ada.nextOf('loading');
  ada.stop();
  const { end } = await ada.answer();
  assert.equal(end.status, undefined);
  assert.deepEqual([end.metadata.streaming, end.metadata.done], ['true', 'true']);
});

test('stopping again, or with nothing to stop, does nothing', async (t) => {
  const { provider, enter } = await stage(t);
  provider.on('Hello', neverAnswers);
  const ada = await enter('ada', { v: 2 });
  ada.stop();
  assert.deepEqual(await ada.settled(), [], 'before there is a session');
  ada.say('Hello');
  await provider.request(0);
  for (let i = 0; i < 5; i++) ada.stop();
  await ada.answer();
  assert.deepEqual(await ada.settled(), [], 'one end');
  ada.stop();
  assert.deepEqual(await ada.settled(), [], 'after the end');
  assert.equal((await ada.ask('Next')).end.status, 'done');
});

test('a stop that follows its question at once finds it', async (t) => {
  const { provider, enter } = await stage(t);
  provider.on('Hello', neverAnswers);
  const ada = await enter('ada', { v: 2 });
  ada.say('Hello');
  ada.send({ type: 'stop' });
  assert.equal((await ada.answer()).end.status, 'stopped');
  ada.say('Hello');
  ada.stop();
  assert.equal((await ada.answer()).end.status, 'stopped', 'in a session that is known');
});

test('another device of the user may stop the answer, and both see its end', async (t) => {
  const { provider, enter } = await stage(t);
  const hand = provider.on('Hello', byHand());
  const phone = await enter('ada', { v: 2 });
  phone.say('Hello');
  (await hand.asked()).start().token('So far');
  await phone.next((frame) => frame.content === 'So far');
  const desk = await enter('ada', { v: 2, query: { session_id: phone.sessionId } });
  desk.stop();
  const [one, other] = [await phone.answer(), await desk.answer()];
  assert.deepEqual([one.end.status, other.end.status], ['stopped', 'stopped']);
  assert.equal(one.end.message_id, other.end.message_id);
});

test('nobody else may stop it', async (t) => {
  const { provider, enter } = await stage(t);
  const hand = provider.on('Hello', byHand());
  const ada = await enter('ada', { v: 2 });
  ada.say('Hello');
  const answer = (await hand.asked()).start();
  await ada.nextOf('loading');
  const eve = await enter('eve');
  await eve.ask('Hers');
  eve.stop({ session_id: ada.sessionId });
  assert.equal((await eve.nextOf('error')).error.code, 'UNAUTHORIZED');
  answer.token('Unmoved');
  answer.finish();
  const { end, text } = await ada.answer();
  assert.deepEqual([end.status, text], ['done', 'Unmoved']);
});

test('messages that waited for the stopped answer are answered', async (t) => {
  const { provider, enter } = await stage(t);
  provider.on('Slow', neverAnswers);
  const ada = await enter('ada', { v: 2 });
  ada.say('Slow', { client_id: 'c1' });
  await provider.request(0);
  ada.say('Waiting', { client_id: 'c2' });
  await ada.next((frame) => frame.client_id === 'c2');
  ada.stop();
  assert.equal((await ada.answer()).end.status, 'stopped');
  const { end, text } = await ada.answer();
  assert.equal(end.status, 'done');
  assert.match(text, /Waiting$/);
});
