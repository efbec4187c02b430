// A provider that never answers costs its asker a deadline, and nobody else anything.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { history } from '../support/http.mjs';
import { seconds, within } from '../support/patience.mjs';
import { endless, headersOnly, neverAnswers, thenSilence } from '../support/provider.mjs';
import { stage } from '../support/stage.mjs';

const cases = [
  // [what happens, scenario, settings, text that had come]
  ['no headers come', neverAnswers, { CHATBOX_LLM_FIRST_TOKEN_TIMEOUT: '300ms' }, /^$/],
  ['no token comes', headersOnly, { CHATBOX_LLM_FIRST_TOKEN_TIMEOUT: '300ms' }, /^$/],
  ['silence in mid-answer', thenSilence(['Half']), { CHATBOX_LLM_SILENCE_TIMEOUT: '300ms' }, /^Half$/],
  ['an answer without end', endless({ everyMs: 20 }), { LLM_STREAM_TIMEOUT: '700ms' }, /^0 1 2 /],
];

for (const [what, scenario, env, kept] of cases) {
  test(`${what}: one error, the text is kept, the provider is hung up on`, async (t) => {
    const { provider, server, enter } = await stage(t, { env });
    provider.on('Hello', scenario);
    const ada = await enter('ada', { v: 2 });
    const bob = await enter('bob');
    ada.say('Hello');
    const asked = await provider.request(0);
    assert.equal((await bob.ask('Meanwhile')).text, 'You said: Meanwhile');
    const { end, text } = await ada.answer();
    assert.equal(end.type, 'error');
    assert.equal(end.error.code, 'LLM_TIMEOUT');
    assert.match(end.error.message, /^AI service request timed out after \d/);
    assert.deepEqual([end.error.recoverable, end.status, end.seq], [true, 'failed', 2]);
    assert.match(text, kept);
    assert.equal(await within(seconds(10), asked.gone, 'the provider to be hung up on'), true);
    assert.equal((await ada.ask('After')).text, 'You said: After');
    const { messages } = await history(server, ada.token, ada.sessionId);
    assert.deepEqual([messages[1].content, messages[1].status], [text, 'failed']);
  });
}

test('the deadline is told as the settings have it', async (t) => {
  const { provider, enter } = await stage(t, { env: { LLM_STREAM_TIMEOUT: '1s' } });
  provider.on('Hello', neverAnswers);
  const ada = await enter('ada');
  const { end } = await ada.ask('Hello');
  assert.equal(end.error.message, 'AI service request timed out after 1s');
});

test('many answers that never come do not keep others waiting', async (t) => {
  const { provider, enter } = await stage(t);
  provider.on('Never', neverAnswers);
  for (let i = 0; i < 30; i++) (await enter(`waiting ${i}`)).say('Never');
  await provider.request(29);
  const bob = await enter('bob');
  assert.equal((await bob.ask('Hello')).text, 'You said: Hello');
});
