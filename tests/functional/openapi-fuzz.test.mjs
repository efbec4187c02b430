// Requests made from the description: right, at the edges, and garbage. Whatever is asked, the answer is one that the
// description foresees, and never a failure of the server.
//
//   OPENAPI_SEED=1 OPENAPI_REQUESTS=100000 node --test functional/openapi-fuzz.test.mjs
import assert from 'node:assert/strict';
import http from 'node:http';
import { test } from 'node:test';
import { request } from '../support/http.mjs';
import { Api } from '../support/openapi.mjs';
import { seconds, within } from '../support/patience.mjs';
import { Random } from '../support/random.mjs';
import { stage } from '../support/stage.mjs';
import { badTokens } from '../support/token.mjs';

const count = Number(process.env.OPENAPI_REQUESTS ?? 4000);
const lanes = 8;

const edges = [
  '',
  '0',
  '1',
  '-1',
  '+1',
  '100',
  '1000',
  '1001',
  '10abc',
  '2147483648',
  '9223372036854775807',
  '99999999999999999999',
  '1e9',
  'NaN',
  'null',
  'true',
  'false',
  'active',
  'ended',
  'asc',
  'DESC',
  '2026-02-22',
  '2026-02-30',
  '2026-02-22T10:00:00Z',
  '2026-02-22T10:00:00.123456789+05:30',
  '2026-02-22T10:00:00',
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:59Z',
  '0'.repeat(32),
  'a'.repeat(255),
  'a'.repeat(256),
  'x'.repeat(10_000),
  "' OR 1=1 --",
  '"\\',
  '<script>',
  '..',
  '../..',
  '\u0000',
  'a\u0000b',
  '\r\nX: y',
  'é✓𝄞',
  '%',
  '$ne',
  '{"$gt":""}',
  ' ',
  '/',
  '?',
  '#',
  '&=',
];
const rawEdges = ['%ff%fe', '%c0%80', '%ed%a0%80', '%00', '%2e%2e%2f', '%2F', '%zz', '%', '%f', '%25%30', '%E2%82'];

class Fuzzer {
  constructor(random, { ids, tokens }) {
    Object.assign(this, { random, ids, tokens });
  }

  text() {
    const { random } = this;
    const kind = random.next();
    if (kind < 0.2) return encodeURIComponent(random.pick(this.ids));
    if (kind < 0.7) return encodeURIComponent(random.pick(edges));
    if (kind < 0.8) return random.pick(rawEdges);
    const bytes = Array.from({ length: random.between(1, 40) }, () => random.between(0, 255));
    return bytes.map((byte) => '%' + byte.toString(16).padStart(2, '0')).join('');
  }

  value(schema) {
    const known = schema.enum ?? schema.examples;
    if (known && this.random.chance(0.6)) return encodeURIComponent(this.random.pick(known));
    return this.text();
  }

  target(operation) {
    const { random } = this;
    const named = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
    let path = operation.path;
    for (const { name } of named) {
      const value = random.chance(0.5) ? random.pick(this.ids) : this.text() || 'x';
      path = path.replace(`{${name}}`, () => value);
    }
    const query = (operation.parameters ?? [])
      .filter((parameter) => parameter.in === 'query' && random.chance(0.4))
      .flatMap(({ name, schema }) =>
        Array.from({ length: random.chance(0.1) ? 2 : 1 }, () => `${name}=${this.value(schema)}`),
      );
    if (random.chance(0.1)) query.push(`${this.text()}=${this.text()}`);
    if (random.chance(0.02)) query.push(...Array(random.between(90, 2000)).fill('a=1'));
    if (random.chance(0.02)) query.push('&&==&', '=');
    return path + (query.length > 0 ? `?${query.join('&')}` : '');
  }

  headers() {
    const { random } = this;
    const token = random.pick(this.tokens);
    const headers = token === undefined ? {} : { authorization: token };
    if (random.chance(0.1)) headers.accept = random.pick(['*/*', 'text/html', 'nonsense', 'application/xml;q=0']);
    if (random.chance(0.1)) headers['content-type'] = random.pick(['application/json', 'text/plain', 'x', 'a/b;c=d']);
    if (random.chance(0.1)) headers['if-none-match'] = random.pick(['*', '"x"', 'W/"y"']);
    if (random.chance(0.05)) headers.range = random.pick(['bytes=0-1', 'bytes=5-1', 'lines=1']);
    if (random.chance(0.05)) headers['accept-encoding'] = random.pick(['gzip', 'gzip;q=0', 'br, *;q=0.1']);
    if (random.chance(0.05)) headers['x-forwarded-for'] = random.pick(['1.2.3.4', 'x', '::1, 10.0.0.1', ',,,']);
    return headers;
  }

