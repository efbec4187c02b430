// One connection to the server that comes back by itself. It knows sockets, timers and reasons, and nothing of what is said.
//
// Life: idle -> connecting -> (resuming) -> online, and from anywhere to waiting (next attempt at a known time), offline (the device
// has no network) or unauthorized (only a new token helps). `close` ends it for good.

import { backoffDelay, defaultBackoff, type BackoffLimits } from './backoff';
import { parseFrame, type ClientFrame, type ServerFrame } from './frames';

export type Reason =
  | 'lost'          // the socket broke
  | 'unreachable'   // the server does not answer
  | 'refused'       // it answers, but does not take the connection now
  | 'restarting'    // it said that it is shutting down
  | 'slow'          // it said that we read too slowly
  | 'silent';       // something was due and did not come

export type ConnectionState =
  | { kind: 'idle' }
  | { kind: 'connecting'; attempt: number }
  | { kind: 'resuming' }
  | { kind: 'online' }
  | { kind: 'waiting'; reason: Reason; until: number; attempt: number }
  | { kind: 'offline' }
  | { kind: 'unauthorized'; expired: boolean }
  | { kind: 'closed' };

/** The part of WebSocket that is used. */
export interface Socket {
  send(text: string): void;
  close(code?: number, reason?: string): void;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
}

export interface Clock {
  now(): number;
  /** Calls back once after `ms`; returns how to cancel. */
  after(ms: number, callback: () => void): () => void;
}

/** The query parameters of the next attempt, or why there can be none now. `nothing` means: stay idle until asked again. */
export type Position = { go: true; query: Record<string, string> } | { go: false; why: Reason | 'unauthorized' | 'nothing' };

export interface ConnectionPorts {
  open(url: string, protocols: string[]): Socket;
  clock: Clock;
  random(): number;
  token(): string | undefined;
  /** May look things up first. Never rejects. */
  position(): Promise<Position>;
  /** Is it the token that keeps us out? Asked after an attempt that failed, because a page cannot see the status of an upgrade. */
  probe(): Promise<'unauthorized' | 'reachable' | 'unreachable'>;
  isOnline(): boolean;
}

export interface ConnectionEvents {
  state(state: ConnectionState): void;
  frame(frame: ServerFrame): void;
}

export interface ConnectionLimits {
  backoff: BackoffLimits;
  /** Milliseconds for the handshake. */
  handshake: number;
  /** Milliseconds from the handshake to the end of the resume. */
  resume: number;
  /** Milliseconds online after which an attempt counts as a success and the waits start short again. */
  stable: number;
}

export const defaultConnectionLimits: ConnectionLimits = { backoff: defaultBackoff, handshake: 15_000, resume: 15_000, stable: 5000 };

export class Connection {
  private current: ConnectionState = { kind: 'idle' };
  private socket: Socket | undefined;
  private attempt = 0;
  private generation = 0;
  private cancelTimer: () => void = () => undefined;
  private opened = false;

  constructor(
    private readonly url: string,
    private readonly ports: ConnectionPorts,
    private readonly events: ConnectionEvents,
    private readonly limits: ConnectionLimits = defaultConnectionLimits,
  ) {}

  get state(): ConnectionState {
    return this.current;
  }

  /** Connects now, whatever was going on: at the start, with a new token, or because somebody asked. */
  connect(): void {
    this.drop();
    if (!this.ports.isOnline()) this.enter({ kind: 'offline' });
    else void this.dial();
  }

  /** The device has a network again (or may have). Cuts a wait short. */
  networkChanged(): void {
    if (this.current.kind === 'waiting' || this.current.kind === 'offline') this.connect();
  }

  /** The device says that it has no network: attempts would be in vain. An open socket is left to find out by itself. */
  networkLost(): void {
    if (this.current.kind === 'waiting' || this.current.kind === 'connecting') {
      this.drop();
      this.enter({ kind: 'offline' });
    }
  }

