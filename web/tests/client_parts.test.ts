import { describe, expect, it, vi } from 'vitest';
import { makeApi, type Fetch } from '../src/client/api';
import { backoffDelay } from '../src/client/backoff';
import { parseFrame, parseHistory, parseSessions } from '../src/client/frames';
import { Outbox } from '../src/client/outbox';
import { askParent, listenToParent, type ParentWindow } from '../src/client/parent';
import { placeOf } from '../src/client/place';
import { claimsOf, findToken, safeStorage, type KeyValue } from '../src/client/token';
import { dropUtf8, takeUtf8, utf8Length } from '../src/client/utf8';
import { seeded } from './fakes';

function store(entries: Record<string, string> = {}): KeyValue {
  const map = new Map(Object.entries(entries));
  return { getItem: (key) => map.get(key) ?? null, setItem: (key, value) => void map.set(key, value), removeItem: (key) => void map.delete(key) };
}

function jwt(claims: object): string {
  const text = new TextEncoder().encode(JSON.stringify(claims));
  return `e30.${btoa(String.fromCharCode(...text)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')}.sig`;
}

describe('counting in UTF-8', () => {
  it('agrees with the encoder on any text', () => {
    const random = seeded(7);
    for (let i = 0; i < 500; i++) {
      const text = String.fromCodePoint(...Array.from({ length: 20 }, () => Math.floor(random() * 0x11000)).map((code) => (code >= 0xd800 && code < 0xe000 ? 0x1f600 : code)));
      expect(utf8Length(text)).toBe(new TextEncoder().encode(text).length);
    }
  });

  it('cuts between characters and refuses to cut inside one', () => {
    expect(dropUtf8('aé🙂b', 3)).toBe('🙂b');
    expect(takeUtf8('aé🙂b', 7)).toBe('aé🙂');
    expect(dropUtf8('aé🙂b', 2)).toBeUndefined();
    expect(dropUtf8('ab', 3)).toBeUndefined();
  });
});

describe('the wait before an attempt', () => {
  it('stays between 1 and 30 s and leaves half to chance', () => {
    for (let attempt = 0; attempt < 50; attempt++) {
      for (const chance of [0, 0.3, 0.999]) {
        const delay = backoffDelay(attempt, () => chance);
        expect(delay).toBeGreaterThanOrEqual(1000);
        expect(delay).toBeLessThanOrEqual(30_000);
      }
    }
    expect(backoffDelay(9, () => 0)).toBe(15_000);
    expect(backoffDelay(9, () => 1)).toBe(30_000);
  });
});

describe('a frame', () => {
  it('that makes no sense is none', () => {
    for (const data of ['', 'null', '[]', '"x"', '7', '{}', '{"type":7}', '{', undefined, new ArrayBuffer(3)]) {
      expect(parseFrame(data)).toBeUndefined();
    }
  });

  it('loses fields of the wrong type, and keeps the others', () => {
    const frame = parseFrame('{"type":"ai_response","seq":-1,"offset":"3","content":"x","sender":"root","models":[{"id":"m"},7,null],"metadata":{"a":1,"b":"2"},"error":[]}');
    expect(frame).toEqual({ type: 'ai_response', content: 'x', models: [{ id: 'm', name: 'm' }], metadata: { b: '2' } });
  });

  it('reads history and lists that are partly broken', () => {
    expect(parseHistory({ session_id: 's', messages: [{ sender: 'user', content: 'x', timestamp: '' }, { sender: 'nobody' }, null] })?.messages).toHaveLength(1);
    expect(parseHistory({ messages: [] })).toBeUndefined();
    expect(parseSessions({ sessions: [{ id: 'a' }, {}, 'b'] })).toHaveLength(1);
    expect(parseSessions('<html>')).toBeUndefined();
  });
});

