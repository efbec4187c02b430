// Links under which everybody can read a session (contract, http-api 7.5, 7.6; weaknesses C 25).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { history, request } from '../support/http.mjs';
import { isId, isTime, stage } from '../support/stage.mjs';

const env = { CHATBOX_PUBLIC_RATE_LIMIT: '100000' };
const share = (server, id, token, body, headers) =>
  request(server, `/sessions/${id}/share`, { method: 'POST', token, body, headers });
const revoke = (server, id, token) => request(server, `/sessions/${id}/share`, { method: 'DELETE', token });
const shared = (server, link) => request(server, `/shared/${link}`);
const noLink = { error: 'Shared session not found', code: 'NOT_FOUND' };

test('who has the link reads the session, and learns nothing about its user', async (t) => {
  const { server, enter } = await stage(t, { env });
  const ada = await enter('ada-the-secret-user');
  await ada.ask('Hello', { metadata: { page: 'internal-page' }, client_id: 'internal-client' });
  const answer = await share(server, ada.sessionId, ada.token);
  assert.equal(answer.status, 200);
  assert.deepEqual(Object.keys(answer.json()), ['share_token']);
  const link = answer.json().share_token;
  assert.ok(isId(link), link);

  const view = await shared(server, link);
  assert.equal(view.status, 200);
  const { messages, ...rest } = view.json();
  assert.deepEqual(rest, { session_id: ada.sessionId, name: 'Hello' });
  assert.deepEqual(
    messages.map(({ timestamp, ...message }) => (assert.ok(isTime(timestamp)), message)),
    [
      { content: 'Hello', sender: 'user' },
      { content: 'You said: Hello', sender: 'ai' },
    ],
  );
  assert.doesNotMatch(view.text, /ada-the|internal|alpha|token|model/);
  assert.equal(view.headers['cache-control'], 'no-store');

  await ada.ask('And now?');
  assert.equal((await shared(server, link)).json().messages.length, 4, 'what comes later is shown too');
});

test('a session has one link, however often and by however many it is asked for', async (t) => {
  const { server, enter } = await stage(t, { env });
  const ada = await enter('ada');
  await ada.ask('Hello');
  const answers = await Promise.all(Array.from({ length: 20 }, () => share(server, ada.sessionId, ada.token)));
  const links = new Set(answers.map((answer) => answer.json().share_token));
  assert.equal(links.size, 1);
  const [link] = links;
  const [row] = (await request(server, '/sessions', { token: ada.token })).json().sessions;
  assert.equal(row.share_token, link);
  await request(server, `/sessions/${ada.sessionId}/end`, { method: 'POST', token: ada.token });
  assert.equal((await share(server, ada.sessionId, ada.token)).json().share_token, link, 'an ended session too');
  assert.equal((await shared(server, link)).status, 200);
});

test('a link can be revoked, and a new one is another one', async (t) => {
  const { server, enter } = await stage(t, { env });
  const ada = await enter('ada');
  await ada.ask('Hello');
  assert.deepEqual((await revoke(server, ada.sessionId, ada.token)).json(), { status: 'revoked' }, 'none yet');
  const link = (await share(server, ada.sessionId, ada.token)).json().share_token;
  for (let i = 0; i < 2; i++) {
    const answer = await revoke(server, ada.sessionId, ada.token);
    assert.deepEqual([answer.status, answer.json()], [200, { status: 'revoked' }]);
  }
  const gone = await shared(server, link);
  assert.deepEqual([gone.status, gone.json()], [404, noLink]);
  const [row] = (await request(server, '/sessions', { token: ada.token })).json().sessions;
  assert.ok(!('share_token' in row));
  const other = (await share(server, ada.sessionId, ada.token)).json().share_token;
  assert.notEqual(other, link);
  assert.equal((await shared(server, other)).status, 200);
  assert.equal((await shared(server, link)).status, 404);
});

test('a snapshot shows what there was, and not what came later', async (t) => {
  const { server, enter } = await stage(t, { env });
  const ada = await enter('ada');
  await ada.ask('Before');
  const answer = await share(server, ada.sessionId, ada.token, JSON.stringify({ snapshot: true }));
  assert.equal(answer.json().snapshot, true);
  await ada.ask('After');
  const view = (await shared(server, answer.json().share_token)).json();
  assert.deepEqual(
    view.messages.map(({ content }) => content),
    ['Before', 'You said: Before'],
  );
  assert.equal((await history(server, ada.token, ada.sessionId)).messages.length, 4);
});

