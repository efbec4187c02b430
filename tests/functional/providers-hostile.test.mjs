// Providers that lie, flood and lead astray. Each costs its asker an answer, and nobody else anything.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { seconds, within } from '../support/patience.mjs';
import * as scripted from '../support/provider.mjs';
import { run, settings } from '../support/server.mjs';
import { stage } from '../support/stage.mjs';
import { makeSecret } from '../support/token.mjs';

const kinds = ['openai', 'anthropic', 'dify'];
const megabyte = Buffer.alloc(1024 * 1024, 'x');
const residentKb = (pid) => Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]);

// Sends `bytes` of what `piece` gives, as fast as they are taken.
const flood = (bytes, piece) => async (x) => {
  x.start();
  for (let sent = 0; sent < bytes; ) {
    const next = piece(x);
    x.raw(next);
    sent += next.length;
    if (!(await x.pause(0))) return;
  }
  x.end();
};

for (const type of kinds) {
  test(`${type}: a gigabyte in one line or in text is cut off, within bounded memory`, async (t) => {
    const { provider, server, enter } = await stage(t, { type, env: { CHATBOX_MAX_ANSWER_BYTES: '300KiB' } });
    const gigabyte = 1024 * 1024 * 1024;
    provider.on('Line', flood(gigabyte, () => megabyte));
    provider.on(
      'Text',
      flood(gigabyte, (x) => Buffer.from(x.dialect.token('t'.repeat(60_000), x.body))),
    );
    const ada = await enter('ada', { v: 2 });
    const bob = await enter('bob', { v: 2 });
    const before = residentKb(server.pid);
    for (const question of ['Line', 'Text']) {
      ada.say(question);
      assert.equal((await bob.ask(`During ${question}`)).end.status, 'done');
      const { end } = await ada.answer();
      assert.ok(end.type === 'error' || end.status === 'stopped' || end.status === 'failed', JSON.stringify(end).slice(0, 300));
      const asked = provider.requests.filter(({ text }) => text === question);
      for (const x of asked) assert.equal(await within(seconds(20), x.gone, 'to be hung up on'), true);
    }
    const limitKb = 200 * 1024; // a sanitizer keeps what was freed for a while
    assert.ok(residentKb(server.pid) - before < limitKb, `${residentKb(server.pid) - before} kB more`);
  });
}

test('a redirect is not followed, with or without the key', async (t) => {
  const other = await scripted.startProvider(t);
  const { provider, enter } = await stage(t);
  const ada = await enter('ada');
  for (const status of [301, 302, 303, 307, 308]) {
    provider.on(`${status}`, scripted.refuse(status, { headers: { location: `${other.endpoint}/chat/completions` } }));
    assert.equal((await ada.ask(`${status}`)).end.error.code, 'LLM_UNAVAILABLE');
  }
  assert.equal(other.requests.length, 0);
});

test('what a vendor says in an error reaches no client, and the log without keys', async (t) => {
  const { provider, server, enter } = await stage(t, {
    env: { LLM_PROVIDER_1_EXTRA_HEADERS: 'X-Account: account-secret-77' },
  });
  const body = JSON.stringify({
    error: { message: 'key-of-alpha of account-secret-77, sk-proj-abcdefghijklmnop, org-visible', type: 'x' },
  });
  provider.on('Hello', scripted.refuse(401, { body }));
  const ada = await enter('ada', { v: 2 });
  await ada.ask('Hello');
  const frames = JSON.stringify(ada.frames);
  for (const word of ['key-of-alpha', 'account-secret', 'sk-proj', 'org-visible']) assert.ok(!frames.includes(word), word);
  for (const word of ['key-of-alpha', 'account-secret', 'sk-proj']) assert.ok(!server.stderr.includes(word), word);
  assert.ok(server.stderr.includes('org-visible'), 'the log helps to find out');
});

test('a name of the Internet that leads to this machine is not connected to', async (t) => {
  // Not a name, but no address in the form that the settings know as internal, either.
  const provider = await scripted.startProvider(t);
  const port = new URL(provider.endpoint).port;
  const env = { LLM_PROVIDER_1_ENDPOINT: `https://127.1:${port}/v1` };
  const { server, enter } = await stage(t, { provider, models: ['alpha'], env });
  const { end } = await (await enter('ada')).ask('Hello');
  assert.equal(end.error.code, 'LLM_UNAVAILABLE');
  assert.match(server.stderr, /not a public one/);
});

test('a proxy of the environment is not used for this machine', async (t) => {
  const { enter } = await stage(t, { env: { http_proxy: 'http://127.0.0.1:9', all_proxy: 'http://127.0.0.1:9' } });
  assert.equal((await (await enter('ada')).ask('Hello')).text, 'You said: Hello');
});

test('settings of models that cannot work are refused at the start, all at once and without secrets', async (t) => {
  const provider = { endpoint: 'https://models.example.com/v1' };
  const env = settings({
    secret: makeSecret(),
    dataDir: '/nonexistent',
    provider,
    env: {
      LLM_PROVIDER_1_EXTRA_BODY: '{"a": TELLTALE',
      LLM_PROVIDER_1_EXTRA_HEADERS: 'Host: TELLTALE',
      LLM_PROVIDER_1_TEMPERATURE: '3',
      LLM_PROVIDER_1_MAX_TOKENS: '0',
      LLM_PROVIDER_1_FALLBACK: 'gamma',
      LLM_PROVIDER_2_FALLBACK: 'beta',
      LLM_PROVIDER_2_ENDPOINT: 'http://models.example.com/v1',
      LLM_PROVIDER_2_AUTH_HEADER: 'api key',
    },
  });
  const { code, stderr } = await run(['check-config'], { env });
  assert.equal(code, 2);
  for (const name of [
    'LLM_PROVIDER_1_EXTRA_BODY',
    'LLM_PROVIDER_1_EXTRA_HEADERS',
    'LLM_PROVIDER_1_TEMPERATURE',
    'LLM_PROVIDER_1_MAX_TOKENS',
    'LLM_PROVIDER_1_FALLBACK',
    'LLM_PROVIDER_2_FALLBACK',
    'LLM_PROVIDER_2_ENDPOINT',
    'LLM_PROVIDER_2_AUTH_HEADER',
  ])
    assert.match(stderr, new RegExp(`^chatbox: ${name}: `, 'm'));
  assert.ok(!stderr.includes('TELLTALE'));
});