describe('the place of the server', () => {
  const place = (address: string): string => placeOf(new URL(address)).http;

  it('is where the page came from, under any prefix', () => {
    expect(place('https://help.example/chatbox/chat.html')).toBe('https://help.example/chatbox');
    expect(place('https://help.example/a/b/?x=1')).toBe('https://help.example/a/b');
    expect(place('http://127.0.0.1:8080/')).toBe('http://127.0.0.1:8080');
    expect(placeOf(new URL('https://help.example/chatbox/')).ws).toBe('wss://help.example/chatbox');
  });

  it('can be named in the address', () => {
    expect(place('https://a.example/chat.html?api=b.example:9000&prefix=/support')).toBe('https://b.example:9000/support');
    expect(place('https://a.example/chatbox/chat.html?prefix=/')).toBe('https://a.example');
  });

  it('is not led astray by what is no host or no path', () => {
    expect(place('https://a.example/c/?api=evil.example/x&prefix=//evil.example')).toBe('https://a.example/c');
    expect(place('https://a.example/c/?api=user@evil.example')).toBe('https://a.example/c');
    expect(place('https://a.example/c/?prefix=/../x?y')).toBe('https://a.example/c');
  });
});

describe('the token', () => {
  it('comes from the address, is kept, and is taken out of the address', () => {
    const kept = store();
    const found = findToken(new URL('https://a.example/c/?token=T&session_id=s#x'), 'a.example', kept);
    expect(found).toEqual({ token: 'T', cleanUrl: 'https://a.example/c/?session_id=s#x' });
    expect(kept.getItem('jwt_token')).toBe('T');
    expect(findToken(new URL('https://a.example/c/'), 'a.example', kept)).toEqual({ token: 'T' });
  });

  it('comes from the fragment, where no server sees it, and is taken out of that, too', () => {
    const kept = store();
    const found = findToken(new URL('https://a.example/c/?session_id=s&token=Q#token=F&x=1'), 'a.example', kept);
    expect(found).toEqual({ token: 'F', cleanUrl: 'https://a.example/c/?session_id=s#x=1' });
    expect(kept.getItem('jwt_token')).toBe('F');
    expect(findToken(new URL('https://a.example/c/#token=F'), 'a.example', store())).toEqual({ token: 'F', cleanUrl: 'https://a.example/c/' });
  });

  it('is taken from where the host application put it', () => {
    expect(findToken(new URL('https://a.example/c/'), 'a.example', store(), [store({ jwt_token: 'T' })])).toEqual({ token: 'T' });
  });

  it('is not handed to another server that a link names', () => {
    const kept = store();
    findToken(new URL('https://a.example/c/?token=T'), 'a.example', kept);
    expect(findToken(new URL('https://a.example/c/?api=evil.example'), 'evil.example', kept)).toEqual({});
    expect(findToken(new URL('https://a.example/c/?api=evil.example'), 'evil.example', store({ jwt_token: 'T' }))).toEqual({});
  });

  it('tells its claims, and nothing when it is none', () => {
    expect(claimsOf(jwt({ user_id: 'u-1', name: 'Zoë 漢', roles: ['admin', 7], exp: 2 }))).toEqual({ userId: 'u-1', name: 'Zoë 漢', roles: ['admin'], expires: 2000 });
    for (const broken of ['', 'x', 'a.b.c', `a.${btoa('null')}.c`, `a.${btoa('[]')}.c`]) expect(claimsOf(broken)).toEqual({ roles: [] });
  });

  it('is kept for the life of the page where the browser refuses storage', () => {
    const refused = safeStorage(() => {
      throw new Error('denied');
    });
    refused.setItem('jwt_token', 'T');
    expect(refused.getItem('jwt_token')).toBe('T');
    refused.removeItem('jwt_token');
    expect(refused.getItem('jwt_token')).toBeNull();
  });
});

