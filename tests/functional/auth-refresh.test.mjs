// A token is replaced while the connection stays: the warning, the new token, and the end without one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Key, startKeyServer } from '../support/jwks.mjs';
import { until } from '../support/patience.mjs';
import { stage } from '../support/stage.mjs';
import { badTokens, claimsOf, now } from '../support/token.mjs';

const ends = (seconds) => ({ claims: { exp: now() + seconds }, v: 2 });

test('version 2 is warned before its token expires, and closed with a code that says to come back', async (t) => {
  const { enter } = await stage(t, { env: { CHATBOX_TOKEN_WARNING: '2s' } });
  const ada = await enter('ada', ends(4));
  const warning = await ada.nextOf('token_expiring');
  assert.ok(warning.expires_in >= 1 && warning.expires_in <= 2, JSON.stringify(warning));
  assert.equal(warning.sender, 'system');
  const error = await ada.nextOf('error');
  assert.equal(error.error.code, 'EXPIRED_TOKEN');
  assert.deepEqual(await ada.closed, { code: 4001, reason: 'token expired: refresh and come back' });
  assert.equal(ada.frames.filter((frame) => frame.type === 'token_expiring').length, 1, 'warned once');
});

test('a token that ends within the warning time is warned of at once', async (t) => {
  const { enter } = await stage(t);
  const ada = await enter('ada', ends(30));
  const warning = await ada.nextOf('token_expiring');
  assert.ok(warning.expires_in >= 20 && warning.expires_in <= 30, JSON.stringify(warning));
});

test('version 1 hears nothing before the end', async (t) => {
  const { enter } = await stage(t);
  const ada = await enter('ada', { claims: { exp: now() + 2 } });
  assert.deepEqual(await ada.closed, { code: 1008, reason: 'Authentication token has expired' });
  assert.deepEqual(ada.frames.map((frame) => frame.type), ['connection_status', 'error']);
});

test('a new token keeps the connection open beyond the end of the old one', async (t) => {
  const { server, enter } = await stage(t, { env: { CHATBOX_TOKEN_WARNING: '1s' } });
  const ada = await enter('ada', ends(3));
  await ada.nextOf('token_expiring');
  ada.send({ type: 'auth_refresh', token: server.token('ada', { exp: now() + 3600 }) });
  const refreshed = await ada.nextOf('auth_refreshed');
  assert.ok(refreshed.expires_in > 3590 && refreshed.expires_in <= 3600, JSON.stringify(refreshed));
  const other = await enter('bob', ends(3));
  await other.closed; // by now the old token of ada has ended, too
  assert.equal((await ada.ask('Still here?')).text, 'You said: Still here?');
});

test('the new token is warned of in its turn, and may be shorter', async (t) => {
  const { server, enter } = await stage(t, { env: { CHATBOX_TOKEN_WARNING: '1s' } });
  const ada = await enter('ada', ends(3600));
  ada.send({ type: 'auth_refresh', token: server.token('ada', { exp: now() + 3 }) });
  await ada.nextOf('auth_refreshed');
  await ada.nextOf('token_expiring');
  assert.equal((await ada.closed).code, 4001);
});

test('a bad token changes nothing', async (t) => {
  const { server, enter } = await stage(t);
  const ada = await enter('ada', { v: 2 });
  for (const [what, token] of badTokens('ada', server.secret)) {
    ada.send({ type: 'auth_refresh', token });
    const { error } = await ada.nextOf('error');
    assert.deepEqual([error.code, error.recoverable], ['INVALID_TOKEN', false], what);
  }
  ada.send({ type: 'auth_refresh', token: server.token('eve') });
  assert.equal((await ada.nextOf('error')).error.code, 'INVALID_TOKEN', 'of another user');
  ada.send({ type: 'auth_refresh', token: server.token('ada', { roles: ['admin'] }) });
  assert.equal((await ada.nextOf('error')).error.code, 'INVALID_TOKEN', 'of an administrator, which she was not');
  assert.equal((await ada.ask('Hello')).text, 'You said: Hello');
});

test('who is no administrator any more does not stay one', async (t) => {
  const { server, enter } = await stage(t);
  const root = await enter('root', { claims: { roles: ['admin'] }, v: 2 });
  root.send({ type: 'auth_refresh', token: server.token('root', { roles: [] }) });
  assert.equal((await root.nextOf('error')).error.code, 'INVALID_TOKEN');
  root.send({ type: 'auth_refresh', token: server.token('root', { roles: ['chat_admin', 'more'] }) });
  await root.nextOf('auth_refreshed');
});

test('the old end stays after a refusal', async (t) => {
  const { server, enter } = await stage(t);
  const ada = await enter('ada', ends(3));
  ada.send({ type: 'auth_refresh', token: server.token('eve') });
  await ada.next((frame) => frame.error?.code === 'INVALID_TOKEN');
  assert.equal((await ada.closed).code, 4001);
});

test('a token that cannot be one is an invalid frame', async (t) => {
  const { enter } = await stage(t);
  const ada = await enter('ada', { v: 2 });
  for (const frame of [{}, { token: '' }, { token: 17 }, { token: 'x'.repeat(8193) }]) {
    ada.send({ type: 'auth_refresh', ...frame });
    assert.equal((await ada.nextOf('error')).error.code, 'INVALID_FORMAT', JSON.stringify(frame).slice(0, 60));
  }
  ada.send({ type: 'auth_refresh', token: 'x'.repeat(8192) });
  assert.equal((await ada.nextOf('error')).error.code, 'INVALID_TOKEN');
});

test('a token with a new key waits for it, one at a time, and the chat goes on meanwhile', async (t) => {
  const key = new Key('ES256', 'k');
  const keys = await startKeyServer(t, [key]);
  let held;
  keys.answer = (response) => (held = response);
  const env = { CHATBOX_JWKS_URL: keys.url, CHATBOX_JWKS_TIMEOUT: '60s' };
  const { enter } = await stage(t, { env });
  const ada = await enter('ada', { v: 2 });
  await until(() => held, 'the keys are asked for');
  ada.send({ type: 'auth_refresh', token: key.token(claimsOf('ada')) });
  ada.send({ type: 'auth_refresh', token: key.token(claimsOf('ada')) });
  assert.equal((await ada.nextOf('error')).error.code, 'SERVICE_ERROR', 'the second is told that the first is in work');
  assert.equal((await ada.ask('Hello')).text, 'You said: Hello');
  keys.publish(held);
  await ada.nextOf('auth_refreshed');
});
