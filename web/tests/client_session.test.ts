// What a client does beyond sending and resuming: tokens, tickets, typing, calls for a person, files, and what close codes ask.

import { beforeEach, describe, expect, it } from 'vitest';
import { afterClose } from '../src/client/closing';
import { ChatClient, defaultClientLimits, type ClientOptions } from '../src/client/chat_client';
import { TokenKeeper } from '../src/client/token_keeper';
import { FakeClock, FakeServer, settle } from './fakes';

let clock: FakeClock;
let server: FakeServer;
let token: string;
let asked: number;
let storage: Map<string, string>;

beforeEach(() => {
  clock = new FakeClock();
  server = new FakeServer();
  token = jwt(clock.now() + 600_000);
  asked = 0;
  storage = new Map();
});

/** A token that ends at that time, unsigned: nothing here verifies it. */
function jwt(expires: number): string {
  return `e30.${btoa(JSON.stringify({ user_id: 'u', exp: Math.floor(expires / 1000) }))}.sig`;
}

function makeClient({ parent = true, options = {} as ClientOptions } = {}): ChatClient {
  let ids = 0;
  return new ChatClient(
    'ws://host/chatbox',
    {
      api: server.api, open: server.open, clock, random: () => 0.5, newId: () => `c${++ids}`, token: () => token, isOnline: () => true,
      storage: {
        getItem: (key) => storage.get(key) ?? null, setItem: (key, value) => void storage.set(key, value), removeItem: (key) => void storage.delete(key),
      },
      ...(parent ? { renewToken: () => void (asked += 1) } : {}),
    },
    {},
    defaultClientLimits,
    options,
  );
}

async function connected(how: Parameters<typeof makeClient>[0] = {}): Promise<ChatClient> {
  const client = makeClient(how);
  client.start();
  await settle();
  server.pump();
  return client;
}

async function inSession(how: Parameters<typeof makeClient>[0] = {}): Promise<ChatClient> {
  const client = await connected(how);
  client.send('Hello');
  server.pump();
  server.finish('done');
  server.pump();
  return client;
}

const sent = (type: string): Record<string, unknown>[] => server.received.filter((frame) => frame['type'] === type);
const kind = (client: ChatClient): string => client.current.connection.kind;

describe('a token', () => {
  it('is asked for a minute before the old one ends, again and again, and handed over in band', async () => {
    const client = await connected();
    await clock.advance(539_000);
    expect(asked).toBe(0);
    await clock.advance(1000);
    expect(asked).toBe(1);
    await clock.advance(15_000);
    expect(asked).toBe(2);
    token = jwt(clock.now() + 600_000);
    client.tokenRenewed();
    server.pump();
    expect(sent('auth_refresh')).toEqual([{ type: 'auth_refresh', token }]);
    await clock.advance(60_000);
    expect(asked).toBe(2);
    expect(server.urls).toHaveLength(1);
    expect(kind(client)).toBe('online');
  });

  it('of a short life is asked for when a fifth of it is left', async () => {
    token = jwt(clock.now() + 10_000);
    await connected();
    await clock.advance(7999);
    expect(asked).toBe(0);
    await clock.advance(1);
    expect(asked).toBe(1);
  });

  it('is asked for when the server says that it ends, whatever the clock of the device says', async () => {
    token = jwt(clock.now() - 3600_000);
    await connected();
    await clock.advance(60_000);
    expect(asked).toBe(0);
    server.socket.down.push({ type: 'token_expiring', expires_in: 60 });
    server.pump();
    expect(asked).toBe(1);
  });

  it('that is always short is not changed all the time, although the server warns at once', async () => {
    const client = await connected();
    for (let i = 0; i < 10; i++) {
      token = jwt(clock.now() + 50_000);
      client.tokenRenewed();
      server.socket.down.push({ type: 'token_expiring', expires_in: 50 });
      server.pump();
      await clock.advance(40_000);
    }
    expect(asked).toBe(10);
  });

  it('that has ended is replaced, and the client comes back to where it was', async () => {
    const client = await inSession();
    server.socket.cut(4001, 'token expired: refresh and come back');
    expect(kind(client)).toBe('renewing');
    expect(asked).toBe(1);
    token = jwt(clock.now() + 600_000);
    client.tokenRenewed();
    await settle();
    server.pump();
    expect(kind(client)).toBe('online');
    expect(server.socket.protocols).toEqual(['chatbox', token]);
    expect(server.urls[1]).toContain('session_id=s1&after_seq=2');
  });

  it('that nobody renews leaves the visitor signed out, and one that comes late signs in again', async () => {
    const client = await connected();
    server.socket.cut(4001);
    await clock.advance(8000);
    expect(client.current.connection).toEqual({ kind: 'unauthorized', expired: true });
    await clock.advance(60_000);
    expect(asked).toBeGreaterThan(2);
    client.tokenRenewed();
    await settle();
    server.pump();
    expect(kind(client)).toBe('online');
  });

  it('has nobody to be asked for outside a frame', async () => {
    const client = await connected({ parent: false });
    server.socket.cut(4001);
    expect(client.current.connection).toEqual({ kind: 'unauthorized', expired: true });
  });

  it('that does not do either is not tried in a loop', async () => {
    const client = await connected();
    const kinds: string[] = [];
    for (let i = 0; i < 6 && kind(client) !== 'unauthorized'; i++) {
      server.socket.cut(4001);
      if (kind(client) === 'renewing') client.tokenRenewed();
      kinds.push(kind(client));
      await clock.advance(2500 * (i + 1));
      server.pump();
    }
    expect(kinds.slice(0, 3)).toEqual(['connecting', 'waiting', 'waiting']);
    expect(kind(client)).toBe('unauthorized');
  });

  it('that the server does not take in band changes nothing while the old one lives', async () => {
    const client = await inSession();
    server.socket.down.push({ type: 'error', error: { code: 'INVALID_TOKEN', message: 'no', recoverable: false } });
    server.pump();
    expect(kind(client)).toBe('online');
    expect(client.current.transcript.notice).toBeUndefined();
  });

  it('is asked for when the server says in words that it has ended', async () => {
    const client = await connected();
    server.socket.down.push({ type: 'error', error: { code: 'EXPIRED_TOKEN', message: 'over', recoverable: false } });
    server.pump();
    expect(kind(client)).toBe('renewing');
  });

  it('that lives for years is watched without a timer that a browser would cut short', async () => {
    const waits: number[] = [];
    token = jwt(clock.now() + 5 * 365 * 86_400_000);
    const watching = { now: () => clock.now(), after: (ms: number, then: () => void) => (waits.push(ms), clock.after(ms, then)) };
    new TokenKeeper({ clock: watching, token: () => token, ask: () => void (asked += 1) }).watch();
    await clock.advance(3 * 86_400_000);
    expect(Math.max(...waits)).toBeLessThanOrEqual(2 ** 31 - 1);
    expect(asked).toBe(0);
  });
});

