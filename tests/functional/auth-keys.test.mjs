// Tokens of an identity provider: verified with the public keys that it publishes, whatever happens to these.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect, refusal } from '../support/client.mjs';
import { request } from '../support/http.mjs';
import { algorithms, Key, startKeyServer } from '../support/jwks.mjs';
import { until } from '../support/patience.mjs';
import { makeFolder } from '../support/server.mjs';
import { stage } from '../support/stage.mjs';
import { claimsOf, now, signToken } from '../support/token.mjs';

const soon = { CHATBOX_JWKS_MIN_INTERVAL: '100ms', CHATBOX_BAD_TOKEN_LIMIT: '100000' };
const never = { CHATBOX_JWKS_MIN_INTERVAL: '1h', CHATBOX_JWKS_REFRESH: '1h', CHATBOX_BAD_TOKEN_LIMIT: '100000' };

async function withKeys(t, keys, env = {}) {
  const provider = await startKeyServer(t, keys);
  const { server } = await stage(t, { env: { CHATBOX_JWKS_URL: provider.url, ...env } });
  return { provider, server };
}

const status = async (server, token) => (await request(server, '/sessions', { token })).status;
const accepted = async (server, token) => {
  const answer = await request(server, '/sessions', { token });
  if (answer.status === 200) return true;
  assert.equal(answer.status, 401);
  assert.deepEqual(answer.json(), { error: 'Invalid or expired authentication token', code: 'INVALID_TOKEN' });
  return false;
};

test('a token of each algorithm opens a socket and the HTTP routes', async (t) => {
  const keys = algorithms.map((alg) => new Key(alg, `key-${alg}`));
  const { server } = await withKeys(t, keys);
  for (const key of keys) {
    const token = key.token(claimsOf('ada'));
    const client = await connect(t, server, token);
    assert.equal((await client.nextOf('connection_status')).user_id, 'ada', key.alg);
    assert.equal(await status(server, token), 200, key.alg);
  }
});

test('tokens of the shared secret stay good beside public keys', async (t) => {
  const { server } = await withKeys(t, [new Key('ES256', 'k')]);
  assert.equal(await status(server, server.token('ada')), 200);
});

test('with public keys no shared secret is needed, and then none is accepted', async (t) => {
  const key = new Key('EdDSA', 'k');
  const { server } = await withKeys(t, [key], { JWT_SECRET: undefined });
  assert.equal(await status(server, key.token(claimsOf('ada'))), 200);
  assert.ok(!(await accepted(server, server.token('ada'))));
  for (const secret of ['', 'null', 'undefined']) assert.ok(!(await accepted(server, signToken(claimsOf('ada'), secret))));
});

