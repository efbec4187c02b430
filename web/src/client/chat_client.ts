// A chat session for a view: what is known of it (Transcript), how the connection stands, and what can be done. Joins the
// pure transcript, the connection, the HTTP routes and the outbox. Framework-free: a view subscribes and reads.

import type { Api } from './api';
import { Connection, defaultConnectionLimits, type Clock, type ConnectionLimits, type ConnectionState, type Position, type Socket } from './connection';
import type { ServerFrame } from './frames';
import { Outbox, type Unsent } from './outbox';
import { claimsOf, type KeyValue } from './token';
import {
  emptyTranscript, position, reduce, runningAnswer, unacknowledged, type Item, type Transcript, type TranscriptEvent,
} from './transcript';

export interface ClientPorts {
  api: Api;
  open(url: string, protocols: string[]): Socket;
  clock: Clock;
  random(): number;
  newId(): string;
  storage: KeyValue;
  token(): string | undefined;
  isOnline(): boolean;
}

export interface ClientLimits {
  connection: ConnectionLimits;
  /** Milliseconds from sending a message to its ack. Later the connection counts as dead. */
  ack: number;
  /** Milliseconds without any frame while an answer is running, likewise. */
  silence: number;
  /** Milliseconds that a server may take to bind a session before we ask whether it still exists. */
  bind: number;
}

export const defaultClientLimits: ClientLimits = { connection: defaultConnectionLimits, ack: 15_000, silence: 60_000, bind: 2000 };

/** Which session to open: one by id, a fresh one, or the active one if there is any. */
export interface Opening {
  sessionId?: string;
  fresh?: boolean;
}

/** `missing`: the session that was asked for does not exist, or belongs to somebody else. */
export type Phase = 'loading' | 'ready' | 'missing';

export interface Snapshot {
  transcript: Transcript;
  connection: ConnectionState;
  phase: Phase;
}

export class ChatClient {
  private snapshot: Snapshot = { transcript: emptyTranscript, connection: { kind: 'idle' }, phase: 'loading' };
  private readonly listeners = new Set<() => void>();
  private readonly connection: Connection;
  private readonly outbox: Outbox;
  private opening: Opening;
  private askedForSession = false;
  private holesInARow = 0;
  private readonly onTheWire = new Set<string>();
  private cancelAck = (): void => undefined;
  private cancelSilence = (): void => undefined;
  private cancelBind = (): void => undefined;
  private cancelRetry = (): void => undefined;

  constructor(
    wsBase: string,
    private readonly ports: ClientPorts,
    opening: Opening = {},
    private readonly limits: ClientLimits = defaultClientLimits,
  ) {
    this.opening = opening;
    this.outbox = this.makeOutbox();
    this.connection = new Connection(
      `${wsBase}/ws`,
      {
        open: ports.open, clock: ports.clock, random: ports.random, token: ports.token, isOnline: ports.isOnline,
        position: () => this.nextPosition(),
        probe: () => this.probe(),
      },
      { state: (state) => this.whenConnection(state), frame: (frame) => this.whenFrame(frame) },
      limits.connection,
    );
  }

