// A clock that is turned by hand, and a server that speaks protocol version 2 over links that can be cut anywhere.

import type { Api, ApiResult } from '../src/client/api';
import type { Clock, Socket } from '../src/client/connection';
import type { History, ServerFrame, SessionSummary } from '../src/client/frames';
import { dropUtf8, utf8Length } from '../src/client/utf8';

export class FakeClock implements Clock {
  private time = 1_000_000;
  private timers: { at: number; callback: () => void }[] = [];

  now(): number {
    return this.time;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.time + ms, callback };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }

  /** Moves on, calling what is due in order, and lets promises settle in between. */
  async advance(ms: number): Promise<void> {
    const end = this.time + ms;
    for (;;) {
      await settle();
      const due = this.timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.timers = this.timers.filter((timer) => timer !== due);
      this.time = due.at;
      due.callback();
    }
    this.time = end;
    await settle();
  }
}

export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

/** The same numbers for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export interface StoredEvent {
  seq: number;
  id: string;
  sender: 'user' | 'ai' | 'admin';
  content: string;
  type?: string | undefined;
  clientId?: string | undefined;
  status?: string;
  file?: Record<string, string>;
  metadata?: Record<string, string>;
}

/** One end of a link: what the client holds. Nothing arrives, either way, before `pass` says so. */
export class FakeSocket implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  readonly up: string[] = [];
  readonly down: ServerFrame[] = [];
  closed = false;
  open = false;
  bound = false;

  constructor(
    readonly url: string,
    readonly protocols: string[],
    private readonly server: FakeServer,
  ) {}

  send(text: string): void {
    if (!this.closed) this.up.push(text);
  }

  close(): void {
    this.closed = true;
    this.server.sockets.delete(this);
  }

  /** The server accepts the handshake. */
  accept(): void {
    if (this.closed || this.open) return;
    this.open = true;
    this.onopen?.();
    this.server.greet(this);
  }

  /** The link breaks: what is under way in either direction is lost. */
  cut(code = 1006, reason = ''): void {
    if (this.closed) return;
    this.close();
    this.onclose?.({ code, reason });
  }

  passUp(): void {
    const text = this.up.shift();
    if (text !== undefined) this.server.receive(this, JSON.parse(text) as Record<string, string>);
  }

  /** One of the frames that are under way is lost, as a server with a fault might lose it. */
  loseOne(which: number): void {
    if (this.down.length > 0) this.down.splice(which % this.down.length, 1);
  }

  passDown(): void {
    const frame = this.down.shift();
    if (frame && !this.closed) this.onmessage?.({ data: JSON.stringify(frame) });
  }
}

export class FakeServer {
  readonly sockets = new Set<FakeSocket>();
  readonly urls: string[] = [];
  /** Every frame that a client sent, in order. */
  readonly received: Record<string, unknown>[] = [];
  log: StoredEvent[] = [];
  sessionId: string | undefined;
  running: { id: string; text: string } | undefined;
  waiting = false;
  /** What the next user_message is refused with. */
  refuse: { code: string; retry_after?: number } | undefined;
  /** HTTP answers with this failure while set. */
  httpFailure: 'unreachable' | 'unauthorized' | undefined;
  /** The session has ended: it is still there to be read, and nothing binds to it. */
  ended = false;
  /** This server gives tickets for sockets. */
  tickets = false;
  private ids = 0;

  open = (url: string, protocols: string[]): Socket => {
    const socket = new FakeSocket(url, protocols, this);
    this.sockets.add(socket);
    this.urls.push(url);
    return socket;
  };

  get socket(): FakeSocket {
    const socket = [...this.sockets][0];
    if (!socket) throw new Error('no client is connected');
    return socket;
  }

  readonly api: Api = {
    sessions: async () => this.http(() => (this.sessionId ? [this.summary(this.sessionId)] : [])),
    history: async (id) => (id === this.sessionId ? this.http(() => this.history(id)) : (this.httpFails() ?? { ok: false, failure: 'not_found' })),
    endSession: async () => this.http(() => this.end()),
    ticket: async () => (this.tickets ? this.http(() => `ticket${++this.ids}`) : { ok: false, failure: 'not_found' }),
    allSessions: async () => this.http(() => []),
    health: async () => this.http(() => ({ live: true, ready: true, checks: [] })),
  };

