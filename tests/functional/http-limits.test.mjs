// How often somebody may ask over HTTP, and who that somebody is when proxies stand in between.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusal } from '../support/client.mjs';
import { request } from '../support/http.mjs';
import { stage } from '../support/stage.mjs';

const refusedBody = { error: 'rate_limit_exceeded', message: 'Too many requests. Please try again later.' };
const from = (...addresses) => ({ 'x-forwarded-for': addresses.join(', ') });

// Statuses of `count` requests at once.
async function statuses(count, ask) {
  const answers = await Promise.all(Array.from({ length: count }, ask));
  return answers.map(({ status }) => status);
}
const times = (list, value) => list.filter((each) => each === value).length;

test('public routes share a budget of 60 a minute of the client', async (t) => {
  const { server } = await stage(t);
  for (let i = 0; i < 60; i++) {
    const path = i % 2 ? '/healthz' : '/readyz';
    assert.equal((await request(server, path)).status, 200, `request ${i + 1}`);
  }
  for (const path of ['/healthz', '/readyz']) {
    const refused = await request(server, path);
    assert.equal(refused.status, 429);
    assert.deepEqual(refused.json(), refusedBody);
    const wait = Number(refused.headers['retry-after']);
    assert.ok(Number.isInteger(wait) && wait >= 1 && wait <= 60, `${wait}`);
    assert.equal(refused.headers['x-content-type-options'], 'nosniff');
  }
  assert.equal((await request(server, '/healthz', { method: 'HEAD' })).status, 429);
  assert.equal((await request(server, '/sessions', { token: server.token('ada') })).status, 200);
  assert.equal((await request(server, '/')).status, 200, 'pages are not limited');
});

test('behind a trusted proxy every client has a budget of its own', async (t) => {
  const { server } = await stage(t, { env: { CHATBOX_PUBLIC_RATE_LIMIT: '3' } });
  const ask = (headers) => request(server, '/healthz', { headers }).then(({ status }) => status);
  const four = async (headers) => [await ask(headers), await ask(headers), await ask(headers), await ask(headers)];
  assert.deepEqual(await four(from('198.51.100.1')), [200, 200, 200, 429]);
  assert.deepEqual(await four(from('198.51.100.2')), [200, 200, 200, 429]);
  assert.equal(await ask(from('6.6.6.6', '198.51.100.1')), 429, 'what the client wrote itself does not count');
  assert.equal(await ask(from('6.6.6.7', '198.51.100.1', '10.0.0.3')), 429, 'nor our own proxies');
  assert.equal(await ask(from('198.51.100.1:4711')), 429);
  assert.equal(await ask({ 'x-forwarded-for': ['6.6.6.8', '198.51.100.1'] }), 429, 'two lines are one list');
  assert.equal(await ask({ 'x-real-ip': '198.51.100.1' }), 429);
  assert.equal(await ask({ 'x-forwarded-for': 'nonsense', 'x-real-ip': '198.51.100.1' }), 429);
  assert.deepEqual(await four({}), [200, 200, 200, 429], 'the proxy itself');
  assert.equal(await ask(from('nonsense')), 429, 'who cannot be read is the proxy');
  assert.deepEqual(await four(from('2001:db8:0:1::1')), [200, 200, 200, 429]);
  assert.equal(await ask(from('2001:db8:0:1::2')), 429, 'the same IPv6 subscriber');
  assert.equal(await ask(from('2001:db8:0:2::1')), 200);
});

test('without trusted proxies nobody can pretend to be another', async (t) => {
  const { server } = await stage(t, {
    env: { CHATBOX_PUBLIC_RATE_LIMIT: '3', CHATBOX_TRUSTED_PROXIES: '192.0.2.0/24' },
  });
  const answers = [];
  for (let i = 0; i < 4; i++) {
    answers.push((await request(server, '/healthz', { headers: from(`198.51.100.${i}`) })).status);
  }
  assert.deepEqual(answers, [200, 200, 200, 429]);
});