describe('a ticket', () => {
  it('opens the socket in place of the token, and each attempt takes a new one', async () => {
    server.tickets = true;
    const client = await connected({ options: { tickets: true } });
    expect(server.urls[0]).toBe('ws://host/chatbox/ws?v=2&ticket=ticket1');
    expect(server.socket.protocols).toEqual([]);
    server.socket.cut();
    await clock.advance(1500);
    server.pump();
    expect(server.urls[1]).toContain('ticket=ticket2');
    expect(kind(client)).toBe('online');
  });

  it('that the server does not know of is done without', async () => {
    await connected({ options: { tickets: true } });
    expect(server.socket.protocols).toEqual(['chatbox', token]);
  });
});

describe('the pace of pieces', () => {
  it('is chosen when connecting', async () => {
    await connected({ options: { merge: 40 } });
    expect(server.urls).toEqual(['ws://host/chatbox/ws?v=2&merge=40']);
  });
});

describe('typing', () => {
  it('is said at once, then seldom, and taken back after a pause', async () => {
    const client = await inSession();
    for (let i = 0; i < 40; i++) {
      client.typing();
      await clock.advance(100);
    }
    server.pump();
    expect(sent('typing').map((frame) => frame['active'])).toEqual([true, true]);
    await clock.advance(4000);
    server.pump();
    expect(sent('typing').at(-1)).toEqual({ type: 'typing', session_id: 's1', active: false });
  });

  it('is not taken back when the message was sent', async () => {
    const client = await inSession();
    client.typing();
    client.send('Done');
    await clock.advance(10_000);
    server.pump();
    expect(sent('typing')).toHaveLength(1);
  });

  it('is not said without a session or a connection', async () => {
    const client = await connected();
    client.typing();
    server.pump();
    expect(sent('typing')).toEqual([]);
  });

  it('of a person is shown until they stop, send, or are not heard of for a while', async () => {
    const client = await inSession();
    const says = (active: boolean): void => (server.broadcast({ type: 'typing', sender: 'admin', active }), server.pump());
    says(true);
    expect(client.current.writing).toEqual(['admin']);
    says(false);
    expect(client.current.writing).toEqual([]);
    says(true);
    await clock.advance(6000);
    expect(client.current.writing).toEqual([]);
    says(true);
    server.broadcast({ type: 'user_message', sender: 'admin', content: 'Hi', message_id: 'p', seq: 3 });
    server.pump();
    expect(client.current.writing).toEqual([]);
    says(true);
    server.socket.cut();
    expect(client.current.writing).toEqual([]);
  });
});