test('nobody gets in by confusing algorithms', async (t) => {
  const keys = algorithms.map((alg) => new Key(alg, `key-${alg}`));
  const { server } = await withKeys(t, keys, never);
  assert.ok(await accepted(server, keys[0].token(claimsOf('ada'))));
  for (const key of keys) {
    const secrets = [
      key.publicKey.export({ format: 'pem', type: 'spki' }),
      key.publicKey.export({ format: 'der', type: 'spki' }),
      JSON.stringify(key.jwk),
    ];
    for (const secret of secrets) {
      const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const text = `${part({ alg: 'HS256', kid: key.kid })}.${part(claimsOf('ada'))}`;
      const token = `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
      assert.ok(!(await accepted(server, token)), `HS256 with the public key of ${key.alg}`);
    }
    for (const alg of [...algorithms, 'none', 'None', 'HS256', 'RS512', '']) {
      if (alg === key.alg) continue;
      assert.ok(!(await accepted(server, key.token(claimsOf('ada'), { alg }))), `${key.alg} that says ${alg}`);
    }
    const [header, claims] = key.token(claimsOf('ada')).split('.');
    assert.ok(!(await accepted(server, `${header}.${claims}.`)), 'without a signature');
  }
  const stranger = new Key('ES256', 'key-ES256');
  const brought = { jwk: stranger.jwk, jku: 'http://127.0.0.1:1/keys', x5u: 'http://127.0.0.1:1/x' };
  assert.ok(!(await accepted(server, stranger.token(claimsOf('ada'), { header: brought }))), 'a key of its own');
});

test('a new key is found when the first token comes that was signed with it', async (t) => {
  const old = new Key('ES256', 'old');
  const { server, provider } = await withKeys(t, [old], soon);
  assert.ok(await accepted(server, old.token(claimsOf('ada'))));
  const fresh = new Key('ES256', 'fresh');
  provider.keys = [old, fresh];
  await until(() => accepted(server, fresh.token(claimsOf('ada'))), 'the new key is known');
  assert.ok(await accepted(server, old.token(claimsOf('ada'))));
  provider.keys = [fresh];
  await until(() => accepted(server, new Key('ES256', 'x').token(claimsOf('ada'))).then((yes) => !yes), 'asked again');
  await until(async () => !(await accepted(server, old.token(claimsOf('ada')))), 'the old key is forgotten');
  assert.ok(await accepted(server, fresh.token(claimsOf('ada'))));
});

test('the first token waits for a fetch instead of being refused', async (t) => {
  const key = new Key('ES256', 'k');
  const provider = await startKeyServer(t, [key]);
  let held;
  provider.answer = (response) => (held = response);
  const { server } = await stage(t, { env: { CHATBOX_JWKS_URL: provider.url, ...never } });
  const answers = [accepted(server, key.token(claimsOf('ada'))), connect(t, server, key.token(claimsOf('bob')))];
  await until(() => held, 'the keys are asked for');
  assert.equal(await status(server, server.token('eve')), 200, 'others do not wait');
  provider.publish(held);
  assert.equal(await answers[0], true);
  assert.equal((await (await answers[1]).nextOf('connection_status')).user_id, 'bob');
  assert.equal(provider.requests, 1);
});

test('a thousand tokens with keys that nobody knows cause at most one fetch', async (t) => {
  const key = new Key('EdDSA', 'k');
  const { server, provider } = await withKeys(t, [key], { ...never, MAX_CONNECTIONS: '5000' });
  assert.ok(await accepted(server, key.token(claimsOf('ada'))));
  const before = provider.requests;
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const forged = (n) => `${part({ alg: 'EdDSA', kid: `random-${n}` })}.${part(claimsOf('ada'))}.${'A'.repeat(86)}`;
  let next = 0;
  const worker = async () => {
    while (next < 1000) assert.equal(await status(server, forged(next++)), 401);
  };
  await Promise.all(Array.from({ length: 20 }, worker));
  assert.ok(provider.requests - before <= 1, `${provider.requests - before} fetches`);
  assert.ok(await accepted(server, key.token(claimsOf('ada'))));
});

for (const [what, answer] of [
  ['an error', (response) => response.writeHead(500).end('{"keys":[]}')],
  ['a redirect', (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()],
  ['garbage', (response) => response.end('<html>hello</html>')],
  ['no keys', (response) => response.end('{"keys":[]}')],
  ['keys that are none', (response) => response.end('{"keys":[{"kty":"RSA","n":"AQ","e":"AQ"},null,7]}')],
  ['an endless answer', (response) => {
    const more = () => response.write('x'.repeat(65536), (error) => error ?? setImmediate(more));
    more();
  }],
  ['a cut answer', (response) => { response.writeHead(200, { 'content-length': 1000 }); response.write('{"keys":['); setImmediate(() => response.destroy()); }],
  ['silence', () => {}],
]) {
  test(`a key server that answers with ${what} takes nothing away`, async (t) => {
    const key = new Key('ES256', 'k');
    const env = { CHATBOX_JWKS_REFRESH: '100ms', ...soon, CHATBOX_JWKS_TIMEOUT: '200ms' };
    const { server, provider } = await withKeys(t, [key], env);
    assert.ok(await accepted(server, key.token(claimsOf('ada'))));
    provider.answer = answer;
    const before = provider.requests;
    await until(() => provider.requests >= before + 3, 'it was asked several times');
    assert.ok(await accepted(server, key.token(claimsOf('ada'))), 'the key is still good');
    assert.ok(!(await accepted(server, new Key('ES256', 'other').token(claimsOf('ada')))));
    const fresh = new Key('ES256', 'fresh');
    Object.assign(provider, { keys: [fresh], answer: provider.publish });
    await until(() => accepted(server, fresh.token(claimsOf('ada'))), 'it recovers');
    const lines = server.stderr.split('\n').filter((line) => line.includes('public keys cannot be read'));
    assert.equal(lines.length, 1, 'and it was said once');
  });
}

test('a key server that is gone at the start is waited for no longer than its deadline, and found later', async (t) => {
  const key = new Key('ES256', 'k');
  const provider = await startKeyServer(t, [key]);
  await provider.goDown();
  const { server } = await stage(t, { env: { CHATBOX_JWKS_URL: provider.url, ...soon } });
  assert.ok(!(await accepted(server, key.token(claimsOf('ada')))));
  assert.equal(await status(server, server.token('bob')), 200);
  await provider.comeBack();
  await until(() => accepted(server, key.token(claimsOf('ada'))), 'it is found');
});

test('the server stops at once while somebody waits for a key', async (t) => {
  const provider = await startKeyServer(t, []);
  provider.answer = () => {};
  const { server } = await stage(t, { env: { CHATBOX_JWKS_URL: provider.url, CHATBOX_JWKS_TIMEOUT: '60s', CHATBOX_JWKS_MIN_INTERVAL: '60s' } });
  const waiting = status(server, new Key('ES256', 'k').token(claimsOf('ada')));
  await until(() => provider.requests === 1, 'the keys are asked for');
  await server.stop();
  assert.equal(await waiting, 401);
});

test('keys may come from a file, which is read again', async (t) => {
  const file = join(makeFolder(t), 'keys.json');
  const first = new Key('RS256', 'first');
  const second = new Key('EdDSA', 'second');
  writeFileSync(file, JSON.stringify({ keys: [first.jwk] }));
  const { server } = await stage(t, { env: { CHATBOX_JWKS_FILE: file, ...soon } });
  assert.ok(await accepted(server, first.token(claimsOf('ada'))));
  writeFileSync(file, JSON.stringify({ keys: [second.jwk] }));
  await until(() => accepted(server, second.token(claimsOf('ada'))), 'the new key is known');
});

test('who issued a token and whom it is meant for is checked when that is configured', async (t) => {
  const key = new Key('ES256', 'k');
  const env = { CHATBOX_JWT_ISSUERS: 'https://id.example.com,https://old.example.com', CHATBOX_JWT_AUDIENCES: 'chat,support' };
  const { server } = await withKeys(t, [key], env);
  const good = { iss: 'https://id.example.com', aud: 'chat' };
  const cases = [
    [good, true],
    [{ ...good, iss: 'https://old.example.com' }, true],
    [{ ...good, aud: ['other', 'support'] }, true],
    [{ ...good, iss: 'https://id.example.com/' }, false],
    [{ ...good, iss: undefined }, false],
    [{ ...good, iss: ['https://id.example.com'] }, false],
    [{ ...good, aud: 'other' }, false],
    [{ ...good, aud: [] }, false],
    [{ ...good, aud: undefined }, false],
    [{ ...good, aud: { chat: 1 } }, false],
  ];
  for (const [claims, expected] of cases) {
    assert.equal(await accepted(server, key.token(claimsOf('ada', claims))), expected, JSON.stringify(claims));
    assert.equal(await accepted(server, server.token('ada', claims)), expected, `HS256 ${JSON.stringify(claims)}`);
  }
});

test('the clocks may differ by the leeway, which is nothing by default', async (t) => {
  const { server: strict } = await stage(t);
  const { server: lenient } = await stage(t, { env: { CHATBOX_JWT_LEEWAY: '1m' } });
  for (const claims of [{ exp: now() - 30 }, { nbf: now() + 30 }]) {
    assert.ok(!(await accepted(strict, strict.token('ada', claims))), JSON.stringify(claims));
    assert.ok(await accepted(lenient, lenient.token('ada', claims)), JSON.stringify(claims));
  }
  for (const claims of [{ exp: now() - 61 }, { nbf: now() + 90 }, { exp: 0 }, { exp: undefined }]) {
    assert.ok(!(await accepted(lenient, lenient.token('ada', claims))), JSON.stringify(claims));
  }
});

test('every refusal looks the same from outside', async (t) => {
  const key = new Key('ES256', 'k');
  const { server } = await withKeys(t, [key], never);
  assert.ok(await accepted(server, key.token(claimsOf('ada'))));
  const bad = [
    new Key('ES256', 'k').token(claimsOf('ada')),
    new Key('ES256', 'unknown').token(claimsOf('ada')),
    key.token(claimsOf('ada', { exp: now() - 1 })),
    signToken(claimsOf('ada'), 'x'.repeat(40)),
    'x.y.z',
  ];
  const seen = new Set();
  for (const token of bad) {
    const answer = await request(server, '/sessions', { token });
    delete answer.headers.date;
    const upgrade = await refusal(server, token);
    delete upgrade.headers.date;
    seen.add(JSON.stringify([answer.status, answer.headers, answer.text, upgrade.status, upgrade.headers, upgrade.body]));
  }
  assert.equal(seen.size, 1, [...seen].join('\n'));
});
