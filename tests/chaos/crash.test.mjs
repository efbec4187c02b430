// SIGKILL at random moments under load, again and again on the same data. Whatever a client was told stays true:
// an acknowledged message and a finished answer are in the history exactly once, and nothing is left out of it.
//
//   CHAOS_SEED=123 CHAOS_ROUNDS=500 node --test chaos/
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from '../support/client.mjs';
import { history } from '../support/http.mjs';
import { deferred, seconds, until, within } from '../support/patience.mjs';
import { startProvider } from '../support/provider.mjs';
import { Random } from '../support/random.mjs';
import { makeFolder, startServer } from '../support/server.mjs';
import { makeSecret } from '../support/token.mjs';
import { Transcript } from '../support/transcript.mjs';

const rounds = Number(process.env.CHAOS_ROUNDS ?? 100);
const users = 6;
const checkpointMs = 50;
const surelySavedMs = 600; // text that was shown so long before a crash must have been saved
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// The answer to a question is known beforehand, so that any part of it can be recognized.
function wordsFor(question) {
  const count = 5 + ((question.length * 7 + question.charCodeAt(question.length - 1) * 13) % 80);
  return [`re ${question}:`, ...Array.from({ length: count }, (_, i) => ` wörd${i}`)];
}
const answerTo = (question) => wordsFor(question).join('');

// A visitor with his client: what he said, what he was told, and what he has seen.
class Visitor {
  constructor(name, random, moments) {
    Object.assign(this, { name, random, moments });
    this.transcript = new Transcript();
    this.unacked = new Map(); // client_id -> content
    this.acked = new Map(); // client_id -> { seq, message_id, content }
    this.done = new Map(); // message_id -> { seq, content }
    this.shown = new Map(); // message_id -> [{ at, bytes }]
    this.stored = []; // the history after the last crash
    this.questions = 0;
  }

  async enter(server) {
    this.token = server.token(this.name);
    const query = this.transcript.position(this.sessionId);
    this.client = await Client.connect(server, this.token, { v: 2, query });
    for (const [id, content] of this.unacked) this.say(id, content);
  }

  async live(server) {
    await this.enter(server);
    await Promise.all([this.listen(), this.act()]);
  }

  // Reads until the server is gone.
  async listen() {
    for (;;) {
      let frame;
      try {
        frame = await this.client.next(() => true, 'anything', seconds(60));
      } catch (error) {
        if (this.client.isClosed) return;
        throw error;
      }
      this.sessionId = frame.session_id ?? this.sessionId;
      try {
        this.transcript.take(frame);
        this.remember(frame);
      } catch (error) {
        throw new Error(`${this.name}: ${error.message}\n${this.client.describe()}`);
      }
    }
  }

  remember(frame) {
    if (frame.type === 'ack') {
      this.acked.set(frame.client_id, { ...frame, content: this.transcript.sent.get(frame.client_id) });
      this.unacked.delete(frame.client_id);
      this.moments.reached('ack');
    } else if (frame.type === 'ai_response' && frame.metadata.streaming === 'true') {
      const pieces = this.shown.get(frame.message_id) ?? [];
      pieces.push({ at: performance.now(), bytes: this.transcript.text.length });
      this.shown.set(frame.message_id, pieces);
      this.moments.reached('piece');
      if (frame.metadata.done === 'true') {
        this.done.set(frame.message_id, {
          seq: frame.seq,
          status: frame.status,
          content: this.transcript.text.toString(),
        });
        this.moments.reached('done');
      }
    } else if (frame.type === 'error') {
      assert.fail(`${this.name} got ${JSON.stringify(frame)}`);
    }
  }

  say(id, content) {
    this.transcript.sent.set(id, content);
    this.client.send({ type: 'user_message', session_id: this.sessionId, content, client_id: id });
    this.moments.reached('send');
  }

