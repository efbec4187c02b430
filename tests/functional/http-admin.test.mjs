// What staff reads and does over HTTP: transcripts, figures, taking over (contract, http-api 7.8, 7.9 and 8).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { history, request } from '../support/http.mjs';
import { isTime, stage } from '../support/stage.mjs';

const env = { ADMIN_RATE_LIMIT: '100000' };
const staff = (server, id = 'adm-1', name = 'Jane Doe') => server.token(id, { roles: ['admin'], name });
const takeOver = (server, id, token) => request(server, `/admin/takeover/${id}`, { method: 'POST', token });
const release = (server, id, token) => request(server, `/admin/release/${id}`, { method: 'POST', token });
const failure = (text, code = 'BAD_REQUEST') => ({ error: text, code, message: text });

test('staff reads the messages of anybody', async (t) => {
  const { server, enter } = await stage(t, { env });
  const ada = await enter('ada');
  await ada.ask('Hello');
  const answer = await request(server, `/admin/sessions/${ada.sessionId}`, { token: staff(server) });
  const { messages, notices, ...rest } = answer.json();
  assert.deepEqual(notices, []);
  assert.deepEqual(rest, {
    user_id: 'ada',
    help_requested: false,
    admin_assisted: false,
    session_id: ada.sessionId,
    name: 'Hello',
    model_id: rest.model_id,
    is_active: true,
    last_seq: 2,
    control: 'ai',
  });
  assert.deepEqual(messages, (await history(server, ada.token, ada.sessionId)).messages);
  const unknown = await request(server, `/admin/sessions/${'0'.repeat(32)}`, { token: staff(server) });
  assert.deepEqual([unknown.status, unknown.json()], [404, { error: 'Session not found', code: 'NOT_FOUND' }]);
});

