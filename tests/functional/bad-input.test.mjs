// Whatever a client sends: a clear error to whoever caused it, the connection stays, nobody else notices.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { history } from '../support/http.mjs';
import { opcodes, openRaw } from '../support/raw.mjs';
import { stage } from '../support/stage.mjs';

const notJson = 'Invalid message format';
const notValid = 'Message validation failed';
const message = (more) => JSON.stringify({ type: 'user_message', content: 'Hello', ...more });
const inAnHour = new Date(Date.now() + 3600_000).toISOString();

// [what, frame, text of the error]
const refused = [
  ['nothing', '', notJson],
  ['blanks', ' \n\t ', notJson],
  ['text', 'this is not JSON', notJson],
  ['half an object', '{"type":"user_message","content":"a', notJson],
  ['null', 'null', notJson],
  ['a list', '[]', notJson],
  ['a list with a message', `[${message()}]`, notJson],
  ['a string', '"user_message"', notJson],
  ['a number', '17', notJson],
  ['true', 'true', notJson],
  ['two objects', `${message()}${message()}`, notJson],
  ['two objects on two lines', `${message()}\n${message()}`, notJson],
  ['something behind the object', `${message()} x`, notJson],
  ['single quotes', "{'type':'user_message'}", notJson],
  ['a comment', `/* hi */ ${message()}`, notJson],
  ['a trailing comma', '{"type":"user_message","content":"a",}', notJson],
  ['NaN', '{"type":"user_message","content":NaN}', notJson],
  ['a raw line feed in a string', '{"type":"user_message","content":"a\nb"}', notJson],
  ['a raw NUL in a string', '{"type":"user_message","content":"a\0b"}', notJson],
  ['a broken escape', '{"type":"user_message","content":"\\x41"}', notJson],
  ['100 000 open lists', '['.repeat(100_000), notJson],
  ['100 000 open objects', '{"a":'.repeat(100_000), notJson],
  [
    'lists nested 100 000 deep',
    `{"type":"user_message","content":"x","metadata":{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`,
    notJson,
  ],
  ['a type that is a number', '{"type":17}', notJson],
  ['content that is a number', message({ content: 17 }), notJson],
  ['content that is an object', message({ content: {} }), notJson],
  ['a session that is a list', message({ session_id: [] }), notJson],
  ['metadata that is a list', message({ metadata: [] }), notJson],
  ['metadata that is text', message({ metadata: 'x' }), notJson],
  ['metadata with a list in it', message({ metadata: { a: [] } }), notJson],
  ['metadata with an object in it', message({ metadata: { a: {} } }), notJson],
  ['a time that is not one', message({ timestamp: 'yesterday' }), notJson],
  ['a time that is a number', message({ timestamp: 1700000000 }), notJson],
  ['an object without anything', '{}', undefined],
  ['a type that is null', '{"type":null}', undefined],
  ['no content', '{"type":"user_message"}', notValid],
  ['content that is null', message({ content: null }), notValid],
  ['empty content', message({ content: '' }), notValid],
  ['blank content', message({ content: ' \n\u00a0\u3000 ' }), notValid],
  ['content of NULs', message({ content: '\0\0' }), notValid],
  ['content of 10 001 bytes', message({ content: 'x'.repeat(10_001) }), notValid],
  ['content of 3334 characters, 10 002 bytes', message({ content: '€'.repeat(3334) }), notValid],
  ['a session of 129 bytes', message({ session_id: 's'.repeat(129) }), notValid],
  ['a client_id that is a number', message({ client_id: 7 }), notJson],
  ['a file_id of 256 bytes', message({ file_id: 'f'.repeat(256) }), notValid],
  ['a file_url of 2049 bytes', message({ file_url: 'f'.repeat(2049) }), notValid],
  ['a model_id of 101 bytes', message({ model_id: 'm'.repeat(101) }), notValid],
  ['a time in an hour', message({ timestamp: inAnHour }), notValid],
  ['an unknown sender', message({ sender: 'robot' }), notValid],
  [
    '33 metadata entries',
    message({ metadata: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`k${i}`, 'v'])) }),
    notValid,
  ],
  ['a metadata key of 101 bytes', message({ metadata: { ['k'.repeat(101)]: 'v' } }), notValid],
  ['a metadata value of 1001 bytes', message({ metadata: { k: 'v'.repeat(1001) } }), notValid],
  ['model_select without a model', '{"type":"model_select"}', notValid],
  ['model_select with an empty model', '{"type":"model_select","model_id":" "}', notValid],
  ...[
    'ping',
    'typing_indicator',
    'nonsense',
    'USER_MESSAGE',
    'user_message ',
    'ai_response',
    'error',
    'connection_status',
    'loading',
    'notification',
    'ack',
    'snapshot',
    'reset',
    'resumed',
  ].map((type) => [
    `type ${JSON.stringify(type)}`,
    JSON.stringify({ type, content: 'x', sender: 'user', error: { code: 'A', message: 'b' } }),
    `Invalid message format: unknown message type ${type}`,
  ]),
];