  // Asks, sends again, stops, waits, until the server is gone.
  async act() {
    while (!this.client.isClosed) {
      if (this.random.chance(0.1)) {
        this.client.stop();
      } else if (this.acked.size > 0 && this.random.chance(0.1)) {
        const [id, { content }] = this.random.pick([...this.acked]);
        this.say(id, content);
      } else if (this.unacked.size < 3) {
        const id = `${this.name}-${++this.questions}`;
        const content = `${this.name} asks ${this.questions}`;
        this.unacked.set(id, content);
        this.say(id, content);
      }
      await pause(this.random.between(1, 120));
    }
  }

  // Everything that he was told must be in the history; `crashedAt` is when the server was killed.
  async check(server, crashedAt) {
    if (!this.sessionId) return;
    const { messages } = await history(server, this.token, this.sessionId);
    const at = (seq) => messages[seq - 1];
    assert.deepEqual(
      messages.map(({ seq }) => seq),
      messages.map((_, i) => i + 1),
      'seq counts from 1 without a gap',
    );
    assert.equal(new Set(messages.map(({ id }) => id)).size, messages.length, 'every message is there once');
    assert.deepEqual(messages.slice(0, this.stored.length), this.stored, 'what was stored before has not changed');

    for (const { seq, message_id, content } of this.acked.values()) {
      assert.deepEqual(
        [at(seq)?.id, at(seq)?.content, at(seq)?.sender],
        [message_id, content, 'user'],
        `acknowledged ${content}`,
      );
    }
    const questions = messages.filter(({ sender }) => sender === 'user').map(({ content }) => content);
    assert.equal(new Set(questions).size, questions.length, 'every question is there once');
    for (const [id, { seq, status, content }] of this.done) {
      assert.deepEqual(
        [at(seq)?.id, at(seq)?.content, at(seq)?.status ?? 'done'],
        [id, content, status],
        `answer ${id}`,
      );
    }
    for (const message of messages.slice(this.stored.length)) {
      if (message.sender === 'ai') this.checkAnswer(message, questions, crashedAt);
    }
    this.transcript.events.forEach((content, i) => assert.equal(at(i + 1)?.content, content, `event ${i + 1}`));
    this.stored = messages;
  }

  checkAnswer({ id, content, status }, questions, crashedAt) {
    if (status === undefined) {
      assert.ok(
        questions.some((question) => answerTo(question) === content),
        `a whole answer: ${content}`,
      );
    } else {
      assert.ok(['stopped', 'interrupted'].includes(status), status);
      assert.ok(
        questions.some((question) => answerTo(question).startsWith(content)),
        `a part of an answer: ${content}`,
      );
    }
    const saved = (this.shown.get(id) ?? []).filter((piece) => piece.at < crashedAt - surelySavedMs);
    const least = saved.length ? saved.at(-1).bytes : 0;
    assert.ok(
      Buffer.byteLength(content) >= least,
      `${status}: ${least} bytes were shown long before, kept: ${content}`,
    );
  }
}

// Counts what happens, so that a crash can come right behind it.
class Moments {
  await(kind, count) {
    Object.assign(this, { kind, count, hit: deferred() });
    return this.hit.promise;
  }

  reached(kind) {
    if (kind === this.kind && --this.count === 0) this.hit.resolve();
  }
}

