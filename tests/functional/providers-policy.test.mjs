// What happens when a model fails: it is asked again, another one stands in, an endpoint is left alone; and all of it
// before the first piece of text.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../support/patience.mjs';
import * as scripted from '../support/provider.mjs';
import { stage } from '../support/stage.mjs';

const unavailable = 'LLM_UNAVAILABLE';
const askedFor = (provider, question) => provider.requests.filter(({ text }) => text === question);
// Does `bad` for the first `times` requests, then answers.
const failing = (times, bad) => {
  let left = times;
  return (x) => (left-- > 0 ? bad(x) : scripted.stream(['Fine'])(x));
};
const brokenConnection = (x) => x.reset();
const cutBeforeText = (x) => (x.start().begin(), x.cut());

test('a failure that may pass is not seen when the model answers at the third attempt', async (t) => {
  const { provider, enter } = await stage(t);
  const ada = await enter('ada', { v: 2 });
  const failures = { reset: brokenConnection, cut: cutBeforeText, inside: scripted.errorInside([]) };
  for (const status of [408, 429, 500, 502, 503, 504, 529]) failures[status] = scripted.refuse(status);
  for (const [what, bad] of Object.entries(failures)) {
    provider.on(what, failing(2, bad));
    const { end, text, frames } = await ada.ask(what);
    assert.deepEqual([end.status, text], ['done', 'Fine'], what);
    assert.ok(!frames.some(({ type }) => type === 'error'), what);
    assert.equal(askedFor(provider, what).length, 3, what);
  }
});

test('a failure that stays is told after the third attempt', async (t) => {
  const { provider, enter } = await stage(t);
  provider.on('Hello', scripted.refuse(503));
  const { end } = await (await enter('ada')).ask('Hello');
  assert.equal(end.error.code, unavailable);
  assert.equal(askedFor(provider, 'Hello').length, 3);
});

test('a refusal is told at once, whatever its text says', async (t) => {
  const { provider, enter } = await stage(t);
  const ada = await enter('ada');
  for (const status of [400, 401, 403, 404, 422, 302]) {
    const body = JSON.stringify({ error: { message: 'unavailable, overloaded, timeout, status 503', type: 'x' } });
    provider.on(`${status}`, scripted.refuse(status, { body }));
    assert.equal((await ada.ask(`${status}`)).end.error.code, unavailable);
    assert.equal(askedFor(provider, `${status}`).length, 1, `${status}`);
  }
});

test('a vendor that asks to wait is asked no earlier', async (t) => {
  const { provider, enter } = await stage(t, { env: { CHATBOX_LLM_RETRY_AFTER_MAX: '30s' } });
  const times = [];
  const slowDown = scripted.refuse(429, { headers: { 'retry-after': '1' } });
  provider.on('Hello', (x) => (times.push(performance.now()), times.length === 1 ? slowDown(x) : scripted.stream(['Fine'])(x)));
  assert.equal((await (await enter('ada')).ask('Hello')).text, 'Fine');
  assert.ok(times[1] - times[0] >= 990, `${times[1] - times[0]} ms`);
});

test('a vendor that asks to wait for too long is not waited for', async (t) => {
  const { provider, enter } = await stage(t, { env: { CHATBOX_LLM_RETRY_AFTER_MAX: '30s' } });
  provider.on('Hello', scripted.refuse(429, { headers: { 'retry-after': '3600' } }));
  assert.equal((await (await enter('ada')).ask('Hello')).end.error.code, unavailable);
  assert.equal(provider.requests.length, 1);
});

// Two models at two providers; the second stands in for the first.
async function pair(t, env = {}) {
  const standIn = await scripted.startProvider(t);
  const all = await stage(t, {
    env: {
      LLM_PROVIDER_1_FALLBACK: 'beta',
      LLM_PROVIDER_2_TYPE: 'anthropic',
      LLM_PROVIDER_2_ENDPOINT: standIn.endpoint,
      ...env,
    },
  });
  return { ...all, standIn };
}

