import { beforeEach, describe, expect, it } from 'vitest';
import { ChatClient, type Opening } from '../src/client/chat_client';
import type { KeyValue } from '../src/client/token';
import { unacknowledged } from '../src/client/transcript';
import { FakeClock, FakeServer, seeded, settle } from './fakes';

function memoryStorage(): KeyValue & { map: Map<string, string> } {
  const map = new Map<string, string>();
  return {
    map,
    getItem: (key) => map.get(key) ?? null,
    setItem: (key, value) => void map.set(key, value),
    removeItem: (key) => void map.delete(key),
  };
}

let clock: FakeClock;
let server: FakeServer;
let storage: ReturnType<typeof memoryStorage>;
let online: boolean;
let ids: number;

beforeEach(() => {
  clock = new FakeClock();
  server = new FakeServer();
  storage = memoryStorage();
  online = true;
  ids = 0;
});

function makeClient(opening: Opening = {}, random = (): number => 0.5): ChatClient {
  return new ChatClient(
    'ws://host/chatbox',
    {
      api: server.api, open: server.open, clock, random, newId: () => `c${++ids}`, storage, token: () => 'secret', isOnline: () => online,
    },
    opening,
  );
}

async function connected(opening: Opening = {}): Promise<ChatClient> {
  const client = makeClient(opening);
  client.start();
  await settle();
  server.pump();
  return client;
}

const texts = (client: ChatClient): string[] => client.current.transcript.items.map((item) => item.text);
const deliveries = (client: ChatClient): (string | undefined)[] => client.current.transcript.items.map((item) => item.delivery);

describe('connecting', () => {
  it('asks for version 2 and passes the token as a sub-protocol, never in the address', async () => {
    await connected();
    expect(server.socket.protocols).toEqual(['chatbox', 'secret']);
    expect(server.urls).toEqual(['ws://host/chatbox/ws?v=2']);
  });

  it('opens the active session with its history and the position behind it', async () => {
    server.sessionId = 's1';
    server.log = [{ seq: 1, id: 'u1', sender: 'user', content: 'Hello' }, { seq: 2, id: 'a1', sender: 'ai', content: 'Hi' }];
    const client = await connected();
    expect(texts(client)).toEqual(['Hello', 'Hi']);
    expect(server.urls).toEqual(['ws://host/chatbox/ws?v=2&session_id=s1&after_seq=2']);
    expect(client.current.connection.kind).toBe('online');
  });

  it('ends the active session when a fresh one is wanted', async () => {
    server.sessionId = 's1';
    const client = await connected({ fresh: true });
    expect(server.sessionId).toBeUndefined();
    expect(client.current.connection.kind).toBe('online');
  });

  it('says that a session is missing when it was asked for by id', async () => {
    const client = await connected({ sessionId: 'nope' });
    expect(client.current.phase).toBe('missing');
    expect(server.urls).toEqual([]);
  });

  it('waits longer from attempt to attempt, between 1 and 30 s', async () => {
    const client = makeClient();
    client.start();
    await settle();
    const waits: number[] = [];
    server.httpFailure = 'unreachable';
    for (let i = 0; i < 8; i++) {
      if (client.current.connection.kind === 'connecting') server.socket.cut();
      await settle();
      const state = client.current.connection;
      if (state.kind !== 'waiting') throw new Error(state.kind);
      expect(state.reason).toBe('unreachable');
      waits.push(state.until - clock.now());
      await clock.advance(state.until - clock.now());
    }
    expect(waits).toEqual([1500, 3000, 6000, 12000, 22500, 22500, 22500, 22500]);
  });

  it('stops trying when the token is refused, and goes on with a new one', async () => {
    const client = makeClient();
    client.start();
    await settle();
    server.httpFailure = 'unauthorized';
    server.socket.cut();
    await clock.advance(60_000);
    expect(client.current.connection).toEqual({ kind: 'unauthorized', expired: false });
    server.httpFailure = undefined;
    client.reconnect();
    await settle();
    server.pump();
    expect(client.current.connection.kind).toBe('online');
  });

  it('does not try while the device has no network', async () => {
    const client = await connected();
    online = false;
    client.networkChanged(false);
    server.socket.cut();
    await clock.advance(120_000);
    expect(client.current.connection.kind).toBe('offline');
    expect(server.urls).toHaveLength(1);
    online = true;
    client.networkChanged(true);
    await settle();
    expect(server.urls).toHaveLength(2);
  });

  it('says that the sign-in expired when the server closes for it', async () => {
    const client = await connected();
    server.socket.cut(4001);
    expect(client.current.connection).toEqual({ kind: 'unauthorized', expired: true });
  });

  it('forgets a session that is gone and starts over', async () => {
    const client = await connected();
    client.send('Hello');
    server.pump();
    server.sessionId = undefined;
    server.log = [];
    server.running = undefined;
    server.socket.cut();
    await clock.advance(1500);
    server.pump();
    await clock.advance(2000);
    expect(client.current.connection.kind).toBe('online');
    expect(texts(client)).toEqual([]);
  });
});