test('figures over a period are real', async (t) => {
  const { provider, server, enter } = await stage(t, { env });
  provider.on('Slow', async (x) => {
    await x.pause(40);
    x.start().token('Hi');
    x.finish({ usage: [10, 20] });
  });
  const metrics = async (query = '') => request(server, `/admin/metrics${query}`, { token: staff(server) });
  const empty = (await metrics()).json();
  assert.deepEqual(empty.metrics, {
    TotalSessions: 0,
    ActiveSessions: 0,
    TotalTokens: 0,
    AvgResponseTime: 0,
    MaxResponseTime: 0,
    AdminAssistedCount: 0,
  });

  const ada = await enter('ada');
  await ada.ask('Slow');
  await request(server, `/sessions/${ada.sessionId}/end`, { method: 'POST', token: ada.token });
  const bob = await enter('bob');
  await bob.ask('Slow');
  await takeOver(server, bob.sessionId, staff(server));

  const answer = await metrics();
  const { metrics: figures, time_range, ...top } = answer.json();
  assert.deepEqual(
    [figures.TotalSessions, figures.ActiveSessions, figures.TotalTokens, figures.AdminAssistedCount],
    [2, 1, 60, 1],
  );
  assert.ok(figures.MaxResponseTime >= figures.AvgResponseTime && figures.AvgResponseTime >= 40);
  assert.deepEqual(
    { ...top, avg_concurrent: undefined },
    {
      total_sessions: 2,
      active_sessions: 1,
      total_tokens: 60,
      avg_response_time: figures.AvgResponseTime,
      max_response_time: figures.MaxResponseTime,
      admin_assisted_count: 1,
      avg_concurrent: undefined,
      max_concurrent: 1,
    },
  );
  assert.ok(top.avg_concurrent >= 0 && top.avg_concurrent <= 1);
  assert.match(time_range.start, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  assert.equal(Date.parse(time_range.end) - Date.parse(time_range.start), 24 * 3600 * 1000);

  const start = (await request(server, '/sessions', { token: ada.token })).json().sessions[0].start_time;
  const period = (await metrics(`?start_time=${start}&end_time=${start}`)).json();
  assert.equal(period.total_sessions, 1, 'both ends belong to the period');
  assert.equal((await metrics(`?start_time=2000-01-01&end_time=2000-12-31`)).json().total_sessions, 0);
  const today = start.slice(0, 10);
  assert.ok((await metrics(`?start_time=${today}&end_time=${today}`)).json().total_sessions >= 1);
});

test('a period is answered as it was asked, and a wrong one is refused', async (t) => {
  const { server } = await stage(t, { env });
  const metrics = async (query) => request(server, `/admin/metrics${query}`, { token: staff(server) });
  for (const [query, start, end] of [
    ['?start_time=2026-02-21T10:00:00Z&end_time=2026-02-22T10:00:00Z', '2026-02-21T10:00:00Z', '2026-02-22T10:00:00Z'],
    [
      '?start_time=2026-02-21T10:00:00.75%2B05:30&end_time=2026-02-22T10:00:00-08:00',
      '2026-02-21T10:00:00+05:30',
      '2026-02-22T10:00:00-08:00',
    ],
    ['?start_time=2026-02-21&end_time=2026-02-21', '2026-02-21T00:00:00Z', '2026-02-21T23:59:59Z'],
    ['?start_time=2026-02-21T10:00:00Z&end_time=2026-02-21T10:00:00Z', '2026-02-21T10:00:00Z', '2026-02-21T10:00:00Z'],
    ['?start_time=0000-01-01&end_time=9999-12-31', '0000-01-01T00:00:00Z', '9999-12-31T23:59:59Z'],
  ]) {
    const answer = await metrics(query);
    assert.deepEqual([answer.status, answer.json().time_range], [200, { start, end }], query);
  }
  for (const [query, text] of [
    ['?start_time=x', 'Invalid time format, expected RFC3339'],
    ['?end_time=2026-02-22T10:00:00', 'Invalid time format, expected RFC3339'],
    ['?end_time=2026-02-22T25:00:00Z', 'Invalid time format, expected RFC3339'],
    ['?start_time=2026-02-22T10:00:00+01:00', 'Invalid time format, expected RFC3339'],
    ['?start_time=2026-02-22T10:00:01Z&end_time=2026-02-22T10:00:00Z', 'end_time must not be before start_time'],
    ['?end_time=2000-01-01', 'end_time must not be before start_time'],
  ]) {
    const answer = await metrics(query);
    assert.deepEqual([answer.status, answer.json()], [400, { error: text, code: 'BAD_REQUEST' }], query);
  }
});

test('one admin takes a session over, and it shows', async (t) => {
  const { server, enter } = await stage(t, { env });
  const ada = await enter('ada');
  await ada.ask('Hello');
  const [jane, john] = [staff(server), staff(server, 'adm-2', 'John')];
  for (let i = 0; i < 2; i++) {
    const answer = await takeOver(server, ada.sessionId, jane);
    assert.deepEqual(
      [answer.status, answer.json()],
      [200, { message: 'Takeover initiated successfully', session_id: ada.sessionId, admin_id: 'adm-1' }],
    );
  }
  const held = 'session already assisted by another admin: Jane Doe (adm-1)';
  for (const act of [takeOver, release]) {
    const answer = await act(server, ada.sessionId, john);
    assert.deepEqual([answer.status, answer.json()], [400, failure(held)]);
  }
  const row = async () =>
    (await request(server, '/admin/sessions?admin_assisted=true', { token: john })).json().sessions[0];
  const taken = await row();
  assert.deepEqual(
    [taken.id, taken.admin_assisted, taken.assisting_admin_name, taken.control],
    [ada.sessionId, true, 'Jane Doe', 'human'],
  );
  const { notices: joined, messages } = await history(server, ada.token, ada.sessionId);
  assert.equal(messages.length, 2, 'nobody said anything');
  assert.equal(joined.length, 1, 'taken over once');
  assert.equal(joined[0].content, 'Administrator Jane Doe has joined the session');
  assert.deepEqual(joined[0].metadata, { admin_id: 'adm-1', admin_name: 'Jane Doe' });
  assert.ok(isTime(joined[0].timestamp));

  for (let i = 0; i < 2; i++) {
    const answer = await release(server, ada.sessionId, jane);
    assert.deepEqual(
      [answer.status, answer.json()],
      [200, { message: 'Session released successfully', session_id: ada.sessionId, admin_id: 'adm-1' }],
    );
  }
  const released = await row();
  assert.deepEqual([released.admin_assisted, released.control], [true, 'ai'], 'it has been assisted for ever');
  assert.ok(!('assisting_admin_name' in released));
  assert.equal((await takeOver(server, ada.sessionId, john)).status, 200, 'and now somebody else');
});

test('of admins who take over at once, one wins', async (t) => {
  const { server, enter } = await stage(t, { env });
  const ada = await enter('ada');
  await ada.ask('Hello');
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, i) => takeOver(server, ada.sessionId, staff(server, `adm-${i}`, `Admin ${i}`))),
  );
  const won = answers.filter(({ status }) => status === 200);
  assert.equal(won.length, 1);
  const winner = won[0].json().admin_id;
  const text = `session already assisted by another admin: Admin ${winner.slice(4)} (${winner})`;
  for (const answer of answers) {
    if (answer !== won[0]) assert.deepEqual([answer.status, answer.json()], [400, failure(text)]);
  }
});

