// Pages of other sites: what they may call, and what they are told.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, refusal } from '../support/client.mjs';
import { request } from '../support/http.mjs';
import { makeFolder, run, settings } from '../support/server.mjs';
import { stage } from '../support/stage.mjs';
import { makeSecret } from '../support/token.mjs';

const shop = 'https://shop.example';
const elsewhere = 'https://elsewhere.example';
const cors = Object.freeze({ CORS_ALLOWED_ORIGINS: `${shop}, https://B.example:8443 ` });
const corsHeaders = (headers) => Object.keys(headers).filter((name) => name.startsWith('access-control-'));
const list = (value = '') => value.split(',').map((item) => item.trim().toLowerCase());

test('without a list there is no CORS, and OPTIONS is not found', async (t) => {
  const { server } = await stage(t);
  const answer = await request(server, '/healthz', { headers: { origin: elsewhere } });
  assert.equal(answer.status, 200);
  assert.deepEqual(corsHeaders(answer.headers), []);
  const options = await request(server, '/sessions', { method: 'OPTIONS', headers: { origin: elsewhere } });
  assert.deepEqual([options.status, corsHeaders(options.headers)], [404, []]);
});

test('an origin on the list may read every answer', async (t) => {
  const { server } = await stage(t, { env: cors });
  const cases = [
    ['/healthz', 200],
    ['/sessions', 401],
    ['/nothing', 404],
    ['/', 200],
  ];
  for (const origin of [shop, 'https://b.example:8443', 'HTTPS://Shop.Example']) {
    for (const [path, status] of cases) {
      const { headers, ...answer } = await request(server, path, { headers: { origin } });
      assert.equal(answer.status, status, path);
      assert.equal(headers['access-control-allow-origin'], origin);
      assert.equal(headers['access-control-allow-credentials'], 'true');
      assert.equal(headers['access-control-expose-headers'], 'Content-Length');
      assert.ok(list(headers.vary).includes('origin'), headers.vary);
      assert.equal(headers['x-content-type-options'], 'nosniff');
    }
  }
});

test('a preflight of such an origin is answered on any path', async (t) => {
  const { server } = await stage(t, { env: cors });
  for (const path of ['/sessions', '/nothing', '/ws']) {
    const answer = await request(server, path, {
      method: 'OPTIONS',
      headers: { origin: shop, 'access-control-request-method': 'GET' },
    });
    assert.deepEqual([answer.status, answer.text], [204, '']);
    const { headers } = answer;
    assert.equal(headers['access-control-allow-origin'], shop);
    assert.equal(headers['access-control-allow-methods'], 'GET,POST,PUT,PATCH,DELETE,OPTIONS');
    assert.equal(headers['access-control-allow-headers'], 'Origin,Content-Type,Accept,Authorization');
    assert.equal(headers['access-control-allow-credentials'], 'true');
    assert.equal(headers['access-control-max-age'], '43200');
    assert.deepEqual(list(headers.vary), [
      'origin',
      'access-control-request-method',
      'access-control-request-headers',
    ]);
    assert.equal(headers['content-type'], undefined);
  }
});

test('any other origin is refused, whatever it asks', async (t) => {
  const { server } = await stage(t, { env: { ...cors, WS_ALLOWED_ORIGINS: elsewhere } });
  for (const origin of [elsewhere, 'http://shop.example', 'https://a.shop.example', `${shop}:444`, 'null']) {
    for (const [method, path] of [
      ['GET', '/healthz'],
      ['OPTIONS', '/healthz'],
      ['POST', '/sessions/x/end'],
      ['GET', '/nothing'],
      ['GET', '/'],
    ]) {
      const answer = await request(server, path, { method, headers: { origin }, token: server.token('ada') });
      assert.deepEqual([answer.status, answer.text], [403, ''], `${origin} ${method} ${path}`);
      assert.deepEqual(corsHeaders(answer.headers), []);
      assert.equal(answer.headers['x-frame-options'], undefined);
    }
  }
  const socket = await refusal(server, undefined, { origin: elsewhere });
  assert.deepEqual([socket.status, socket.body], [403, ''], 'before the token, though it may open sockets');
});

test('the own origin, and no origin, are not a matter of CORS', async (t) => {
  const { server } = await stage(t, { env: cors });
  const own = [
    {},
    { origin: server.origin },
    { origin: `https://127.0.0.1:${server.port}` },
    { origin: 'https://chat.example', host: 'chat.example' },
    { origin: 'https://chat.example', host: 'CHAT.example:443' },
    { origin: 'https://chat.example', 'x-forwarded-host': 'chat.example' },
  ];
  for (const headers of own) {
    const answer = await request(server, '/healthz', { headers });
    assert.deepEqual([answer.status, corsHeaders(answer.headers)], [200, []], JSON.stringify(headers));
    assert.equal((await request(server, '/healthz', { method: 'OPTIONS', headers })).status, 404);
  }
});

test('a star is any origin', async (t) => {
  const { server } = await stage(t, { env: { CORS_ALLOWED_ORIGINS: '*' } });
  const answer = await request(server, '/healthz', { headers: { origin: elsewhere } });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers['access-control-allow-origin'], '*');
  assert.equal(answer.headers['access-control-allow-credentials'], 'true');
});

test('a socket from another site needs both lists', async (t) => {
  const { server } = await stage(t, { env: { ...cors, WS_ALLOWED_ORIGINS: shop } });
  const token = server.token('ada');
  await connect(t, server, token, { origin: shop });
  const refused = await refusal(server, token, { origin: 'https://b.example:8443' });
  assert.deepEqual([refused.status, refused.body], [403, 'Forbidden\n']);
  assert.equal(refused.headers['access-control-allow-origin'], 'https://b.example:8443');
});

test('a socket of the own origin works behind a proxy that speaks TLS', async (t) => {
  const { server } = await stage(t);
  const token = server.token('ada');
  const proxied = [
    { host: 'chat.example' },
    { host: 'chat.example:443' },
    { host: 'backend:8080', 'x-forwarded-host': 'chat.example' },
  ];
  for (const headers of proxied) await connect(t, server, token, { origin: 'https://chat.example', headers });
  const refused = await refusal(server, token, {
    origin: elsewhere,
    headers: { host: 'chat.example', 'x-forwarded-host': 'chat.example' },
  });
  assert.equal(refused.status, 403);
});

test('an entry that is no origin stops the start', async (t) => {
  for (const origins of ['shop.example', `*,${shop}`, 'https://YOUR-DOMAIN.example']) {
    const env = settings({
      secret: makeSecret(),
      dataDir: makeFolder(t),
      env: { LLM_PROVIDER_1_TYPE: 'demo', CORS_ALLOWED_ORIGINS: origins },
    });
    const { code, stderr } = await run(['serve'], { env });
    assert.notEqual(code, 0, origins);
    assert.match(stderr, /CORS_ALLOWED_ORIGINS/);
  }
});