describe('sending', () => {
  it('keeps what is typed offline and sends it in order', async () => {
    const client = makeClient();
    client.send('one');
    client.send('two');
    expect(deliveries(client)).toEqual(['queued', 'queued']);
    client.start();
    await settle();
    server.pump();
    expect(server.log.map((event) => event.content)).toEqual(['one', 'two']);
    expect(texts(client).slice(0, 1)).toEqual(['one']);
  });

  it('sends again what was not acknowledged, with the same client id', async () => {
    const client = await connected();
    client.send('Hello');
    server.socket.passUp();
    server.socket.cut();
    expect(deliveries(client)).toEqual(['queued']);
    await clock.advance(1500);
    server.pump();
    expect(server.log.filter((event) => event.sender === 'user')).toHaveLength(1);
    expect(texts(client).filter((text) => text === 'Hello')).toHaveLength(1);
    expect(unacknowledged(client.current.transcript)).toEqual([]);
  });

  it('takes a connection without ack for dead', async () => {
    const client = await connected();
    client.send('Hello');
    await clock.advance(15_000);
    expect(client.current.connection).toMatchObject({ kind: 'waiting', reason: 'silent' });
  });

  it('waits as long as the server says when it is too fast, then goes on by itself', async () => {
    const client = await connected();
    server.refuse = { code: 'TOO_MANY_REQUESTS', retry_after: 4000 };
    client.send('Hello');
    server.pump();
    expect(client.current.transcript.items[0]).toMatchObject({ delivery: 'queued', problem: { code: 'TOO_MANY_REQUESTS' } });
    await clock.advance(4000);
    server.pump();
    expect(server.log[0]?.content).toBe('Hello');
  });

  it('leaves a refused message to its author, and does not hold up the next', async () => {
    const client = await connected();
    server.refuse = { code: 'DATABASE_ERROR' };
    client.send('one');
    client.send('two');
    server.pump();
    expect(new Set(deliveries(client))).toEqual(new Set(['sent', 'failed', undefined]));
    const failed = client.current.transcript.items.find((item) => item.delivery === 'failed');
    client.retry(failed?.clientId ?? '');
    server.pump();
    expect(server.log.filter((event) => event.sender === 'user').map((event) => event.content)).toEqual(['two', 'one']);
  });

  it('remembers unsent messages over a reload, and sends each once', async () => {
    const before = await connected();
    before.send('Hello');
    server.socket.passUp();  // stored, but its ack is lost with the page
    server.socket.close();
    const after = await connected();
    server.pump();
    expect(server.log.filter((event) => event.sender === 'user')).toHaveLength(1);
    expect(after.current.transcript.items.filter((item) => item.sender === 'user')).toHaveLength(1);
    expect([...storage.map.keys()]).toEqual([]);
  });
});

describe('an answer', () => {
  it('is stopped, also when the wish was made while there was no connection', async () => {
    const client = await connected();
    client.send('Hello');
    server.pump();
    server.say('A long ');
    server.pump();
    server.socket.cut();
    client.stop();
    await clock.advance(1500);
    server.pump();
    expect(server.log[1]).toMatchObject({ content: 'A long ', status: 'stopped' });
    expect(client.current.transcript.items[1]).toMatchObject({ text: 'A long ', answer: 'stopped' });
  });

  it('that goes silent makes the client resume', async () => {
    const client = await connected();
    client.send('Hello');
    server.pump();
    await clock.advance(60_000);
    expect(client.current.connection).toMatchObject({ kind: 'waiting', reason: 'silent' });
  });

  it('with a hole is resumed from the last byte that is there', async () => {
    const client = await connected();
    client.send('Hello');
    server.pump();
    server.say('one ');
    server.pump();
    server.say('two ');
    server.socket.down.length = 0;  // lost on the way
    server.say('three');
    server.pump();
    await clock.advance(1500);
    server.pump();
    expect(server.urls[1]).toContain('offset=4');
    expect(texts(client)).toEqual(['Hello', 'one two three']);
  });
});

describe('a session that has ended', () => {
  const log = [{ seq: 1, id: 'u1', sender: 'user' as const, content: 'Hello' }];

  it('is shown, and nothing more can be said in it', async () => {
    Object.assign(server, { sessionId: 's1', ended: true, log });
    const client = await connected({ sessionId: 's1' });
    expect(client.current.transcript.ended).toBe(true);
    expect(client.current.connection.kind).toBe('online');
    client.send('more');
    expect(texts(client)).toEqual(['Hello']);
  });

  it('is noticed when it ends from elsewhere', async () => {
    Object.assign(server, { sessionId: 's1', log });
    const client = await connected();
    expect(client.current.transcript.ended).toBe(false);
    server.endFromElsewhere();
    server.pump();
    await settle();
    expect(client.current.transcript).toMatchObject({ ended: true });
    expect(client.current.transcript.notice).toBeUndefined();
  });

  it('is noticed when it ended while there was no connection', async () => {
    Object.assign(server, { sessionId: 's1', log });
    const client = await connected();
    server.socket.cut();
    server.ended = true;
    await clock.advance(1500);
    server.pump();
    await clock.advance(2000);
    expect(client.current.transcript.ended).toBe(true);
    expect(client.current.connection.kind).toBe('online');
  });
});