  body(operation) {
    const { random } = this;
    if (operation.method === 'GET' || operation.method === 'HEAD' || random.chance(0.5)) return undefined;
    const number = () => random.pick([0, 1, -1, 1.5, 60, 1e9, 1e300, '60', null, true, [], {}]);
    return random.pick([
      () => '',
      () => JSON.stringify({ expires_in: number(), snapshot: random.pick([true, false, 'true', 1, null]) }),
      () => JSON.stringify({ expires_in: random.between(1, 100_000) }),
      () => JSON.stringify({ snapshot: true, other: 'x' }),
      () => random.pick(['null', '[]', '"x"', '7', '{', '{"a":', '{"expires_in":1e999}', '[[[[[[[[']),
      () => '['.repeat(random.between(100, 20_000)),
      () => Buffer.from(Array.from({ length: random.between(1, 200) }, () => random.between(0, 255))),
      () => `{"expires_in":${'9'.repeat(random.between(1, 400))}}`,
    ])();
  }

  next(operation) {
    const body = this.body(operation);
    const headers = this.headers();
    if (body !== undefined) headers['content-length'] = Buffer.byteLength(body); // DELETE would go without
    return { target: this.target(operation), headers, body };
  }
}

function send(server, agent, method, { target, headers, body }) {
  const call = new Promise((resolve, reject) => {
    const outgoing = http.request(
      { host: '127.0.0.1', port: server.port, method, path: server.prefix + target, headers, agent },
      async (response) => {
        const chunks = [];
        try {
          for await (const chunk of response) chunks.push(chunk);
        } catch (error) {
          return reject(error);
        }
        resolve({ status: response.statusCode, headers: response.headers, text: Buffer.concat(chunks).toString() });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
  return within(seconds(10), call, `${method} ${target.slice(0, 500)}`, () => server.describe());
}

// A name with a slash in it is no name, and makes a path that is not described.
const hasOtherForm = (target) => /%2f|\/(\?|$)|\/\/|\.\./i.test(target);

test(`${count} requests find no failure and nothing that is not described`, async (t) => {
  const random = new Random(Number(process.env.OPENAPI_SEED ?? undefined) || undefined);
  const { server, enter } = await stage(t, {
    env: {
      ADMIN_RATE_LIMIT: '1000000000',
      CHATBOX_PUBLIC_RATE_LIMIT: '1000000000',
      CHATBOX_USER_RATE_LIMIT: '1000000000',
      CHATBOX_BAD_TOKEN_LIMIT: '1000000000',
    },
  });
  const ids = [];
  for (const user of ['ada', 'bob']) {
    const person = await enter(user);
    for (let i = 0; i < 3; i++) {
      await person.ask(`Question ${i}`);
      ids.push(person.sessionId);
      if (i < 2) await request(server, `/sessions/${person.sessionId}/end`, { method: 'POST', token: person.token });
    }
    const shared = await request(server, `/sessions/${person.sessionId}/share`, {
      method: 'POST',
      token: person.token,
    });
    if (shared.status === 200) ids.push(shared.json().share_token);
  }
  // Nobody who asks can end these, so there is always something to take over.
  for (let i = 0; i < 6; i++) {
    const bystander = await enter(`bystander-${i}`);
    await bystander.ask('Hello');
    ids.push(bystander.sessionId);
  }
  ids.push('ada', 'bob');
  const good = [server.token('ada'), server.token('root', { roles: ['admin'] })].map((token) => `Bearer ${token}`);
  const wrong = badTokens('eve', server.secret).map(([, token]) => `Bearer ${token}`);
  const bad = [undefined, '', 'Bearer', 'Bearer ', 'Basic x', ...wrong];
  const tokens = [...Array(8).fill(good).flat(), ...bad.slice(0, 12)];

  const api = await Api.of(server);
  const operations = api.operations.filter(({ path }) => path !== '/ws');
  const fuzzer = new Fuzzer(random, { ids, tokens });
  const agent = new http.Agent({ keepAlive: true, maxSockets: lanes });
  t.after(() => agent.destroy());
  const seen = new Map();
  const statuses = new Map();
  let left = count;
  const lane = async () => {
    while (left-- > 0) {
      const operation = random.pick(operations);
      const asked = fuzzer.next(operation);
      const what = `seed ${random.seed}: ${operation.method} ${asked.target.slice(0, 400)}`;
      const answer = await send(server, agent, operation.method, asked);
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      if (answer.status === 503) assert.equal(operation.path, '/readyz', what);
      assert.ok(answer.status !== 500 && answer.status < 504, `${what}: ${answer.status} ${answer.text}`);
      const nowhere = [301, 307].includes(answer.status) || answer.headers['content-type']?.startsWith('text/plain');
      if (hasOtherForm(asked.target) && nowhere) continue;
      api.check(operation, answer, what);
      const id = `${operation.method} ${operation.path}`;
      if (answer.status < 300) seen.set(id, (seen.get(id) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  t.diagnostic(
    `seed ${random.seed}; ${[...statuses]
      .sort()
      .map(([status, times]) => `${times} × ${status}`)
      .join(', ')}`,
  );
  if (count >= 2000) {
    const never = operations.map(({ method, path }) => `${method} ${path}`).filter((id) => !seen.has(id));
    assert.deepEqual(never, [], `seed ${random.seed}: operations that never succeeded`);
  }
});
