// A chat session for a view: what is known of it (Transcript), how the connection stands, and what can be done. Joins the
// pure transcript, the connection, the HTTP routes and the outbox. Framework-free: a view subscribes and reads.

import type { Api } from './api';
import { closeCode } from './closing';
import { Connection, defaultConnectionLimits, type Clock, type ConnectionLimits, type ConnectionState, type Position, type Socket } from './connection';
import type { ClientFrame, Sender, ServerFrame } from './frames';
import { Outbox, type Unsent } from './outbox';
import { claimsOf, type KeyValue } from './token';
import { defaultRenewal, TokenKeeper, type RenewalLimits } from './token_keeper';
import {
  emptyTranscript, position, reduce, runningAnswer, unacknowledged, type FileRef, type Item, type Transcript, type TranscriptEvent,
} from './transcript';
import { defaultTyping, TypingSender, TypingWatch, type TypingLimits } from './typing';

export interface ClientPorts {
  api: Api;
  open(url: string, protocols: string[]): Socket;
  clock: Clock;
  random(): number;
  newId(): string;
  storage: KeyValue;
  /** The token in force. After it has changed, call `tokenRenewed`. */
  token(): string | undefined;
  /** Asks whoever signed us in for a new token; it comes later, or never. Undefined when there is nobody to ask. */
  renewToken?: (() => void) | undefined;
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
  renewal: RenewalLimits;
  typing: TypingLimits;
}

export const defaultClientLimits: ClientLimits = {
  connection: defaultConnectionLimits, ack: 15_000, silence: 60_000, bind: 2000, renewal: defaultRenewal, typing: defaultTyping,
};

export interface ClientOptions {
  /** Milliseconds for which the server gathers the pieces of an answer, at most 1000. 0: each as it comes. */
  merge?: number;
  /** Open sockets with one-time tickets instead of with the token. A server without tickets gets the token. */
  tickets?: boolean;
}

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
  /** Who is writing in this session at the moment, other devices of ours included. */
  writing: readonly Sender[];
}

export class ChatClient {
  private snapshot: Snapshot = { transcript: emptyTranscript, connection: { kind: 'idle' }, phase: 'loading', writing: [] };
  private readonly listeners = new Set<() => void>();
  private readonly connection: Connection;
  private readonly outbox: Outbox;
  private readonly keeper: TokenKeeper | undefined;
  private readonly typist: TypingSender;
  private readonly typingWatch: TypingWatch;
  private opening: Opening;
  private askedForSession = false;
  private helpSent = false;
  private holesInARow = 0;
  private readonly onTheWire = new Set<string>();
  private cancelAck = (): void => undefined;
  private cancelSilence = (): void => undefined;
  private cancelBind = (): void => undefined;
  private cancelRetry = (): void => undefined;
  private cancelHelp = (): void => undefined;