  /** Breaks off and resumes after a wait: for holes and silence. */
  restart(reason: Reason): void {
    if (this.socket) {
      this.drop();
      this.wait(reason);
    }
  }

  /** The frames that say so have come: everything that was missed is here. */
  ready(): void {
    if (this.current.kind !== 'resuming') return;
    this.cancelTimer();
    this.enter({ kind: 'online' });
    this.cancelTimer = this.ports.clock.after(this.limits.stable, () => (this.attempt = 0));
  }

  /** Only a new token helps. */
  unauthorized(expired: boolean): void {
    this.drop();
    this.enter({ kind: 'unauthorized', expired });
  }

  /** False when there is no open socket; then nothing was sent. */
  send(frame: ClientFrame): boolean {
    if (!this.socket || !this.opened) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  close(): void {
    this.drop();
    this.enter({ kind: 'closed' });
  }

  private async dial(): Promise<void> {
    const generation = this.generation;
    this.enter({ kind: 'connecting', attempt: this.attempt });
    const position = await this.ports.position();
    if (generation !== this.generation) return;
    const token = this.ports.token();
    if (!token || (!position.go && position.why === 'unauthorized')) this.unauthorized(false);
    else if (position.go) this.openSocket(token, position.query);
    else if (position.why === 'nothing') this.enter({ kind: 'idle' });
    else if (position.why !== 'unauthorized') this.wait(position.why);
  }

  private openSocket(token: string, query: Record<string, string>): void {
    // The token travels as a sub-protocol: a URL would end up in logs.
    const socket = this.ports.open(`${this.url}?${new URLSearchParams({ v: '2', ...query }).toString()}`, ['chatbox', token]);
    this.socket = socket;
    this.opened = false;
    this.cancelTimer = this.ports.clock.after(this.limits.handshake, () => this.restart('unreachable'));
    socket.onopen = () => this.whenOpen();
    socket.onmessage = (event) => this.whenMessage(event.data);
    socket.onclose = (event) => void this.whenClosed(event.code);
  }

  private whenOpen(): void {
    this.opened = true;
    this.cancelTimer();
    this.cancelTimer = this.ports.clock.after(this.limits.resume, () => this.restart('silent'));
    this.enter({ kind: 'resuming' });
  }

  private whenMessage(data: unknown): void {
    const frame = parseFrame(data);
    if (frame) this.events.frame(frame);
  }

  private async whenClosed(code: number): Promise<void> {
    const wasOpen = this.opened;
    this.drop();
    if (code === 1008) {
      this.enter({ kind: 'unauthorized', expired: true });
      return;
    }
    if (wasOpen) {
      this.wait(code === 1001 ? 'restarting' : code === 1013 ? 'slow' : 'lost');
      return;
    }
    const generation = this.generation;
    const found = await this.ports.probe();
    if (generation !== this.generation) return;
    if (found === 'unauthorized') this.unauthorized(false);
    else this.wait(found === 'unreachable' ? 'unreachable' : 'refused');
  }

  private wait(reason: Reason): void {
    if (!this.ports.isOnline()) {
      this.enter({ kind: 'offline' });
      return;
    }
    const delay = backoffDelay(this.attempt, this.ports.random, this.limits.backoff);
    this.attempt += 1;
    this.cancelTimer = this.ports.clock.after(delay, () => {
      this.generation += 1;
      void this.dial();
    });
    this.enter({ kind: 'waiting', reason, until: this.ports.clock.now() + delay, attempt: this.attempt });
  }

  /** Lets go of the socket and of every timer; what they still say is not heard. */
  private drop(): void {
    this.generation += 1;
    this.cancelTimer();
    this.cancelTimer = () => undefined;
    this.opened = false;
    const socket = this.socket;
    this.socket = undefined;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(1000);
  }

  private enter(state: ConnectionState): void {
    this.current = state;
    this.events.state(state);
  }
}