describe('a new chat', () => {
  it('ends the session and starts empty', async () => {
    const client = await connected();
    client.send('Hello');
    server.pump();
    expect(await client.newChat()).toBe(true);
    await settle();
    server.pump();
    expect(texts(client)).toEqual([]);
    expect(client.current.connection.kind).toBe('online');
  });

  it('changes nothing when the server cannot be reached', async () => {
    const client = await connected();
    client.send('Hello');
    server.pump();
    server.httpFailure = 'unreachable';
    expect(await client.newChat()).toBe(false);
    expect(texts(client)[0]).toBe('Hello');
  });
});

describe('random schedules of sending, streaming, stopping, calls for a person, losses, cuts and crashes', () => {
  const words = ['Hello ', 'wörld ', '漢字', '🙂', 'x', '\n\n', '**bold** '];

  async function play(seed: number): Promise<void> {
    const random = seeded(seed);
    const below = (n: number): number => Math.floor(random() * n);
    const client = makeClient({}, random);
    client.start();
    const sent: string[] = [];
    let elsewhere = 0;
    for (let step = 0; step < 200; step++) {
      const sockets = [...server.sockets];
      const pick = below(100);
      if (pick < 8) {
        sent.push(`message ${sent.length}`);
        client.send(sent[sent.length - 1] ?? '');
      } else if (pick < 27) server.say(words[below(words.length)] ?? '');
      else if (pick < 33) server.finish(['done', 'failed'][below(2)] ?? 'done');
      else if (pick < 36) client.stop();
      else if (pick < 40) sockets.forEach((socket) => socket.cut([1006, 1001, 1013][below(3)]));
      else if (pick < 41) server.crash((text) => [...text].slice(0, below(text.length + 1)).join(''));
      else if (pick < 44) client.requestHelp();
      else if (pick < 47) server.person(below(2) ? 'admin_join' : 'admin_leave', 'Jane');
      else if (pick < 53) server.sayElsewhere(`elsewhere ${elsewhere++}`);
      else if (pick < 58) sockets.forEach((socket) => socket.loseOne(below(6)));
      else if (pick < 70) sockets.forEach((socket) => socket.accept());
      else if (pick < 76) await clock.advance(below(4000));
      else if (pick < 86) sockets.forEach((socket) => socket.passUp());
      else for (let i = below(6); i > 0; i--) sockets.forEach((socket) => socket.passDown());
      await settle();
      // Nothing shown twice, at any moment.
      const known = client.current.transcript.items.flatMap((item) => item.id ?? []);
      expect(new Set(known).size).toBe(known.length);
    }
    // The network is good again: everything has to come right by itself.
    for (let i = 0; i < 40; i++) {
      server.pump();
      server.finish('done');
      server.pump();
      await clock.advance(20_000);
    }
    // What was lost last is noticed with the next thing that happens.
    server.sayElsewhere(`elsewhere ${elsewhere++}`);
    for (let i = 0; i < 5; i++) {
      server.pump();
      await clock.advance(2000);
    }
    const { transcript } = client.current;
    const shown = transcript.items.filter((item) => item.seq !== undefined).sort((a, b) => (a.seq ?? 0) - (b.seq ?? 0));
    // The text of a failed answer that the client saw grow is the log's, too.
    expect(shown.map((item) => `${item.seq} ${item.id} ${item.text} ${item.answer ?? ''}`)).toEqual(
      server.log.map((event) => `${event.seq} ${event.id} ${event.content} ${event.sender === 'ai' ? (event.status ?? 'done') : ''}`),
    );
    expect(transcript.items.filter((item) => item.seq === undefined)).toEqual([]);
    expect(server.log.filter((event) => event.clientId).map((event) => event.content)).toEqual(sent);
    expect(transcript.asking).toBe(false);
    expect(client.current.connection.kind).toBe('online');
  }

  for (let block = 0; block < 10; block++) {
    it(`end with exactly the server's log (seeds ${block * 30} to ${block * 30 + 29})`, async () => {
      for (let seed = block * 30; seed < block * 30 + 30; seed++) {
        clock = new FakeClock();
        server = new FakeServer();
        storage = memoryStorage();
        await play(seed).catch((error: unknown) => {
          throw new Error(`seed ${seed}`, { cause: error });
        });
      }
    });
  }
});