test('an administrator has 20 requests a minute, and nobody else pays for it', async (t) => {
  const { server, enter } = await stage(t);
  const root = server.token('root', { roles: ['admin'] });
  const ask = () => request(server, '/admin/sessions', { token: root });
  const many = await statuses(200, ask);
  assert.deepEqual([times(many, 200), times(many, 429)], [20, 180]);
  const refused = await ask();
  const { retry_after_ms, ...rest } = refused.json();
  assert.deepEqual([refused.status, rest], [429, refusedBody]);
  assert.ok(Number.isInteger(retry_after_ms) && retry_after_ms > 0 && retry_after_ms <= 60_000);
  assert.equal(Number(refused.headers['retry-after']), Math.ceil(retry_after_ms / 1000));
  const other = await request(server, '/admin/sessions', { token: server.token('chief', { roles: ['chat_admin'] }) });
  assert.equal(other.status, 200);
  assert.equal((await request(server, '/sessions', { token: root })).status, 200);
  assert.equal((await request(server, '/admin/sessions', { token: server.token('ada') })).status, 403);
  assert.equal((await (await enter('ada')).ask('Hello')).text, 'You said: Hello');
});

test('who waits as long as Retry-After says may go on', async (t) => {
  const { server } = await stage(t, { env: { ADMIN_RATE_LIMIT: '1', ADMIN_RATE_WINDOW: '1s' } });
  const token = server.token('root', { roles: ['admin'] });
  const ask = () => request(server, '/admin/sessions', { token });
  assert.equal((await ask()).status, 200);
  const refused = await ask();
  assert.equal(refused.status, 429);
  await new Promise((resolve) => setTimeout(resolve, refused.json().retry_after_ms + 5));
  assert.equal((await ask()).status, 200);
});

test("a user's routes have a budget of the user", async (t) => {
  const { server } = await stage(t, { env: { CHATBOX_USER_RATE_LIMIT: '5' } });
  const ada = await statuses(8, () => request(server, '/sessions', { token: server.token('ada') }));
  assert.deepEqual([times(ada, 200), times(ada, 429)], [5, 3]);
  assert.equal((await request(server, '/sessions', { token: server.token('bob') })).status, 200);
});

test('an address that keeps sending bad tokens is not listened to for a while', async (t) => {
  const { server } = await stage(t, { env: { CHATBOX_BAD_TOKEN_LIMIT: '10' } });
  const headers = from('198.51.100.66');
  for (let i = 0; i < 5; i++) {
    assert.equal((await request(server, '/sessions', { token: 'a.b.c', headers })).status, 401);
    assert.equal((await refusal(server, 'a.b.c', { headers })).status, 401);
  }
  const refused = await request(server, '/sessions', { token: 'a.b.c', headers });
  const { retry_after_ms, ...rest } = refused.json();
  assert.deepEqual([refused.status, rest], [429, refusedBody]);
  assert.ok(retry_after_ms > 0 && Number(refused.headers['retry-after']) >= 1);
  const good = server.token('ada');
  assert.equal((await request(server, '/sessions', { token: good, headers })).status, 429, 'not looked at');
  const socket = await refusal(server, good, { headers });
  assert.deepEqual(
    [socket.status, socket.body],
    [429, 'Too many requests, please try again later\n'],
  );
  assert.ok(Number(socket.headers['retry-after']) >= 1);
  assert.equal((await request(server, '/sessions', { token: good })).status, 200, 'elsewhere it is good');
  assert.equal((await request(server, '/sessions', { headers })).status, 401, 'no token is not a bad one');
});

test('handshakes of one address are limited', async (t) => {
  const { server, enter } = await stage(t, { env: { CHATBOX_HANDSHAKE_RATE_LIMIT: '3' } });
  const headers = from('198.51.100.7');
  for (let i = 0; i < 3; i++) await (await enter('ada', { headers })).close();
  const refused = await refusal(server, server.token('ada'), { headers });
  assert.deepEqual([refused.status, refused.body], [429, 'Too many requests, please try again later\n']);
  await enter('ada', { headers: from('198.51.100.8') });
});

test('metrics are for networks that may read them, judged by the client behind the proxies', async (t) => {
  const { server } = await stage(t, { env: { CHATBOX_PUBLIC_RATE_LIMIT: '5' } });
  const ask = (headers) => request(server, '/metrics/prometheus', { headers });
  assert.equal((await ask({})).status, 200);
  assert.equal((await ask(from('10.1.2.3'))).status, 200);
  for (const outside of [from('198.51.100.7'), from('10.1.2.3', '198.51.100.7'), { 'x-real-ip': '2001:db8::1' }]) {
    const refused = await ask(outside);
    assert.deepEqual(
      [refused.status, refused.json()],
      [403, { error: 'Insufficient permissions', code: 'FORBIDDEN' }],
    );
  }
  for (let i = 0; i < 4; i++) await ask({});
  assert.equal((await ask({})).status, 429, 'within the budget of public routes');
});