  get current(): Snapshot {
    return this.snapshot;
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  start(): void {
    this.connection.connect();
  }

  close(): void {
    this.connection.close();
  }

  /** Shows the message at once and sends it as soon as that is possible. Blank text is ignored. */
  send(text: string): void {
    const content = text.trim();
    if (!content || this.transcript.ended) return;
    this.dispatch({ type: 'compose', clientId: this.ports.newId(), text: content, now: this.now() });
    this.pump();
  }

  retry(clientId: string): void {
    this.dispatch({ type: 'retry', clientId });
    this.connection.networkChanged();
    this.pump();
  }

  discard(clientId: string): void {
    this.dispatch({ type: 'discard', clientId });
  }

  /** Stops the running answer. Without a connection the wish is kept until there is one. */
  stop(): void {
    if (!runningAnswer(this.transcript)) return;
    this.dispatch({ type: 'stop' });
    this.sendStop();
  }

  /** Has an effect only while online. */
  selectModel(modelId: string): void {
    if (this.snapshot.connection.kind !== 'online') return;
    this.connection.send({ type: 'model_select', ...this.session(), model_id: modelId });
    this.dispatch({ type: 'model', modelId });
  }

  dismissNotice(): void {
    this.dispatch({ type: 'dismiss' });
  }

  /** Ends this session and begins a new one. False when the server could not be asked; then nothing has changed. */
  async newChat(): Promise<boolean> {
    const id = this.transcript.sessionId;
    if (id && !this.transcript.ended) {
      const answer = await this.ports.api.endSession(id);
      if (!answer.ok && answer.failure !== 'not_found') return false;
    }
    this.outbox.write(id, []);
    this.opening = {};
    this.dispatch({ type: 'clear' });
    this.setPhase('ready');
    this.connection.connect();
    return true;
  }

  /** Tries again now instead of at the end of the wait; also with a new token. */
  reconnect(): void {
    this.connection.connect();
  }

  networkChanged(online: boolean): void {
    if (online) this.connection.networkChanged();
    else this.connection.networkLost();
  }

  // --- opening ---

  private async nextPosition(): Promise<Position> {
    if (this.snapshot.phase === 'missing') return { go: false, why: 'nothing' };
    if (this.snapshot.phase === 'loading' || this.mayHaveSession()) {
      const failed = await this.load();
      if (failed) return failed;
    }
    // A session that has ended takes no more part in anything.
    const query = this.transcript.ended ? {} : position(this.transcript);
    this.askedForSession = query['session_id'] !== undefined;
    return { go: true, query };
  }

  /** A message may have made a session whose name never reached us. */
  private mayHaveSession(): boolean {
    return !this.transcript.sessionId && unacknowledged(this.transcript).some((item) => this.onTheWire.has(item.clientId ?? ''));
  }

  /** Finds the session and reads its history. Undefined when that went well. */
  private async load(): Promise<Position | undefined> {
    const id = this.transcript.sessionId ?? this.opening.sessionId ?? (await this.findActive());
    if (typeof id === 'object') return id;
    if (this.opening.fresh && id) {
      const end = await this.ports.api.endSession(id);
      if (!end.ok && end.failure !== 'not_found') return refusal(end.failure);
    }
    if (this.opening.fresh || !id) {
      this.opening = {};
      this.restore(undefined);
      return undefined;
    }
    const history = await this.ports.api.history(id);
    if (!history.ok && history.failure === 'not_found') return this.whenMissing(id);
    if (!history.ok) return refusal(history.failure);
    this.dispatch({ type: 'history', history: history.value, now: this.now() });
    this.restore(id);
    return undefined;
  }

  private whenMissing(id: string): Position | undefined {
    if (this.opening.sessionId === id && this.transcript.sessionId !== id) {
      this.setPhase('missing');
      return { go: false, why: 'nothing' };
    }
    this.dispatch({ type: 'gone' });
    this.restore(undefined);
    return undefined;
  }

  private async findActive(): Promise<string | undefined | Position> {
    const sessions = await this.ports.api.sessions();
    if (!sessions.ok) return refusal(sessions.failure);
    return sessions.value.find((session) => session.is_active)?.id;
  }

  /** Brings back what was typed before a reload. */
  private restore(sessionId: string | undefined): void {
    const known = new Set(this.transcript.items.map((item) => item.clientId));
    for (const { clientId, text, time, failed } of this.outbox.read(sessionId, !this.opening.sessionId)) {
      this.onTheWire.add(clientId);  // it may have been: nobody remembers
      if (!known.has(clientId)) this.dispatch({ type: 'compose', clientId, text, now: time, ...(failed ? { failed } : {}) });
    }
    this.setPhase('ready');
  }

  private async probe(): Promise<'unauthorized' | 'reachable' | 'unreachable'> {
    const answer = await this.ports.api.sessions();
    if (answer.ok) return 'reachable';
    return answer.failure === 'unauthorized' || answer.failure === 'unreachable' ? answer.failure : 'reachable';
  }

  // --- what the connection says ---

  private whenConnection(state: ConnectionState): void {
    const before = this.snapshot.connection.kind;
    let shown = state;
    if (state.kind === 'unauthorized' && !state.expired) shown = { ...state, expired: this.tokenHasExpired() };
    this.publish({ ...this.snapshot, connection: shown });
    if (before === 'online' || before === 'resuming') this.whenDisconnected(state);
    if (state.kind === 'resuming' && !this.askedForSession) this.connection.ready();
    if (state.kind === 'online') this.whenOnline();
  }

  private whenDisconnected(state: ConnectionState): void {
    if (state.kind === 'online' || state.kind === 'resuming') return;
    this.cancelAck();
    this.cancelSilence();
    this.cancelBind();
    this.dispatch({ type: 'disconnected' });
  }

  private whenOnline(): void {
    this.cancelBind();
    if (runningAnswer(this.transcript)?.stopping) this.sendStop();
    this.watchSilence();
    this.pump();
  }

  private whenFrame(frame: ServerFrame): void {
    if (frame.type === 'error' && frame.error?.code === 'EXPIRED_TOKEN') {
      this.connection.unauthorized(true);
      return;
    }
    const holes = this.transcript.holes;
    this.dispatch({ type: 'frame', frame, now: this.now() });
    if (this.transcript.holes > holes) {
      this.whenHole();
      return;
    }
    if (frame.type === 'notification' && frame.session_id) void this.checkEnded(frame.session_id);
    if (frame.type === 'resumed') this.connection.ready();
    else if (frame.type === 'connection_status' && !frame.session_id) this.watchBinding();
    if (frame.type === 'ack' || frame.type === 'error') {
      this.cancelAck();
      this.pump();
    }
    if (frame.metadata?.['done'] === 'true') this.holesInARow = 0;
    this.watchSilence();
  }

  /** Something is missing: resume from what we hold. If that does not mend it, begin again from the history. */
  private whenHole(): void {
    this.holesInARow += 1;
    if (this.holesInARow >= 3) {
      this.holesInARow = 0;
      this.setPhase('loading');
    }
    this.connection.restart('lost');
  }

  /** We asked for a session and were not bound to it: perhaps it is not there any more. */
  private watchBinding(): void {
    if (!this.askedForSession || this.snapshot.connection.kind !== 'resuming') return;
    this.cancelBind();
    this.cancelBind = this.ports.clock.after(this.limits.bind, () => void this.checkBinding());
  }

  private async checkBinding(): Promise<void> {
    const id = this.transcript.sessionId;
    if (!id || this.snapshot.connection.kind !== 'resuming') return;
    const history = await this.ports.api.history(id);
    if (id !== this.transcript.sessionId || this.snapshot.connection.kind !== 'resuming') return;
    if (history.ok) this.dispatch({ type: 'history', history: history.value, now: this.now() });
    else if (history.failure === 'not_found') this.dispatch({ type: 'gone' });
    if (this.transcript.ended || !this.transcript.sessionId) this.connection.ready();
  }

  /** The server has something to say about our session: perhaps that somebody ended it. */
  private async checkEnded(id: string): Promise<void> {
    const history = await this.ports.api.history(id);
    if (id !== this.transcript.sessionId || !history.ok || history.value.is_active !== false) return;
    this.dispatch({ type: 'dismiss' });
    this.dispatch({ type: 'ended' });
  }

  private watchSilence(): void {
    this.cancelSilence();
    if (!runningAnswer(this.transcript)) return;
    this.cancelSilence = this.ports.clock.after(this.limits.silence, () => this.connection.restart('silent'));
  }

  // --- sending ---

  /** Sends the oldest message that waits, one at a time: an error without a name then says which one it means. */
  private pump(): void {
    this.cancelRetry();
    if (this.snapshot.connection.kind !== 'online') return;
    const ours = unacknowledged(this.transcript);
    const next = ours.find((item) => item.delivery === 'queued');
    if (!next?.clientId || ours.some((item) => item.delivery === 'sending')) return;
    const wait = (next.problem?.retryAt ?? 0) - this.now();
    if (wait > 0) {
      this.cancelRetry = this.ports.clock.after(wait, () => this.pump());
      return;
    }
    const sent = this.connection.send({ type: 'user_message', ...this.session(), content: next.text, client_id: next.clientId });
    if (!sent) return;
    this.onTheWire.add(next.clientId);
    this.dispatch({ type: 'sending', clientId: next.clientId });
    this.cancelAck();
    this.cancelAck = this.ports.clock.after(this.limits.ack, () => this.connection.restart('silent'));
  }

  private sendStop(): void {
    if (this.snapshot.connection.kind === 'online') this.connection.send({ type: 'stop', ...this.session() });
  }

  private session(): { session_id?: string } {
    return this.transcript.sessionId ? { session_id: this.transcript.sessionId } : {};
  }

  // --- state ---

  private get transcript(): Transcript {
    return this.snapshot.transcript;
  }

  private dispatch(event: TranscriptEvent): void {
    const transcript = reduce(this.transcript, event);
    if (transcript === this.transcript) return;
    this.publish({ ...this.snapshot, transcript });
    if (this.snapshot.phase === 'ready') this.outbox.write(transcript.sessionId, unacknowledged(transcript).map(unsentOf));
  }

  private setPhase(phase: Phase): void {
    if (phase !== this.snapshot.phase) this.publish({ ...this.snapshot, phase });
  }

  private publish(snapshot: Snapshot): void {
    this.snapshot = snapshot;
    for (const listener of this.listeners) listener();
  }

  private makeOutbox(): Outbox {
    const token = this.ports.token();
    return new Outbox(this.ports.storage, (token && claimsOf(token).userId) || 'nobody');
  }

  private tokenHasExpired(): boolean {
    const token = this.ports.token();
    const expires = token ? claimsOf(token).expires : undefined;
    return expires !== undefined && expires <= this.now();
  }

  private now(): number {
    return this.ports.clock.now();
  }
}

function refusal(failure: string): Position {
  if (failure === 'unauthorized') return { go: false, why: 'unauthorized' };
  return { go: false, why: failure === 'unreachable' ? 'unreachable' : 'refused' };
}

function unsentOf(item: Item): Unsent {
  return { clientId: item.clientId ?? '', text: item.text, time: item.time, ...(item.delivery === 'failed' ? { failed: true } : {}) };
}