describe('the parent', () => {
  function framed(): { page: ParentWindow; parent: { postMessage: ReturnType<typeof vi.fn> }; post: (source: unknown, data: unknown) => void } {
    const listeners = new Set<(event: MessageEvent) => void>();
    const parent = { postMessage: vi.fn() };
    const page: ParentWindow = {
      parent,
      addEventListener: (_type, listener) => void listeners.add(listener),
      removeEventListener: (_type, listener) => void listeners.delete(listener),
    };
    return { page, parent, post: (source, data) => listeners.forEach((listener) => listener({ source, data } as MessageEvent)) };
  }

  it('is asked for a token and answers with an object or a JSON string', () => {
    const { page, parent, post } = framed();
    const tokens: string[] = [];
    const stop = listenToParent(page, (token) => tokens.push(token));
    askParent(page, 'request_token');
    expect(parent.postMessage).toHaveBeenCalledWith({ type: 'request_token' }, '*');
    post(parent, { type: 'token', token: 'A' });
    post(parent, '{"type":"token","token":"B"}');
    stop();
    post(parent, { type: 'token', token: 'C' });
    expect(tokens).toEqual(['A', 'B']);
  });

  it('is the only one who is listened to, and only about tokens', () => {
    const { page, parent, post } = framed();
    const receive = vi.fn();
    listenToParent(page, receive);
    post({ other: 'window' }, { type: 'token', token: 'A' });
    for (const data of [null, 7, 'x', '{', [], { type: 'token' }, { type: 'token', token: 7 }, { type: 'else', token: 'A' }]) post(parent, data);
    expect(receive).not.toHaveBeenCalled();
  });

  it('may be a native web view, which takes strings', () => {
    const bridge = { postMessage: vi.fn() };
    const { page, post } = framed();
    const native = { ...page, ReactNativeWebView: bridge };
    const receive = vi.fn();
    listenToParent(native, receive);
    askParent(native, 'request_token');
    expect(bridge.postMessage).toHaveBeenCalledWith('{"type":"request_token"}');
    post(null, '{"type":"token","token":"N"}');
    expect(receive).toHaveBeenCalledWith('N');
  });
});

describe('unsent messages', () => {
  const message = { clientId: 'c1', text: 'x', time: 5 };

  it('are kept per user and session, and what had no session moves into the one that it got', () => {
    const storage = store();
    const outbox = new Outbox(storage, 'anna');
    outbox.read(undefined, true);
    outbox.write(undefined, [message]);
    expect(new Outbox(storage, 'bert').read(undefined, true)).toEqual([]);
    expect(new Outbox(storage, 'anna').read('s1', true)).toEqual([message]);
    expect(new Outbox(storage, 'anna').read(undefined, true)).toEqual([]);
    expect(new Outbox(storage, 'anna').read('s1', true)).toEqual([message]);
  });

  it('survive a store that holds something else', () => {
    for (const text of ['{', '7', '[1,{"clientId":"c1"}]']) {
      expect(new Outbox(store({ 'chatbox.outbox:anna:s1': text }), 'anna').read('s1', false)).toEqual([]);
    }
  });
});

describe('an HTTP request', () => {
  const answering = (status: number, body: string): Fetch => async () => new Response(body, { status });

  it('carries the token in a header and nothing in the address', async () => {
    const fetchFn = vi.fn(answering(200, '{"sessions":[]}'));
    await makeApi('https://a.example/c', () => 'T', fetchFn).sessions();
    expect(fetchFn.mock.calls[0]?.[0]).toBe('https://a.example/c/sessions');
    expect(fetchFn.mock.calls[0]?.[1].headers).toEqual({ Authorization: 'Bearer T' });
  });

  it('ends in a failure that says what to do', async () => {
    const failure = async (status: number, body = '{}'): Promise<unknown> => {
      const answer = await makeApi('', () => 'T', answering(status, body)).sessions();
      return answer.ok ? 'none' : answer.failure;
    };
    expect(await Promise.all([401, 403, 404, 429, 500, 503].map((status) => failure(status)))).toEqual([
      'unauthorized', 'forbidden', 'not_found', 'too_many', 'server', 'server',
    ]);
    expect(await failure(200, '<html>')).toBe('server');
  });

  it('that gets no answer in time is given up', async () => {
    const never: Fetch = (_url, init) => new Promise((_resolve, reject) => init.signal?.addEventListener('abort', () => reject(new Error('aborted'))));
    vi.useFakeTimers();
    const answer = makeApi('', () => 'T', never).sessions();
    await vi.advanceTimersByTimeAsync(15_000);
    vi.useRealTimers();
    expect(await answer).toEqual({ ok: false, failure: 'unreachable' });
  });

  it('for the health tells each check', async () => {
    const fetchFn: Fetch = async (url) =>
      url.endsWith('readyz')
        ? new Response('{"checks":{"store":{"status":"ready"},"llm":{"status":"not ready","reason":"none"}}}', { status: 503 })
        : new Response('{"status":"healthy"}');
    expect(await makeApi('', () => undefined, fetchFn).health()).toEqual({
      ok: true, value: { live: true, ready: false, checks: [{ name: 'store', ok: true }, { name: 'llm', ok: false, reason: 'none' }] },
    });
  });
});