// Frames that are unusual but right: [what, frame, what the model reads].
const accepted = [
  ['unknown keys', message({ content: 'Keys', colour: 'red', nested: { a: [1, { b: null }] } }), 'Keys'],
  [
    'null for what may be absent',
    message({ content: 'Nulls', session_id: null, metadata: null, timestamp: null, sender: null }),
    'Nulls',
  ],
  ['an empty time', message({ content: 'No time', timestamp: '' }), 'No time'],
  [
    'an old time with a fraction and an offset',
    message({ content: 'Old', timestamp: '2020-02-29T23:59:59.123456789+05:30' }),
    'Old',
  ],
  ['blanks around the object', `\n\t ${message({ content: 'Blanks' })} \r\n`, 'Blanks'],
  ['escapes', '{"type":"user_message","content":"\\u0047r\\u00fc\\u00dfe \\ud83d\\udc4b \\/"}', 'Grüße 👋 /'],
  [
    'a key twice: the last one counts',
    '{"type":"ping","type":"user_message","content":"First","content":"Last"}',
    'Last',
  ],
  ['content of 10 000 bytes', message({ content: 'y'.repeat(10_000) }), 'y'.repeat(10_000)],
  [
    'numbers and truths in metadata',
    message({ content: 'Scalars', metadata: { n: 12.5, i: -3, t: true } }),
    'Scalars',
  ],
  [
    '32 metadata entries of full size',
    message({
      content: 'Full',
      metadata: Object.fromEntries(
        Array.from({ length: 32 }, (_, i) => [`${i}`.padEnd(100, 'k'), 'v'.repeat(1000)]),
      ),
    }),
    'Full',
  ],
];

test('a frame that cannot be used is answered to its sender', async (t) => {
  const { provider, server, enter } = await stage(t, { env: { RATE_LIMIT: '100000' } });
  const [ada, bystander] = [await enter('ada'), await enter('bob')];
  await bystander.ask('Before');
  for (const [what, frame, text] of refused) {
    await t.test(what, async () => {
      ada.send(frame);
      const { error, sender, type } = await ada.next();
      assert.equal(type, 'error');
      assert.equal(sender, 'ai');
      assert.equal(error.recoverable, true);
      assert.ok(['INVALID_FORMAT', 'MISSING_FIELD'].includes(error.code), error.code);
      if (text) assert.deepEqual([error.code, error.message], ['INVALID_FORMAT', text]);
    });
  }
  await t.test('and changes nothing', async () => {
    assert.equal(provider.requests.length, 1);
    assert.deepEqual(await ada.settled(), []);
    assert.equal((await ada.ask('Still there?')).text, 'You said: Still there?');
    assert.deepEqual(await bystander.settled(), []);
    assert.equal((await history(server, ada.token, ada.sessionId)).messages.length, 2);
  });
});

test('what is unusual but right is accepted', async (t) => {
  const { provider, enter } = await stage(t);
  const ada = await enter('ada');
  for (const [what, frame, read] of accepted) {
    await t.test(what, async () => {
      ada.send(frame);
      const { end } = await ada.answer();
      assert.equal(end.type, 'ai_response', JSON.stringify(end));
      assert.equal(provider.requests.at(-1).text, read);
    });
  }
});

test('a message in a binary frame is a message', async (t) => {
  const { server } = await stage(t);
  const ada = await openRaw(t, server, server.token('ada'));
  ada.send(opcodes.binary, message());
  assert.equal((await ada.json((frame) => frame.metadata?.done === 'true')).type, 'ai_response');
});