test('a link expires when it was said to', async (t) => {
  const { server, enter } = await stage(t, { env });
  const ada = await enter('ada');
  await ada.ask('Hello');
  const before = Date.now();
  const { share_token: link, expires_at } = (
    await share(server, ada.sessionId, ada.token, JSON.stringify({ expires_in: 1 }))
  ).json();
  assert.ok(isTime(expires_at));
  const end = Date.parse(expires_at);
  assert.ok(end >= before + 1000 && end <= Date.now() + 1000, expires_at);
  assert.equal((await shared(server, link)).status, 200);
  let answer;
  do answer = await shared(server, link);
  while (answer.status === 200 && Date.now() < end + 5000);
  assert.deepEqual([answer.status, answer.json()], [404, noLink]);
  assert.ok(Date.now() >= end, 'not too early');
  const next = (await share(server, ada.sessionId, ada.token)).json();
  assert.notEqual(next.share_token, link);
  assert.ok(!('expires_at' in next));
});

test('a body that is no JSON object is passed over, a wrong value is refused', async (t) => {
  const { server, enter } = await stage(t, { env });
  const ada = await enter('ada');
  await ada.ask('Hello');
  for (const body of ['', 'x', '{', 'null', '[]', '7', '"x"', '{"other":1}', '{"expires_in":null}', '\u0000']) {
    const answer = await share(server, ada.sessionId, ada.token, body, { 'content-type': 'text/plain' });
    assert.deepEqual(Object.keys(answer.json()), ['share_token'], body);
  }
  await revoke(server, ada.sessionId, ada.token);
  const text = 'expires_in must be a whole number of seconds from 1 to 316224000';
  for (const value of [0, -1, 316224001, 1.5, '60', true, [], {}, 1e300]) {
    const answer = await share(server, ada.sessionId, ada.token, JSON.stringify({ expires_in: value }));
    assert.deepEqual([answer.status, answer.json()], [400, { error: text, code: 'BAD_REQUEST' }], String(value));
  }
  for (const expires_in of [1, 316224000]) {
    assert.equal((await share(server, ada.sessionId, ada.token, JSON.stringify({ expires_in }))).status, 200);
    await revoke(server, ada.sessionId, ada.token);
  }
  const answer = await share(server, ada.sessionId, ada.token, '{"snapshot":"yes"}');
  assert.deepEqual(answer.json(), { error: 'snapshot must be true or false', code: 'BAD_REQUEST' });
});

test('links are the owner’s, and unknown sessions look like those of others', async (t) => {
  const { server, enter } = await stage(t, { env });
  const ada = await enter('ada');
  await ada.ask('Hello');
  const link = (await share(server, ada.sessionId, ada.token)).json().share_token;
  const eve = server.token('eve');
  const staff = server.token('root', { roles: ['admin'] });
  const shown = ({ status, headers: { date, ...headers }, text }) => ({ status, headers, text });
  for (const act of [share, revoke]) {
    const unknown = shown(await act(server, '0'.repeat(32), eve));
    assert.deepEqual(
      [unknown.status, JSON.parse(unknown.text)],
      [404, { error: 'Session not found', code: 'NOT_FOUND' }],
    );
    for (const token of [eve, staff]) assert.deepEqual(shown(await act(server, ada.sessionId, token)), unknown);
  }
  assert.equal((await shared(server, link)).status, 200, 'nobody else has revoked it');
  for (const other of [
    '0'.repeat(32),
    link.toUpperCase(),
    link + '0',
    link.slice(1),
    'x'.repeat(10_000),
    '%00',
    '%ff',
  ]) {
    const answer = await shared(server, other);
    assert.deepEqual([answer.status, answer.json()], [404, noLink], other.slice(0, 40));
  }
});

test('links survive a restart', async (t) => {
  const { server, enter, provider } = await stage(t, { env });
  const ada = await enter('ada');
  await ada.ask('Hello');
  const link = (await share(server, ada.sessionId, ada.token)).json().share_token;
  await server.stop();
  const again = await stage(t, {
    provider,
    secret: server.secret,
    dataDir: server.dataDir,
    env,
  });
  assert.equal((await shared(again.server, link)).json().name, 'Hello');
});
