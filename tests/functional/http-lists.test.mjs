// The lists of sessions: filters, order and pages (contract, http-api 7.2, 7.7 and 8).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { request } from '../support/http.mjs';
import { isTime, stage } from '../support/stage.mjs';

const env = { ADMIN_RATE_LIMIT: '100000' };
const bad = (text) => ({ error: text, code: 'BAD_REQUEST' });

// Sessions of several users, in the order of their start: [{ id, user, messages, ended }].
async function world(t) {
  const { server, enter } = await stage(t, { env });
  const sessions = [];
  for (const [user, questions, ended] of [
    ['ada', ['Where is my parcel?'], true],
    ['bob', ['One', 'Two', 'Three'], true],
    ['ada', ['Refund please', 'Really'], false],
    ['cleo', ['Café in the morning'], false],
  ]) {
    const person = await enter(user);
    for (const question of questions) await person.ask(question);
    const id = person.sessionId;
    if (ended) {
      const end = await request(server, `/sessions/${id}/end`, { method: 'POST', token: person.token });
      assert.deepEqual(end.json(), { status: 'ended' });
    }
    sessions.push({ id, user, messages: questions.length * 2, ended });
  }
  const root = server.token('root', { roles: ['admin'] });
  const list = async (query = '', path = '/admin/sessions') => request(server, path + query, { token: root });
  const ids = async (query, path) => {
    const answer = await list(query, path);
    assert.equal(answer.status, 200, answer.text);
    return answer.json().sessions.map(({ id }) => id);
  };
  return { server, sessions, root, list, ids };
}

