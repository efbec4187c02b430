// The WebSocket protocol itself, by the sections of RFC 6455, against a client that keeps none of its rules.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closePayload, frameBytes, handshake, opcodes, openRaw, RawSocket } from '../support/raw.mjs';
import { stage } from '../support/stage.mjs';

const { continuation, text, binary, close, ping, pong } = opcodes;
const hello = JSON.stringify({ type: 'user_message', content: 'Hello' });
const isDone = (frame) => frame.metadata?.done === 'true';

// What breaks the protocol closes the connection with 1002: [section, what, bytes].
const violations = [
  ['5.1', 'a frame that is not masked', frameBytes(text, hello, { masked: false })],
  ['5.1', 'a ping that is not masked', frameBytes(ping, '', { masked: false })],
  ...[4, 2, 1].map((rsv) => ['5.2', `reserved bit ${3 - Math.log2(rsv)}`, frameBytes(text, hello, { rsv })]),
  ['5.2', 'a reserved bit on a ping', frameBytes(ping, '', { rsv: 4 })],
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) => [
    '5.2',
    `reserved opcode ${opcode}`,
    frameBytes(opcode, 'x'),
  ]),
  ['5.2', 'a length that is negative', frameBytes(text, 'x', { length: 2n ** 63n, form: 64 })],
  ['5.2', '5 bytes with a length of 16 bits', frameBytes(text, 'x'.repeat(5), { form: 16 })],
  ['5.2', '300 bytes with a length of 64 bits', frameBytes(text, 'x'.repeat(300), { form: 64 })],
  ['5.4', 'a continuation of nothing', frameBytes(continuation, hello)],
  ['5.4', 'a continuation of nothing, to be continued', frameBytes(continuation, hello, { fin: false })],
  [
    '5.4',
    'a new text in the middle of a message',
    Buffer.concat([frameBytes(text, '{', { fin: false }), frameBytes(text, '}')]),
  ],
  [
    '5.4',
    'a binary frame in the middle of a text',
    Buffer.concat([frameBytes(text, '{', { fin: false }), frameBytes(binary, '}')]),
  ],
  [
    '5.4',
    'a continuation behind the end of a message',
    Buffer.concat([
      frameBytes(text, '{', { fin: false }),
      frameBytes(continuation, '}'),
      frameBytes(continuation, '}'),
    ]),
  ],
  ['5.5', 'a ping in pieces', frameBytes(ping, 'x', { fin: false })],
  ['5.5', 'a close in pieces', frameBytes(close, closePayload(1000), { fin: false })],
  ['5.5', 'a ping of 126 bytes', frameBytes(ping, 'x'.repeat(126))],
  ['5.5', 'a pong of 126 bytes', frameBytes(pong, 'x'.repeat(126))],
  ['5.5', 'a close of 126 bytes', frameBytes(close, closePayload(1000, 'x'.repeat(124)))],
  ['5.5.1', 'a close of one byte', frameBytes(close, 'x')],
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535].map((code) => [
    '7.4',
    `close code ${code}`,
    frameBytes(close, closePayload(code)),
  ]),
];

test('what breaks the protocol closes its own connection with 1002, and no other', async (t) => {
  const { server, enter } = await stage(t);
  const bob = await enter('bob');
  for (const [section, what, bytes] of violations) {
    await t.test(`section ${section}: ${what}`, async (t) => {
      const ada = await openRaw(t, server, server.token('ada'));
      ada.write(bytes);
      assert.equal((await ada.close()).code, 1002);
    });
  }
  await t.test('section 8.1: a reason that is not UTF-8', async (t) => {
    const ada = await openRaw(t, server, server.token('ada'));
    ada.send(close, Buffer.concat([closePayload(1000), Buffer.from([0xff, 0xfe])]));
    assert.ok([1002, 1007].includes((await ada.close()).code));
  });
  assert.equal((await bob.ask('Meanwhile')).text, 'You said: Meanwhile');
});

test('section 5.4: a message may come in pieces', async (t) => {
  const { provider, server } = await stage(t);
  const question = JSON.stringify({ type: 'user_message', content: 'Grüße 👋' });
  const bytes = Buffer.from(question);
  const cuts = {
    'two pieces': [10],
    'empty pieces around': [0, 0, bytes.length, bytes.length],
    'a cut in every character': Array.from({ length: bytes.length - 1 }, (_, i) => i + 1),
  };
  for (const [what, at] of Object.entries(cuts)) {
    await t.test(what, async (t) => {
      const ada = await openRaw(t, server, server.token('ada'));
      const ends = [...at, bytes.length];
      ends.forEach((end, i) =>
        ada.send(i ? continuation : text, bytes.subarray(i ? ends[i - 1] : 0, end), {
          fin: i === ends.length - 1,
        }),
      );
      await ada.json(isDone);
      assert.equal(provider.requests.at(-1).text, 'Grüße 👋');
    });
  }
  await t.test('with pings between them, which are answered at once', async (t) => {
    const ada = await openRaw(t, server, server.token('ada'));
    ada.send(text, bytes.subarray(0, 5), { fin: false }).send(ping, 'one');
    assert.equal((await ada.frame()).payload.toString(), 'one');
    ada.send(continuation, bytes.subarray(5, 9), { fin: false }).send(ping, 'two').send(pong, 'unasked');
    assert.equal((await ada.frame()).payload.toString(), 'two');
    ada.send(continuation, bytes.subarray(9));
    await ada.json(isDone);
    assert.equal(provider.requests.at(-1).text, 'Grüße 👋');
  });
  await t.test('and its connection may close between them', async (t) => {
    const ada = await openRaw(t, server, server.token('ada'));
    ada.send(text, bytes.subarray(0, 5), { fin: false }).send(close, closePayload(1000));
    assert.equal((await ada.close()).code, 1000);
  });
});