test('what cannot be taken over says why', async (t) => {
  const { server, enter } = await stage(t, { env });
  for (const act of [takeOver, release]) {
    for (const id of ['0'.repeat(32), 'x'.repeat(10_000), '%00', '%ff', "'%20or%201=1"]) {
      const answer = await act(server, id, staff(server));
      assert.deepEqual(
        [answer.status, answer.json()],
        [404, failure('Session not found', 'NOT_FOUND')],
        id.slice(0, 40),
      );
    }
    assert.equal((await act(server, 'x')).status, 401);
    const refused = await act(server, 'x', server.token('ada'));
    assert.deepEqual([refused.status, refused.json()], [403, { error: 'Insufficient permissions', code: 'FORBIDDEN' }]);
  }
  const ada = await enter('ada');
  await ada.ask('Hello');
  await request(server, `/sessions/${ada.sessionId}/end`, { method: 'POST', token: ada.token });
  const ended = await takeOver(server, ada.sessionId, staff(server));
  assert.deepEqual([ended.status, ended.json()], [400, failure('session has already ended')]);
});

test('an admin with a long name is cut between characters', async (t) => {
  const { server, enter } = await stage(t, { env });
  const ada = await enter('ada');
  await ada.ask('Hello');
  const name = 'é'.repeat(60);
  await takeOver(server, ada.sessionId, staff(server, 'adm-1', name));
  const { notices } = await history(server, ada.token, ada.sessionId);
  const { type, content, metadata } = notices.at(-1);
  assert.equal(type, 'admin_join');
  assert.equal(content, `Administrator ${'é'.repeat(50)} has joined the session`);
  assert.equal(metadata.admin_name, name);
});

test('every route of staff wants the role, whatever else it is asked', async (t) => {
  const { server } = await stage(t, { env });
  const token = server.token('ada', { roles: ['Admin', 'administrator', ''] });
  for (const [method, path] of [
    ['GET', '/admin/sessions?sort_by=x'],
    ['GET', '/admin/sessions/x'],
    ['GET', '/admin/users/ada/sessions'],
    ['GET', '/admin/metrics?start_time=x'],
    ['POST', '/admin/takeover/x'],
    ['POST', '/admin/release/x'],
  ]) {
    const answer = await request(server, path, { method, token });
    assert.deepEqual([answer.status, answer.json().code], [403, 'FORBIDDEN'], path);
    assert.equal((await request(server, path, { method })).status, 401, path);
  }
});