test('staff filters, sorts and pages the sessions of everybody', async (t) => {
  const { server, sessions, list, ids } = await world(t);
  const [first, second, third, fourth] = sessions.map(({ id }) => id);
  const newest = [fourth, third, second, first];

  await t.test('newest start first, with everything that a summary has', async () => {
    const { sessions: rows, ...rest } = (await list()).json();
    assert.deepEqual(rest, { count: 4, limit: 100, offset: 0, total: 4 });
    assert.deepEqual(
      rows.map(({ id }) => id),
      newest,
    );
    for (const row of rows) {
      const known = sessions.find(({ id }) => id === row.id);
      assert.equal(row.session_id, row.id);
      assert.equal(row.user_id, known.user);
      assert.equal(row.message_count, known.messages);
      assert.equal(row.is_active, !known.ended);
      assert.equal('end_time' in row, known.ended);
      assert.ok(isTime(row.start_time) && isTime(row.last_activity));
      assert.ok(row.total_tokens > 0 && Number.isInteger(row.duration));
      assert.deepEqual([row.admin_assisted, row.help_requested, row.control], [false, false, 'ai']);
      assert.ok(!('share_token' in row) && !('assisting_admin_name' in row));
    }
  });

  const start = (await list()).json().sessions.map(({ start_time }) => start_time);
  const shifted = (time, ms) => new Date(Date.parse(time) + ms).toISOString();
  const table = [
    ['?user_id=ada', [third, first]],
    ['?user_id=Ada', []],
    ['?user_id=nobody', []],
    ['?user_id=', newest],
    ['?status=active', [fourth, third]],
    ['?status=ended', [second, first]],
    ['?status=ACTIVE', newest],
    ['?status=', newest],
    ['?admin_assisted=true', []],
    ['?admin_assisted=false', newest],
    ['?admin_assisted=nonsense', newest],
    ['?user_id=ada&status=active', [third]],
    [`?start_time_from=${start[1]}`, [fourth, third]],
    [`?start_time_from=${shifted(start[1], 1)}`, [fourth]],
    [`?start_time_to=${start[2]}`, [second, first]],
    [`?start_time_to=${shifted(start[2], -1)}`, [first]],
    [`?start_time_from=${start[2]}&start_time_to=${start[1]}`, [third, second]],
    [`?start_time=${start[2]}&end_time=${start[1]}`, [third, second]],
    [`?start_time_from=${start[1].replace('Z', '%2B00:00')}`, [fourth, third]],
    [`?start_time_from=${start[3].slice(0, 10)}&start_time_to=${start[0].slice(0, 10)}`, newest],
    ['?start_time_to=2000-01-01', []],
    ['?sort_by=start_time&sort_order=asc', [first, second, third, fourth]],
    ['?sort_by=last_activity', newest],
    ['?sort_by=user_id&sort_order=asc&user_id=ada', [first, third].sort()],
    ['?limit=2', [fourth, third]],
    ['?limit=2&offset=2', [second, first]],
    ['?limit=2&offset=3', [first]],
    ['?offset=4', []],
    ['?offset=9223372036854775807', []],
    ['?limit=1&limit=3', [fourth]],
    ['?q=caf%C3%A9', [fourth]],
    ['?q=REFUND', [third]],
    ['?q=%25', []],
    ['?unknown=parameter', newest],
  ];
  for (const [query, expected] of table) {
    await t.test(query, async () => assert.deepEqual(await ids(query), expected));
  }

  for (const [by, value] of [
    ['message_count', (row) => row.message_count],
    ['total_tokens', (row) => row.total_tokens],
    ['user_id', (row) => row.user_id],
    ['end_time', (row) => row.end_time ?? ''],
    ['duration', (row) => row.duration],
    ['last_activity', (row) => Date.parse(row.last_activity)],
  ]) {
    await t.test(`sorted by ${by}, in both orders, and stable over pages`, async () => {
      const up = (await list(`?sort_by=${by}&sort_order=asc`)).json().sessions;
      const down = (await list(`?sort_by=${by}`)).json().sessions;
      for (const [rows, sign] of [
        [up, 1],
        [down, -1],
      ]) {
        assert.equal(rows.length, 4);
        for (let i = 1; i < rows.length; i++) {
          const [a, b] = [value(rows[i - 1]), value(rows[i])];
          assert.ok(sign > 0 ? a <= b : a >= b, `${a}, ${b}`);
          if (a === b && by !== 'duration') assert.ok(rows[i - 1].id < rows[i].id, 'equal ones by id');
        }
      }
      const paged = [];
      for (let offset = 0; offset < 4; offset++) {
        paged.push(...(await ids(`?sort_by=${by}&sort_order=asc&limit=1&offset=${offset}`)));
      }
      assert.deepEqual([...paged].sort(), [...newest].sort(), 'every session is on one page');
    });
  }

  await t.test('the sessions of one user have a route of their own', async () => {
    const answer = await list('?limit=1&user_id=bob', '/admin/users/ada/sessions');
    const { sessions: rows, ...rest } = answer.json();
    assert.deepEqual(rest, { count: 1, limit: 1, offset: 0, total: 2 });
    assert.equal(rows[0].id, third);
    assert.deepEqual(await ids('', '/admin/users/nobody/sessions'), []);
  });

  const time = 'Invalid time format, expected RFC3339';
  const allowed = 'allowed: start_time, end_time, message_count, total_tokens, user_id';
  for (const [query, text] of [
    [`?user_id=${'u'.repeat(256)}`, 'user_id exceeds maximum length of 255 characters'],
    [`?user_id=${'u'.repeat(10_000)}`, 'user_id exceeds maximum length of 255 characters'],
    ['?start_time_from=yesterday', time],
    ['?start_time_to=2026-02-22T10:00:00', time],
    ['?start_time_from=2026-02-22T10:00:00+01:00', time],
    ['?start_time_from=2026-02-30', time],
    [
      '?start_time_from=2026-02-22T10:00:01Z&start_time_to=2026-02-22T10:00:00Z',
      'start_time_to must not be before start_time_from',
    ],
    ['?sort_by=name', `invalid sort_by field "name"; ${allowed}`],
    ['?sort_by=', `invalid sort_by field ""; ${allowed}`],
    ['?sort_by=%22%3Cb%3E%00', `invalid sort_by field ""<b>\u0000"; ${allowed}`],
    ['?sort_by=%ff', `invalid sort_by field "\ufffd"; ${allowed}`],
    ['?sort_order=up', 'invalid sort_order "up"; allowed: asc, desc'],
    ['?sort_order=', 'invalid sort_order ""; allowed: asc, desc'],
    ['?sort_order=DESC', 'invalid sort_order "DESC"; allowed: asc, desc'],
    [`?${'a&'.repeat(10_000)}a`, 'Too many query parameters'],
  ]) {
    await t.test(`refused: ${query.slice(0, 80)}`, async () => {
      const answer = await list(query);
      assert.deepEqual([answer.status, answer.json()], [400, bad(text)]);
    });
  }
  assert.equal((await list(`?user_id=${'u'.repeat(255)}`)).status, 200);

  for (const [limit, expected] of [
    ['1', 1],
    ['1000', 1000],
    ['1001', 100],
    ['0', 100],
    ['-1', 100],
    ['10abc', 10],
    ['abc', 100],
    ['', 100],
    ['99999999999999999999', 100],
    ['%2B7', 7],
    ['1.9', 1],
  ]) {
    await t.test(`limit=${limit} is ${expected}`, async () => {
      assert.equal((await list(`?limit=${limit}`)).json().limit, expected);
    });
  }
  for (const [offset, expected] of [
    ['1', 1],
    ['2x', 2],
    ['-1', 0],
    ['x', 0],
    ['', 0],
    ['99999999999999999999', 0],
  ]) {
    await t.test(`offset=${offset} is ${expected}`, async () => {
      assert.equal((await list(`?offset=${offset}`)).json().offset, expected);
    });
  }
  assert.equal((await request(server, '/admin/sessions', { token: server.token('ada') })).status, 403);
});