test(`nothing acknowledged is lost in ${rounds} crashes`, async (t) => {
  const random = new Random(process.env.CHAOS_SEED && Number(process.env.CHAOS_SEED));
  t.diagnostic(`seed ${random.seed}`);
  console.log(`CHAOS_SEED=${random.seed}`);
  const provider = await startProvider(t);
  provider.otherwise = async (x) => {
    x.start();
    for (const word of wordsFor(x.text)) {
      x.token(word);
      if (!(await x.pause(x.text.length % 3 ? 12 : 2))) return;
    }
    x.finish();
  };
  const place = { secret: makeSecret(), dataDir: makeFolder(t, 'chatbox-crash-'), provider };
  const env = {
    CHATBOX_CHECKPOINT_INTERVAL: `${checkpointMs}ms`,
    RATE_LIMIT: '1000000',
    CHATBOX_MAX_CONNECTIONS_PER_USER: '100',
  };
  const moments = new Moments();
  const visitors = Array.from(
    { length: users },
    (_, i) => new Visitor(`user${i}`, new Random(random.seed + i + 1), moments),
  );

  let crashedAt = Infinity;
  for (let round = 0; round <= rounds; round++) {
    const server = await startServer(t, { ...place, env });
    try {
      await Promise.all(visitors.map((visitor) => visitor.check(server, crashedAt)));
      if (round === rounds) {
        await finish(server, visitors);
        break;
      }
      const kind = random.pick(['time', 'time', 'time', 'send', 'ack', 'piece', 'done']);
      const moment =
        kind === 'time'
          ? pause(random.between(5, random.chance(0.3) ? 1500 : 400))
          : Promise.race([moments.await(kind, random.between(1, kind === 'piece' ? 200 : 20)), pause(1500)]);
      const lives = Promise.all(
        visitors.map((visitor) =>
          visitor.live(server).catch((error) => {
            if (!/ECONN|socket hang up|closed before|the WebSocket/.test(error.message)) throw error;
          }),
        ),
      );
      await Promise.race([moment, lives]);
      crashedAt = performance.now();
      await server.kill();
      await within(seconds(20), lives, 'the clients to notice');
    } catch (error) {
      throw new Error(`round ${round}, CHAOS_SEED=${random.seed}: ${error.stack}`);
    }
  }
  const count = (of) => visitors.reduce((sum, visitor) => sum + of(visitor), 0);
  const interrupted = count(({ stored }) => stored.filter(({ status }) => status === 'interrupted').length);
  t.diagnostic(
    `${count(({ acked }) => acked.size)} acknowledged, ${count(({ done }) => done.size)} answers seen, ${interrupted} interrupted`,
  );
  assert.ok(count(({ acked }) => acked.size) > rounds, 'there was load');
  assert.ok(interrupted > rounds / 10, 'answers were running when it crashed');
});

// In peace: what was not acknowledged is sent again, until everything that was ever said is there once.
async function finish(server, visitors) {
  for (const visitor of visitors) {
    await visitor.enter(server);
    const life = visitor.listen();
    await until(() => visitor.unacked.size === 0, `${visitor.name} has all acknowledgements`);
    visitor.client.drop();
    await life;
    await visitor.check(server, -Infinity);
    const questions = visitor.stored.filter(({ sender }) => sender === 'user').map(({ content }) => content);
    const said = Array.from({ length: visitor.questions }, (_, i) => `${visitor.name} asks ${i + 1}`);
    assert.deepEqual([...questions].sort(), [...said].sort(), 'everything that was ever said is there once');
  }
}

test('a crash during the start does not hurt the next start', async (t) => {
  const random = new Random(process.env.CHAOS_SEED && Number(process.env.CHAOS_SEED));
  console.log(`CHAOS_SEED=${random.seed}`);
  const provider = await startProvider(t);
  provider.otherwise = async (x) => {
    x.start().token('Half of an answer');
    await x.gone;
  };
  const place = { secret: makeSecret(), dataDir: makeFolder(t, 'chatbox-crash-'), provider };
  const first = await startServer(t, { ...place, env: { CHATBOX_CHECKPOINT_INTERVAL: '10ms' } });
  const clients = [];
  for (let i = 0; i < 20; i++) {
    const client = await Client.connect(first, first.token(`user${i}`), { v: 2 });
    client.say('Hello', { client_id: 'c' });
    await client.next((frame) => frame.content === 'Half of an answer');
    clients.push(client);
  }
  await first.kill();
  for (let i = 0; i < 10; i++) {
    let victim;
    const starting = startServer(t, { ...place, onStart: (server) => (victim = server) }).catch(() => {});
    await pause(random.between(0, 60));
    await victim.kill();
    await starting;
  }
  const last = await startServer(t, place);
  for (const [i, client] of clients.entries()) {
    const { messages } = await history(last, last.token(`user${i}`), client.sessionId);
    assert.deepEqual(
      messages.map(({ seq, status }) => [seq, status]),
      [
        [1, undefined],
        [2, 'interrupted'],
      ],
      `seed ${random.seed}`,
    );
    assert.ok('Half of an answer'.startsWith(messages[1].content));
  }
});