const badUtf8 = [
  ['a lone continuation byte', [0x80]],
  ['a byte that never occurs', [0xff]],
  ['an overlong slash', [0xc0, 0xaf]],
  ['an overlong NUL', [0xe0, 0x80, 0x80]],
  ['half a surrogate pair', [0xed, 0xa0, 0x80]],
  ['beyond the last character', [0xf4, 0x90, 0x80, 0x80]],
  ['a character cut short', [0xe2, 0x82]],
];

test('text that is not UTF-8 is an error of the frame, not of the connection', async (t) => {
  const { provider, server } = await stage(t);
  const ada = await openRaw(t, server, server.token('ada'));
  for (const [what, bytes] of badUtf8) {
    for (const kind of ['text', 'binary']) {
      await t.test(`${what}, ${kind}`, async () => {
        const [before, after] = message()
          .split('Hello')
          .map((part) => Buffer.from(part));
        ada.send(opcodes[kind], Buffer.concat([before, Buffer.from(bytes), after]));
        const { error } = await ada.json();
        assert.deepEqual([error.code, error.message], ['INVALID_FORMAT', notJson]);
      });
    }
  }
  ada.send(opcodes.text, message());
  await ada.json((frame) => frame.metadata?.done === 'true');
  assert.deepEqual(
    provider.requests.map((asked) => asked.text),
    ['Hello'],
  );
});

test('a half character in an escape cannot get through', async (t) => {
  const { provider, enter } = await stage(t);
  const ada = await enter('ada');
  for (const escape of ['\\ud800', '\\udc00', '\\ud800\\u0041']) {
    ada.send(`{"type":"user_message","content":"x${escape}y"}`);
    const { end } = await ada.answer();
    if (end.type === 'error') assert.equal(end.error.code, 'INVALID_FORMAT');
  }
  for (const { text } of provider.requests) assert.ok(text.isWellFormed?.() ?? !/[\ud800-\udfff]/.test(text));
  assert.equal((await ada.ask('Hello')).text, 'You said: Hello');
});

// A message of exactly `size` bytes that is valid.
const sized = (size) => {
  const shell = message({ pad: '' });
  return shell.replace('"pad":""', `"pad":"${'p'.repeat(size - shell.length)}"`);
};
const MiB = 1024 * 1024;

for (const [what, size] of [
  ['one byte less than', MiB - 1],
  ['exactly', MiB],
]) {
  test(`a message of ${what} 1 MiB is answered`, async (t) => {
    const { enter } = await stage(t);
    const ada = await enter('ada');
    ada.send(sized(size));
    assert.equal((await ada.answer()).text, 'You said: Hello');
  });
}

test('a message of one byte more than 1 MiB closes its connection with 1009', async (t) => {
  const { server, enter } = await stage(t);
  const [ada, bob] = [await enter('ada'), await enter('bob')];
  ada.send(sized(MiB + 1));
  assert.deepEqual(await ada.closed, { code: 1009, reason: '' });
  assert.equal((await bob.ask('Meanwhile')).text, 'You said: Meanwhile');
  await t.test('also when it comes in pieces', async (t) => {
    const raw = await openRaw(t, server, server.token('ada'));
    const bytes = Buffer.from(sized(MiB + 1));
    raw.send(opcodes.text, bytes.subarray(0, 700_000), { fin: false });
    raw.send(opcodes.continuation, bytes.subarray(700_000));
    assert.deepEqual(await raw.close(), { code: 1009, reason: '' });
  });
  await t.test('and when it is only announced', async (t) => {
    const raw = await openRaw(t, server, server.token('ada'));
    raw.send(opcodes.text, 'x', { length: MiB + 1 });
    assert.equal((await raw.close()).code, 1009);
  });
  await t.test('in pieces of exactly 1 MiB it is answered', async (t) => {
    const raw = await openRaw(t, server, server.token('ada'));
    const bytes = Buffer.from(sized(MiB));
    raw.send(opcodes.text, bytes.subarray(0, 9), { fin: false });
    raw.send(opcodes.continuation, bytes.subarray(9));
    await raw.json((frame) => frame.metadata?.done === 'true');
  });
});

test('the largest message is a setting', async (t) => {
  const { enter } = await stage(t, { env: { MAX_MESSAGE_SIZE: '1000' } });
  const ada = await enter('ada');
  ada.send(sized(1000));
  await ada.answer();
  ada.send(sized(1001));
  assert.equal((await ada.closed).code, 1009);
});