test('another model stands in, and nobody sees a failure', async (t) => {
  const { provider, standIn, enter } = await pair(t);
  const ada = await enter('ada', { v: 2 });
  const failures = {
    'is down': [scripted.refuse(503), 3],
    'has no such model': [scripted.refuse(404), 1],
    'has another key': [scripted.refuse(401), 1],
    'breaks off': [cutBeforeText, 3],
  };
  for (const [what, [bad, attempts]] of Object.entries(failures)) {
    provider.on(what, bad);
    const { end, text, frames } = await ada.ask(what);
    assert.deepEqual([end.status, text], ['done', `You said: ${what}`], what);
    assert.ok(!frames.some(({ type }) => type === 'error'), what);
    assert.equal(askedFor(provider, what).length, attempts, what);
    assert.equal(askedFor(standIn, what).length, 1, what);
    assert.equal(standIn.requests.at(-1).body.model, 'vendor-beta');
  }
});

test('another model stands in for one that says nothing', async (t) => {
  const { provider, standIn, enter } = await pair(t, { CHATBOX_LLM_FIRST_TOKEN_TIMEOUT: '300ms' });
  provider.on('Hello', scripted.neverAnswers);
  provider.on('Again', (x) => void x.start().begin());
  const ada = await enter('ada', { v: 2 });
  for (const question of ['Hello', 'Again']) {
    const { end, text } = await ada.ask(question);
    assert.deepEqual([end.status, text], ['done', `You said: ${question}`]);
    assert.equal(askedFor(provider, question).length, 1);
    assert.equal(askedFor(standIn, question).length, 1);
    assert.equal(await askedFor(provider, question)[0].gone, true, 'the silent one is hung up on');
  }
});

test('no model stands in once text has come: never two texts glued together', async (t) => {
  const { provider, standIn, enter } = await pair(t);
  provider.on('Hello', scripted.resetAfter(['Half']));
  const { end, text } = await (await enter('ada', { v: 2 })).ask('Hello');
  assert.deepEqual([end.error?.code, end.status, text], [unavailable, 'failed', 'Half']);
  assert.equal(standIn.requests.length, 0);
});

test('an endpoint that keeps failing is left alone, then tried with one request', async (t) => {
  const { provider, server, enter } = await stage(t, {
    env: { CHATBOX_LLM_BREAKER_FAILURES: '4', CHATBOX_LLM_BREAKER_PAUSE: '700ms' },
  });
  let works = false;
  provider.on(/./, (x) => (works ? scripted.stream(['Fine']) : scripted.refuse(503))(x));
  const ada = await enter('ada');
  const bob = await enter('bob');
  for (const user of [ada, bob]) assert.equal((await user.ask('Hello')).end.error.code, unavailable);
  assert.equal(provider.requests.length, 4, 'for all users together');
  assert.equal((await ada.ask('Hello')).end.error.code, unavailable);
  assert.equal(provider.requests.length, 4, 'not asked while the breaker is open');
  works = true;
  await until(async () => (await bob.ask('Hello')).text === 'Fine', 'the endpoint is tried again');
  assert.equal((await ada.ask('Hello')).text, 'Fine');
  assert.match(server.stderr, /circuit breaker/);
});

test('each deadline is told by its own length', async (t) => {
  const { provider, enter } = await stage(t, {
    env: {
      CHATBOX_LLM_FIRST_TOKEN_TIMEOUT: '300ms',
      CHATBOX_LLM_SILENCE_TIMEOUT: '400ms',
      LLM_STREAM_TIMEOUT: '1500ms',
    },
  });
  provider.on('Nothing', scripted.neverAnswers);
  provider.on('Pings only', async (x) => {
    x.start();
    while (await x.pause(20)) x.raw(': keep-alive\n\n');
  });
  provider.on('Silence', scripted.thenSilence(['Half']));
  provider.on('Endless', scripted.endless({ everyMs: 20 }));
  const ada = await enter('ada', { v: 2 });
  for (const [question, limit] of [
    ['Nothing', '300ms'],
    ['Pings only', '300ms'],
    ['Silence', '400ms'],
    ['Endless', '1.5s'],
  ]) {
    const { end } = await ada.ask(question);
    assert.deepEqual(end.error?.code, 'LLM_TIMEOUT', question);
    assert.equal(end.error.message, `AI service request timed out after ${limit}`, question);
    assert.equal(await askedFor(provider, question)[0].gone, true, question);
  }
});