  /** Passes everything that is under way, until nothing is. */
  pump(): void {
    for (let busy = true; busy; ) {
      busy = false;
      for (const socket of [...this.sockets]) {
        if (!socket.open) socket.accept();
        while (socket.up.length > 0 || socket.down.length > 0) {
          busy = true;
          socket.passUp();
          socket.passDown();
        }
      }
    }
  }

  greet(socket: FakeSocket): void {
    const query = new URL(socket.url).searchParams;
    const asked = query.get('session_id');
    const known = asked !== null && asked === this.sessionId && !this.ended;
    socket.bound = known;
    socket.down.push({ type: 'connection_status', sender: 'system', user_id: 'u', models: [{ id: 'm', name: 'M' }], ...(known ? { session_id: asked } : {}) });
    const after = query.get('after_seq');
    if (!known || after === null) return;
    let from = Number(after);
    if (from > this.log.length) {
      this.post(socket, { type: 'reset' });
      from = 0;
    }
    for (const event of this.log.slice(from)) this.replay(socket, event, query);
    if (this.running) this.snapshot(socket, this.running, query);
    this.post(socket, { type: 'resumed', seq: this.log.length });
  }

  receive(socket: FakeSocket, frame: Record<string, string>): void {
    this.received.push(frame);
    if (frame['type'] === 'help_request') this.help(socket);
    if (frame['type'] === 'auth_refresh') this.post(socket, { type: 'auth_refreshed', expires_in: 3600 });
    if (frame['type'] === 'file_upload' || frame['type'] === 'voice_message') this.file(socket, frame);
    if (frame['type'] === 'stop') this.finish('stopped');
    if (frame['type'] !== 'user_message') return;
    if (this.refuse) {
      socket.down.push({ type: 'error', error: { message: 'no', recoverable: true, ...this.refuse } });
      this.refuse = undefined;
      return;
    }
    const clientId = frame['client_id'] ?? '';
    this.sessionId ??= `s${++this.ids}`;
    if (!socket.bound) {
      this.post(socket, { type: 'connection_status' });
      if (this.running) this.snapshot(socket, this.running, new URLSearchParams());
    }
    socket.bound = true;
    const stored = this.log.find((event) => event.clientId === clientId);
    const event = stored ?? this.append({ sender: 'user', content: frame['content'] ?? '', clientId });
    this.post(socket, { type: 'ack', client_id: clientId, message_id: event.id, seq: event.seq });
    if (stored) return;
    for (const other of this.sockets) if (other !== socket && other.bound) this.post(other, this.frameOf(event));
    if (this.running) this.waiting = true;
    else this.begin();
  }

  private help(socket: FakeSocket): void {
    this.broadcast(this.frameOf(this.append({ type: 'help_request', sender: 'user', content: '' })));
    this.post(socket, { type: 'connection_status', sender: 'ai', content: 'Help request sent.' });
  }

  private file(socket: FakeSocket, frame: Record<string, string>): void {
    const known = this.log.find((event) => event.clientId === frame['client_id']);
    const event = known ?? this.append({ type: frame['type'], sender: 'user', content: frame['content'] ?? '', clientId: frame['client_id'], file: frame });
    this.post(socket, { type: 'ack', client_id: frame['client_id'], message_id: event.id, seq: event.seq });
    if (!known) this.broadcast(this.frameOf(event));
  }

  /** Another device of the same user says something, without asking the AI. */
  sayElsewhere(content: string): void {
    if (this.sessionId) this.broadcast(this.frameOf(this.append({ sender: 'user', content })));
  }

  /** A person joins or leaves. */
  person(type: 'admin_join' | 'admin_leave', name: string): void {
    if (this.sessionId) this.broadcast(this.frameOf(this.append({ type, sender: 'admin', content: '', metadata: { admin_name: name } })));
  }

  begin(): void {
    this.waiting = false;
    this.running = { id: `a${++this.ids}`, text: '' };
    this.broadcast({ type: 'loading', message_id: this.running.id });
  }

  say(text: string): void {
    if (!this.running) return;
    const offset = utf8Length(this.running.text);
    this.running.text += text;
    this.broadcast({ type: 'ai_response', message_id: this.running.id, offset, content: text, metadata: { streaming: 'true', done: 'false' } });
  }

  finish(status: string): void {
    if (!this.running) return;
    const { id, text } = this.running;
    this.running = undefined;
    const event = this.append({ id, sender: 'ai', content: text, status });
    if (status === 'failed') {
      this.broadcast({ type: 'error', message_id: id, offset: utf8Length(text), seq: event.seq, status, error: { code: 'LLM_UNAVAILABLE', message: 'no' } });
    } else {
      this.broadcast(this.doneOf(event));
    }
    if (this.waiting) this.begin();
  }