test('a user pages and searches his own sessions', async (t) => {
  const { server, sessions } = await world(t);
  const [first, , third] = sessions.map(({ id }) => id);
  const token = server.token('ada');
  const list = async (query) => (await request(server, `/sessions${query}`, { token })).json();
  const page = await list('?limit=1&offset=1');
  assert.deepEqual(
    [page.sessions.map(({ id }) => id), page.count, page.limit, page.offset, page.total, page.truncated],
    [[first], 1, 1, 1, 2, true],
  );
  assert.deepEqual(
    (await list('?q=refund')).sessions.map(({ id }) => id),
    [third],
  );
  assert.deepEqual(
    (await list('?status=ended')).sessions.map(({ id }) => id),
    [first],
  );
  assert.deepEqual((await list('?user_id=bob')).total, 2, "somebody else's are not his to ask for");
  const long = await request(server, `/sessions?q=${'x'.repeat(256)}`, { token });
  assert.deepEqual([long.status, long.json()], [400, bad('q exceeds maximum length of 255 characters')]);
});

test('a session is read in parts', async (t) => {
  const { server, enter } = await stage(t, { env });
  const ada = await enter('ada');
  for (const question of ['One', 'Two', 'Three']) await ada.ask(question);
  const read = async (query, path = '/sessions', token = ada.token) =>
    request(server, `${path}/${ada.sessionId}${query}`, { token });
  const root = server.token('root', { roles: ['chat_admin'] });
  for (const [query, expected] of [
    ['', [1, 2, 3, 4, 5, 6]],
    ['?after_seq=4', [5, 6]],
    ['?after_seq=6', []],
    ['?after_seq=1000000', []],
    ['?before_seq=3', [1, 2]],
    ['?before_seq=1', []],
    ['?before_seq=0', []],
    ['?limit=2', [5, 6]],
    ['?limit=1000', [1, 2, 3, 4, 5, 6]],
    ['?after_seq=0&limit=2', [1, 2]],
    ['?after_seq=1&before_seq=6&limit=3', [2, 3, 4]],
    ['?before_seq=5&limit=2', [3, 4]],
    ['?before_seq=5&limit=100', [1, 2, 3, 4]],
  ]) {
    for (const [path, token] of [
      ['/sessions', ada.token],
      ['/admin/sessions', root],
    ]) {
      const answer = await read(query, path, token);
      assert.deepEqual(
        answer.json().messages.map(({ seq }) => seq),
        expected,
        `${path} ${query}`,
      );
      assert.equal(answer.json().last_seq, 6);
    }
  }
  for (const [query, text] of [
    ['?after_seq=x', 'after_seq must be a whole number'],
    ['?after_seq=-1', 'after_seq must be a whole number'],
    ['?before_seq=1.5', 'before_seq must be a whole number'],
    ['?limit=0', 'limit must be a whole number from 1 to 1000'],
    ['?limit=1001', 'limit must be a whole number from 1 to 1000'],
  ]) {
    const answer = await read(query);
    assert.deepEqual([answer.status, answer.json()], [400, bad(text)]);
  }
});