describe('a call for a person', () => {
  it('is sent once, and seen as waiting when the server confirms it', async () => {
    const client = await inSession();
    client.requestHelp();
    client.requestHelp();
    expect(client.current.transcript.asking).toBe(true);
    server.pump();
    expect(sent('help_request')).toEqual([{ type: 'help_request', session_id: 's1' }]);
    expect(client.current.transcript).toMatchObject({ asking: false, control: 'waiting' });
  });

  it('before the first message waits for the session', async () => {
    const client = await connected();
    client.requestHelp();
    server.pump();
    expect(sent('help_request')).toEqual([]);
    client.send('I need a person');
    server.pump();
    server.pump();
    expect(sent('help_request')).toHaveLength(1);
    expect(client.current.transcript.control).toBe('waiting');
  });

  it('that was lost on the way is sent again after the connection is back', async () => {
    const client = await inSession();
    client.requestHelp();
    server.socket.up.length = 0;
    await clock.advance(15_000);
    expect(client.current.connection).toMatchObject({ kind: 'waiting', reason: 'silent' });
    await clock.advance(1500);
    server.pump();
    expect(sent('help_request')).toHaveLength(1);
    expect(client.current.transcript.control).toBe('waiting');
  });

  it('whose confirmation was lost is not sent again', async () => {
    const client = await inSession();
    client.requestHelp();
    server.socket.passUp();
    server.socket.cut();
    await clock.advance(1500);
    server.pump();
    expect(sent('help_request')).toHaveLength(1);
    expect(client.current.transcript.control).toBe('waiting');
  });

  it('ends with a person who joins, by name, and who leaves again', async () => {
    const client = await inSession();
    client.requestHelp();
    server.pump();
    server.person('admin_join', 'Jane Doe');
    server.pump();
    expect(client.current.transcript).toMatchObject({ control: 'human', helper: 'Jane Doe' });
    server.person('admin_leave', 'Jane Doe');
    server.pump();
    expect(client.current.transcript.control).toBe('ai');
  });
});

describe('a file', () => {
  const file = { id: 'f', url: 'https://a.example/f', kind: 'file', name: 'a.pdf', size: 7 } as const;

  it('is sent with its name and size, and shown once', async () => {
    const client = await inSession();
    client.sendFile(file, 'Look');
    server.pump();
    expect(sent('file_upload')).toEqual([
      { type: 'file_upload', session_id: 's1', file_id: 'f', file_url: file.url, content: 'Look', client_id: 'c2', metadata: { filename: 'a.pdf', size: '7' } },
    ]);
    expect(client.current.transcript.items.filter((item) => item.file)).toMatchObject([{ delivery: 'sent', text: 'Look' }]);
  });

  it('before the first message waits for the session, and does not hold it up', async () => {
    const client = await connected();
    client.sendFile(file);
    client.send('Hello');
    server.pump();
    expect(server.log.map((event) => event.type ?? 'user_message')).toEqual(['user_message', 'file_upload']);
  });

  it('that was not acknowledged survives a reload', async () => {
    const before = await inSession();
    before.sendFile({ ...file, kind: 'voice' });
    server.socket.close();
    await connected();
    server.pump();
    expect(sent('voice_message')).toHaveLength(1);
  });
});

describe('a session that another device began', () => {
  it('is joined by a message, and what was said there is asked for at once', async () => {
    const client = await connected();
    server.sessionId = 's9';
    server.log = [{ seq: 1, id: 'u1', sender: 'user', content: 'From my phone' }, { seq: 2, id: 'a1', sender: 'ai', content: 'Hi' }];
    client.send('From my desk');
    server.pump();
    await settle();
    server.pump();
    expect(server.urls[1]).toBe('ws://host/chatbox/ws?v=2&session_id=s9&after_seq=0');
    expect(client.current.transcript.items.slice(0, 3).map((item) => item.text)).toEqual(['From my phone', 'Hi', 'From my desk']);
    expect(server.log.filter((event) => event.content === 'From my desk')).toHaveLength(1);
  });
});

describe('a close code', () => {
  it('is judged by its range', () => {
    expect([1000, 1001, 1005, 1006, 1009, 1011, 1012, 1013, 4100, 4199, 4300, 4999].map((code) => afterClose(code))).toEqual(Array(12).fill('resume'));
    expect([4000, 4001, 4099].map((code) => afterClose(code))).toEqual(['renew', 'renew', 'renew']);
    expect([4200, 4299, 1008].map((code) => afterClose(code))).toEqual(['end', 'end', 'end']);
    expect(afterClose(1008, 'Authentication token has expired')).toBe('renew');
  });

  it('that says not to come back ends it, until somebody wants to try', async () => {
    const client = await connected();
    server.socket.cut(4200);
    await clock.advance(600_000);
    expect(client.current.connection).toEqual({ kind: 'closed', why: 'refused' });
    expect(server.urls).toHaveLength(1);
    client.reconnect();
    await settle();
    server.pump();
    expect(kind(client)).toBe('online');
  });

  it('that says too large leaves the message to its author and comes back', async () => {
    const client = await inSession();
    client.send('x');
    server.socket.cut(1009);
    await clock.advance(1500);
    server.pump();
    expect(kind(client)).toBe('online');
    expect(client.current.transcript.items.at(-1)).toMatchObject({ delivery: 'failed', problem: { code: 'TOO_LARGE' } });
  });
});
