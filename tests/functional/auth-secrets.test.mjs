// Several shared secrets, so that one can be changed while people are signed in; and what never leaves the server.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect, refusal } from '../support/client.mjs';
import { request } from '../support/http.mjs';
import { Key, startKeyServer } from '../support/jwks.mjs';
import { makeFolder, run } from '../support/server.mjs';
import { stage } from '../support/stage.mjs';
import { claimsOf, makeSecret, now, signToken } from '../support/token.mjs';

const status = async (server, token) => (await request(server, '/sessions', { token })).status;

test('each of several secrets verifies, and the first one signs', async (t) => {
  const [first, second, third, stranger] = [0, 1, 2, 3].map(makeSecret);
  const env = { CHATBOX_JWT_MORE_SECRETS: `${second}, ${third}` };
  const { server } = await stage(t, { secret: first, env });
  for (const secret of [first, second, third]) assert.equal(await status(server, signToken(claimsOf('ada'), secret)), 200);
  for (const secret of [stranger, `${second}, ${third}`, '']) {
    assert.equal(await status(server, signToken(claimsOf('ada'), secret)), 401);
  }
  const made = await run(['token', '--user', 'ada'], { env: { JWT_SECRET: first, ...env } });
  const [header, claims] = made.stdout.trim().split('.');
  assert.equal(made.stdout.trim(), signToken(JSON.parse(Buffer.from(claims, 'base64url')), first, {
    header: JSON.parse(Buffer.from(header, 'base64url')),
  }));
});

test('each of them must be strong, and none is ever shown', async (t) => {
  const good = makeSecret();
  for (const weak of ['short', 'password'.repeat(6), 'a'.repeat(64), 'CHANGE_ME'.repeat(8)]) {
    const env = { JWT_SECRET: good, CHATBOX_JWT_MORE_SECRETS: `${makeSecret()},${weak}`, CHATBOX_DATA_DIR: makeFolder(t), LLM_PROVIDER_1_TYPE: 'demo' };
    const result = await run(['serve'], { env });
    assert.notEqual(result.code, 0, weak);
    assert.match(result.stderr, /CHATBOX_JWT_MORE_SECRETS/);
    assert.ok(!result.stderr.includes(weak) && !result.stderr.includes(good));
    const shown = await run(['check-config'], { env: { ...env, CHATBOX_JWT_MORE_SECRETS: makeSecret() } });
    assert.ok(!shown.stdout.includes(good));
  }
});

test('mistakes in the settings of keys stop the start', async (t) => {
  const folder = makeFolder(t);
  const base = { JWT_SECRET: makeSecret(), CHATBOX_DATA_DIR: folder, LLM_PROVIDER_1_TYPE: 'demo' };
  for (const [env, said] of [
    [{ CHATBOX_JWKS_URL: 'http://id.example.com/keys' }, /CHATBOX_JWKS_URL.*must use https/],
    [{ CHATBOX_JWKS_URL: 'keys.json' }, /CHATBOX_JWKS_URL.*absolute URL/],
    [{ CHATBOX_JWKS_URL: 'https://user:hunter2@id.example.com/' }, /CHATBOX_JWKS_URL.*user or password/],
    [{ CHATBOX_JWKS_FILE: join(folder, 'missing.json') }, /CHATBOX_JWKS_FILE.*not there/],
    [{ CHATBOX_JWKS_FILE: folder }, /CHATBOX_JWKS_FILE/],
    [{ CHATBOX_JWKS_MIN_INTERVAL: '1h' }, /CHATBOX_JWKS_MIN_INTERVAL.*must not be more than CHATBOX_JWKS_REFRESH/],
    [{ CHATBOX_JWT_LEEWAY: '11m' }, /CHATBOX_JWT_LEEWAY/],
    [{ CHATBOX_TICKET_LIFETIME: '0s' }, /CHATBOX_TICKET_LIFETIME/],
    [{ JWT_SECRET: undefined }, /JWT_SECRET/],
    [{ JWT_SECRET: undefined, CHATBOX_JWT_MORE_SECRETS: makeSecret(), CHATBOX_JWKS_URL: 'https://id.example.com' }, /JWT_SECRET/],
  ]) {
    const merged = Object.fromEntries(Object.entries({ ...base, ...env }).filter(([, value]) => value !== undefined));
    const result = await run(['serve'], { env: merged });
    assert.notEqual(result.code, 0, JSON.stringify(env));
    assert.match(result.stderr, said);
    assert.ok(!result.stderr.includes('hunter2'));
  }
});

test('what we sign says where it is from when that is checked', async (t) => {
  const env = { CHATBOX_JWT_ISSUERS: 'us,them', CHATBOX_JWT_AUDIENCES: 'chat' };
  const { server } = await stage(t, { env });
  const made = await run(['token', '--user', 'ada'], { env: { JWT_SECRET: server.secret, ...env } });
  assert.equal(await status(server, made.stdout.trim()), 200);
  assert.equal(await status(server, server.token('ada')), 401);
});

test('no token, ticket or secret of a whole run is in anything that the server writes', async (t) => {
  const logs = makeFolder(t);
  const more = makeSecret();
  const key = new Key('ES256', 'k');
  const keys = await startKeyServer(t, [key]);
  const env = { LOG_LEVEL: 'debug', LOG_DIR: logs, CHATBOX_JWT_MORE_SECRETS: more, CHATBOX_JWKS_URL: keys.url };
  const { server, enter, provider } = await stage(t, { env });
  const secrets = [server.secret, more, 'key-of-alpha', 'key-of-beta'];
  const use = async (token, expected) => {
    secrets.push(token);
    for (const how of ['header', 'query', 'protocol']) {
      if (!expected) await refusal(server, token, { how });
      else (await connect(t, server, token, { how, v: 2 })).drop();
    }
    await request(server, `/sessions?token=${token}`, { token });
    await request(server, `/sessions/${token}`, { token });
    await request(server, `/nowhere/${token}?x=${token}`, { token });
    const made = await request(server, '/ws/ticket', { method: 'POST', token });
    if (!expected) return;
    const { ticket } = made.json();
    secrets.push(ticket);
    (await connect(t, server, undefined, { how: 'none', query: { ticket } })).drop();
    await refusal(server, undefined, { how: 'none', query: { ticket } });
  };
  await use(server.token('ada'), true);
  await use(signToken(claimsOf('bob'), more), true);
  await use(key.token(claimsOf('eve')), true);
  await use(server.token('ada', { exp: now() - 10 }), false);
  await use(signToken(claimsOf('ada'), makeSecret()), false);
  await use(new Key('ES256', 'unknown').token(claimsOf('ada')), false);
  const ada = await enter('ada', { v: 2 });
  for (const token of [server.token('ada', { exp: now() + 7200 }), server.token('bob'), 'a.b.c-not-a-token-at-all']) {
    secrets.push(token);
    ada.send({ type: 'auth_refresh', token });
    await ada.next((frame) => frame.type === 'auth_refreshed' || frame.type === 'error');
  }
  await ada.ask('Hello');
  assert.ok(provider);
  await server.stop();
  const written = [server.stdout, server.stderr, ...readdirSync(logs).map((file) => readFileSync(join(logs, file), 'utf8'))].join('\n');
  assert.match(written, /token refused/, 'refusals are written');
  for (const secret of secrets) {
    const telling = secret.split('.').at(-1);
    assert.ok(!written.includes(telling), `${telling.slice(0, 8)}… was written:\n${written.split('\n').find((line) => line.includes(telling))}`);
  }
});