  constructor(
    wsBase: string,
    private readonly ports: ClientPorts,
    opening: Opening = {},
    private readonly limits: ClientLimits = defaultClientLimits,
    private readonly options: ClientOptions = {},
  ) {
    this.opening = opening;
    this.outbox = this.makeOutbox();
    const { clock, renewToken } = ports;
    this.keeper = renewToken && new TokenKeeper({ clock, token: ports.token, ask: renewToken }, limits.renewal);
    this.typist = new TypingSender(clock, (active) => this.sendTyping(active), limits.typing);
    this.typingWatch = new TypingWatch(clock, () => this.publish({ ...this.snapshot, writing: this.typingWatch.writing }), limits.typing);
    this.connection = new Connection(
      `${wsBase}/ws`,
      {
        open: ports.open, clock: ports.clock, random: ports.random, token: ports.token, isOnline: ports.isOnline,
        position: () => this.nextPosition(),
        probe: () => this.probe(),
        ...(options.tickets ? { ticket: () => ports.api.ticket() } : {}),
        renew: this.keeper && (() => this.keeper?.need()),
      },
      {
        state: (state) => this.whenConnection(state),
        frame: (frame) => this.whenFrame(frame),
        closed: (code) => this.whenClosed(code),
      },
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
    this.keeper?.watch();
    this.connection.connect();
  }

  close(): void {
    this.keeper?.stop();
    this.typist.forget();
    this.typingWatch.forgetAll();
    this.connection.close();
  }

  /** `ports.token()` is another one now, of the same user: an open connection goes on with it, any other comes back. */
  tokenRenewed(): void {
    this.keeper?.watch();
    const token = this.ports.token();
    const { kind } = this.snapshot.connection;
    if (token && (kind === 'online' || kind === 'resuming')) this.connection.send({ type: 'auth_refresh', token });
    else this.connection.tokenRenewed();
  }

  /** Asks for a new token at once, because the reader wants to. */
  signInAgain(): void {
    this.keeper?.need();
  }

  /** Shows the message at once and sends it as soon as that is possible. Blank text is ignored. */
  send(text: string): void {
    const content = text.trim();
    if (!content || this.transcript.ended) return;
    this.typist.forget();
    this.dispatch({ type: 'compose', clientId: this.ports.newId(), text: content, now: this.now() });
    this.pump();
  }

  /** Shows and sends a file that has been uploaded, or a recording. It belongs to a session: before the first message it waits. */
  sendFile(file: FileRef, text = ''): void {
    if (this.transcript.ended) return;
    this.dispatch({ type: 'compose', clientId: this.ports.newId(), text: text.trim(), file, now: this.now() });
    this.pump();
  }

  /** Something was written into the message that is not sent yet; with `false`, it was emptied. */
  typing(active = true): void {
    if (active) this.typist.key();
    else this.typist.pause();
  }

  /** Asks for a person. Without a connection or a session the wish is kept until there is one. */
  requestHelp(): void {
    this.dispatch({ type: 'help' });
    this.sendHelp();
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
    return { go: true, query: this.options.merge ? { ...query, merge: String(this.options.merge) } : query };
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
    for (const { clientId, text, time, file, failed } of this.outbox.read(sessionId, !this.opening.sessionId)) {
      this.onTheWire.add(clientId);  // it may have been: nobody remembers
      if (!known.has(clientId)) this.dispatch({ type: 'compose', clientId, text, now: time, ...(file ? { file } : {}), ...(failed ? { failed } : {}) });
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
    this.cancelHelp();
    this.helpSent = false;
    this.typist.forget();
    this.typingWatch.forgetAll();
    this.dispatch({ type: 'disconnected' });
  }

  private whenClosed(code: number): void {
    // Sent again it would only be refused again.
    if (code === closeCode.tooLarge) this.dispatch({ type: 'too_large' });
  }

  private whenOnline(): void {
    this.cancelBind();
    if (runningAnswer(this.transcript)?.stopping) this.sendStop();
    this.watchSilence();
    this.sendHelp();
    this.pump();
  }

  private whenFrame(frame: ServerFrame): void {
    if (this.isAboutToken(frame)) return;
    if (frame.type === 'typing') {
      this.typingWatch.heard(frame.sender ?? 'user', frame.active !== false);
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
    if (frame.type === 'resumed' || frame.metadata?.['done'] === 'true') this.holesInARow = 0;
    if (frame.sender && frame.content !== undefined && frame.type !== 'ai_response') this.typingWatch.heard(frame.sender, false);
    this.sendHelp();
    this.watchSilence();
  }

  /** Frames that say how long the token lives, and that it has ended. True when there is no more to do about this one. */
  private isAboutToken(frame: ServerFrame): boolean {
    if (frame.type === 'token_expiring') {
      this.keeper?.expiring((frame.expires_in ?? 0) * 1000);
      return true;
    }
    if (frame.type === 'auth_refreshed') return true;
    if (frame.error?.code === 'EXPIRED_TOKEN') {
      this.connection.needToken(true);
      return true;
    }
    // A new token that does not do: the old one lives on, and at its end another is asked for.
    return frame.error?.code === 'INVALID_TOKEN';
  }

  /** Something is missing: resume from what we hold. If that does not mend it, begin again from the history. */
  private whenHole(): void {
    this.holesInARow += 1;
    if (this.holesInARow >= 3) {
      this.holesInARow = 0;
      this.setPhase('loading');
    }
    // Nothing is wrong with the server the first time: a session of another device may have been joined.
    this.connection.restart('lost', this.holesInARow === 1);
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
    // A file belongs to a session that exists: it lets the messages behind it pass.
    const next = ours.find((item) => item.delivery === 'queued' && (!item.file || this.transcript.sessionId));
    if (!next?.clientId || ours.some((item) => item.delivery === 'sending')) return;
    const wait = (next.problem?.retryAt ?? 0) - this.now();
    if (wait > 0) {
      this.cancelRetry = this.ports.clock.after(wait, () => this.pump());
      return;
    }
    if (!this.connection.send(this.frameOf(next, next.clientId))) return;
    this.onTheWire.add(next.clientId);
    this.dispatch({ type: 'sending', clientId: next.clientId });
    this.cancelAck();
    this.cancelAck = this.ports.clock.after(this.limits.ack, () => this.connection.restart('silent'));
  }

  private frameOf(item: Item, clientId: string): ClientFrame {
    if (!item.file) return { type: 'user_message', ...this.session(), content: item.text, client_id: clientId };
    const { id, url, kind, name, size, media } = item.file;
    const metadata = {
      ...(name ? { filename: name } : {}), ...(size === undefined ? {} : { size: String(size) }), ...(media ? { type: media } : {}),
    };
    return {
      type: kind === 'voice' ? 'voice_message' : 'file_upload', ...this.session(), file_id: id, file_url: url,
      ...(item.text ? { content: item.text } : {}), client_id: clientId,
      ...(Object.keys(metadata).length > 0 ? { metadata } : {}),
    };
  }

  private sendTyping(active: boolean): boolean {
    const { sessionId } = this.transcript;
    if (!sessionId || this.snapshot.connection.kind !== 'online') return false;
    return this.connection.send({ type: 'typing', session_id: sessionId, active });
  }

  /** Once per connection, until it is confirmed. */
  private sendHelp(): void {
    const { sessionId, asking } = this.transcript;
    if (!asking) this.helpSent = false;
    if (!asking || this.helpSent || !sessionId || this.snapshot.connection.kind !== 'online') return;
    this.helpSent = this.connection.send({ type: 'help_request', session_id: sessionId });
    this.cancelHelp();
    this.cancelHelp = this.ports.clock.after(this.limits.ack, () => {
      if (this.transcript.asking) this.connection.restart('silent');
    });
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
  return { clientId: item.clientId ?? '', text: item.text, time: item.time, ...(item.file ? { file: item.file } : {}), ...(item.delivery === 'failed' ? { failed: true } : {}) };
}