test('section 5.5.2: a ping is answered with its payload', async (t) => {
  const { server } = await stage(t);
  const ada = await openRaw(t, server, server.token('ada'));
  const payloads = [Buffer.alloc(0), Buffer.from('hello'), Buffer.from([0, 255, 1, 254]), Buffer.alloc(125, 'x')];
  for (const payload of payloads) {
    ada.send(ping, payload);
    const answer = await ada.frame();
    assert.deepEqual([answer.opcode, answer.fin, answer.masked, answer.rsv], [pong, true, false, 0]);
    assert.deepEqual(answer.payload, payload);
  }
  ada.write(Buffer.concat(payloads.map((payload) => frameBytes(ping, payload))));
  // Section 5.5.3: only the last of several pings has to be answered.
  let last;
  do last = await ada.frameOf(pong);
  while (last.payload.length !== 125);
});

test('section 5.5.3: a pong that nobody asked for is ignored', async (t) => {
  const { server } = await stage(t);
  const ada = await openRaw(t, server, server.token('ada'));
  ada.send(pong, 'unasked').send(pong).send(ping, 'still there?');
  assert.equal((await ada.frame()).payload.toString(), 'still there?');
});

test('section 5.5.1: a close is answered with its code, and the server hangs up', async (t) => {
  const { server } = await stage(t);
  for (const code of [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999]) {
    await t.test(`${code}`, async (t) => {
      const ada = await openRaw(t, server, server.token('ada'));
      ada.send(close, closePayload(code, 'gruezi'));
      assert.equal((await ada.close()).code, code);
    });
  }
  await t.test('without a code', async (t) => {
    const ada = await openRaw(t, server, server.token('ada'));
    ada.send(close);
    assert.ok([1005, 1000].includes((await ada.close()).code));
  });
  await t.test('with a reason as long as it may be', async (t) => {
    const ada = await openRaw(t, server, server.token('ada'));
    ada.send(close, closePayload(1000, 'x'.repeat(123)));
    assert.equal((await ada.close()).code, 1000);
  });
  await t.test('and what comes behind it is ignored', async (t) => {
    const { provider, server } = await stage(t);
    const ada = await openRaw(t, server, server.token('ada'));
    ada.write(Buffer.concat([frameBytes(close, closePayload(1000)), frameBytes(text, hello), frameBytes(3, 'x')]));
    assert.equal((await ada.close()).code, 1000);
    assert.equal(provider.requests.length, 0);
  });
});

test('section 5.2: every way to write a length is understood', async (t) => {
  const { server } = await stage(t);
  const ada = await openRaw(t, server, server.token('ada'));
  for (const length of [125, 126, 127, 65_535, 65_536]) {
    ada.send(text, 'x'.repeat(length));
    assert.equal((await ada.json()).error.message, 'Invalid message format', `${length} bytes`);
  }
});

test('what the server sends is unmasked, whole and as short as it can be', async (t) => {
  const { server } = await stage(t);
  const ada = await openRaw(t, server, server.token('ada'));
  ada.send(text, JSON.stringify({ type: 'user_message', content: 'x'.repeat(9000) }));
  for (;;) {
    const frame = await ada.frame();
    assert.deepEqual([frame.opcode, frame.fin, frame.masked, frame.rsv], [text, true, false, 0]);
    if (isDone(JSON.parse(frame.payload.toString()))) break;
  }
});

test('how TCP cuts the bytes makes no difference', async (t) => {
  const { provider, server } = await stage(t);
  await t.test('one byte at a time, handshake included', async (t) => {
    const ada = await RawSocket.open(t, server);
    const bytes = Buffer.concat([Buffer.from(handshake(server, server.token('ada')))]);
    for (const byte of bytes) {
      ada.write(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
    assert.equal((await ada.response()).status, 101);
    for (const byte of frameBytes(text, hello)) {
      ada.write(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
    await ada.json(isDone);
  });
  await t.test('everything at once, handshake included', async (t) => {
    const ada = await RawSocket.open(t, server);
    ada.write(
      Buffer.concat([
        Buffer.from(handshake(server, server.token('bob'))),
        frameBytes(ping, 'early'),
        frameBytes(text, hello),
      ]),
    );
    assert.equal((await ada.response()).status, 101);
    await ada.json(isDone);
  });
  assert.deepEqual(
    provider.requests.map((asked) => asked.text),
    ['Hello', 'Hello'],
  );
});