  /** Somebody ends the session from elsewhere. */
  endFromElsewhere(): void {
    this.ended = true;
    this.broadcast({ type: 'notification', content: 'This session has ended.' });
  }

  /** Dies and starts again: links break, the running answer is marked, with the text that a checkpoint had. */
  crash(keep: (text: string) => string): void {
    for (const socket of [...this.sockets]) socket.cut();
    if (!this.running) return;
    this.append({ id: this.running.id, sender: 'ai', content: keep(this.running.text), status: 'interrupted' });
    this.running = undefined;
    this.waiting = false;
  }

  /** Of an answer that the client holds a part of, only the rest and the end. */
  private replay(socket: FakeSocket, event: StoredEvent, query: URLSearchParams): void {
    const offset = Number(query.get('offset') ?? 0);
    const rest = event.id === query.get('message_id') ? dropUtf8(event.content, offset) : undefined;
    if (rest === undefined) {
      this.post(socket, this.frameOf(event));
      return;
    }
    if (rest) this.post(socket, { type: 'snapshot', message_id: event.id, offset, content: rest });
    this.post(socket, this.doneOf(event));
  }

  private doneOf(event: StoredEvent): ServerFrame {
    const status = event.status ?? 'done';
    return {
      type: 'ai_response', message_id: event.id, offset: utf8Length(event.content), seq: event.seq, status,
      metadata: { streaming: 'true', done: 'true', status },
    };
  }

  private snapshot(socket: FakeSocket, running: { id: string; text: string }, query: URLSearchParams): void {
    const same = query.get('message_id') === running.id;
    const rest = same ? dropUtf8(running.text, Number(query.get('offset') ?? 0)) : undefined;
    const offset = rest === undefined ? 0 : Number(query.get('offset') ?? 0);
    this.post(socket, { type: 'snapshot', message_id: running.id, offset, content: rest ?? running.text });
  }

  private append(event: Omit<StoredEvent, 'id' | 'seq'> & { id?: string }): StoredEvent {
    const stored = { seq: this.log.length + 1, ...event, id: event.id ?? `m${++this.ids}` };
    this.log.push(stored);
    return stored;
  }

  private frameOf(event: StoredEvent): ServerFrame {
    const common = { sender: event.sender, content: event.content, message_id: event.id, seq: event.seq };
    const file = event.file ? { file_id: event.file['file_id'], file_url: event.file['file_url'] } : {};
    return event.sender !== 'ai'
      ? {
          type: event.type ?? 'user_message', ...common, ...(file as object), ...(event.clientId ? { client_id: event.clientId } : {}),
          ...(event.metadata ? { metadata: event.metadata } : {}),
        }
      : { type: 'ai_response', ...common, status: event.status ?? 'done', metadata: { streaming: 'false' } };
  }

  private post(socket: FakeSocket, frame: ServerFrame): void {
    socket.down.push({ ...frame, ...(this.sessionId ? { session_id: this.sessionId } : {}) });
  }

  broadcast(frame: ServerFrame): void {
    for (const socket of this.sockets) if (socket.bound) this.post(socket, frame);
  }

  private httpFails(): ApiResult<never> | undefined {
    return this.httpFailure ? { ok: false, failure: this.httpFailure } : undefined;
  }

  private http<T>(value: () => T): ApiResult<T> {
    return this.httpFails() ?? { ok: true, value: value() };
  }

  private end(): undefined {
    this.sessionId = undefined;
    this.log = [];
    return undefined;
  }

  private summary(id: string): SessionSummary {
    return { id, user_id: 'u', name: '', last_activity: '', message_count: this.log.length, is_active: !this.ended, start_time: '', duration: 0, total_tokens: 0 };
  }

  private history(id: string): History {
    return {
      session_id: id, is_active: !this.ended, last_seq: this.log.length,
      messages: this.log.map((event) => ({
        id: event.id, seq: event.seq, sender: event.sender, content: event.content, ...(event.type ? { type: event.type } : {}), ...(event.clientId ? { client_id: event.clientId } : {}), timestamp: '2026-02-22T10:00:00Z',
        ...(event.status && event.status !== 'done' ? { status: event.status } : {}),
      })),
    };
  }
}
