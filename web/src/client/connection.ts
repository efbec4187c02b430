// One connection to the server that comes back by itself. It knows sockets, timers and reasons, and nothing of what is said.
//
// Life: idle -> connecting -> (resuming) -> online, and from anywhere to waiting (next attempt at a known time), offline (the device
// has no network), renewing (a new token was asked for) or unauthorized (only a new token helps, and none came). `closed` is the end:
// we were asked to, or the server does not want us back.

import type { ApiResult } from './api';
import { backoffDelay, defaultBackoff, type BackoffLimits } from './backoff';
import { afterClose, closeCode } from './closing';
import { parseFrame, type ClientFrame, type ServerFrame } from './frames';

export type Reason =
  | 'lost'          // the socket broke
  | 'unreachable'   // the server does not answer
  | 'refused'       // it answers, but does not take the connection now
  | 'restarting'    // it said that it is shutting down
  | 'slow'          // it said that we read too slowly
  | 'silent'        // something was due and did not come
  | 'expired';      // the token ended, and the one that came for it did not do either

export type ConnectionState =
  | { kind: 'idle' }
  | { kind: 'connecting'; attempt: number }
  | { kind: 'resuming' }
  | { kind: 'online' }
  | { kind: 'waiting'; reason: Reason; until: number; attempt: number }
  | { kind: 'offline' }
  | { kind: 'renewing' }
  | { kind: 'unauthorized'; expired: boolean }
  | { kind: 'closed'; why: 'asked' | 'refused' };

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
  /** A one-time ticket to open the socket with. Without this the token itself travels as a sub-protocol. */
  ticket?(): Promise<ApiResult<string>>;
  /** Asks for a new token, of which `tokenRenewed` tells. Undefined when there is nobody to ask. */
  renew?: (() => void) | undefined;
  /** May look things up first. Never rejects. */
  position(): Promise<Position>;
  /** Is it the token that keeps us out? Asked after an attempt that failed, because a page cannot see the status of an upgrade. */
  probe(): Promise<'unauthorized' | 'reachable' | 'unreachable'>;
  isOnline(): boolean;
}

export interface ConnectionEvents {
  state(state: ConnectionState): void;
  frame(frame: ServerFrame): void;
  /** The server closed an open connection. Told before the new state. */
  closed?(code: number): void;
}

export interface ConnectionLimits {
  backoff: BackoffLimits;
  /** Milliseconds for the handshake. */
  handshake: number;
  /** Milliseconds from the handshake to the end of the resume. */
  resume: number;
  /** Milliseconds online after which an attempt counts as a success and the waits start short again. */
  stable: number;
  /** Milliseconds that a new token may take before the sign-in counts as expired. */
  renewal: number;
  /** New tokens that are tried in a row without ever having been online for `stable`. */
  renewals: number;
}

export const defaultConnectionLimits: ConnectionLimits = {
  backoff: defaultBackoff, handshake: 15_000, resume: 15_000, stable: 5000, renewal: 8000, renewals: 3,
};

type Credentials = { query: Record<string, string>; protocols: string[] } | { why: Reason | 'unauthorized' };

export class Connection {
  private current: ConnectionState = { kind: 'idle' };
  private socket: Socket | undefined;
  private attempt = 0;
  private renewals = 0;
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

  /** Connects now, whatever was going on: at the start, or because somebody asked. */
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

  /** Breaks off and resumes: after a wait, or at once when nothing is wrong with the server. */
  restart(reason: Reason, atOnce = false): void {
    if (!this.socket) return;
    if (atOnce) {
      this.connect();
      return;
    }
    this.drop();
    this.wait(reason);
  }

  /** The frames that say so have come: everything that was missed is here. */
  ready(): void {
    if (this.current.kind !== 'resuming') return;
    this.cancelTimer();
    this.enter({ kind: 'online' });
    this.cancelTimer = this.ports.clock.after(this.limits.stable, () => (this.attempt = this.renewals = 0));
  }

  /** Only a new token helps: it is asked for, if there is somebody to ask. */
  needToken(expired: boolean): void {
    this.drop();
    if (!this.ports.renew || this.renewals >= this.limits.renewals) {
      this.enter({ kind: 'unauthorized', expired });
      return;
    }
    this.renewals += 1;
    this.cancelTimer = this.ports.clock.after(this.limits.renewal, () => this.enter({ kind: 'unauthorized', expired }));
    this.enter({ kind: 'renewing' });
    this.ports.renew();
  }

  /** There is a new token. An open connection is not touched: it is renewed in band. */
  tokenRenewed(): void {
    if (this.current.kind === 'renewing' && this.renewals > 1) {
      this.drop();
      this.wait('expired');
    } else if (this.current.kind !== 'online' && this.current.kind !== 'resuming' && this.current.kind !== 'closed') {
      this.connect();
    }
  }

  /** False when there is no open socket; then nothing was sent. */
  send(frame: ClientFrame): boolean {
    if (!this.socket || !this.opened) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  close(): void {
    this.drop();
    this.enter({ kind: 'closed', why: 'asked' });
  }

  private async dial(): Promise<void> {
    const generation = this.generation;
    this.enter({ kind: 'connecting', attempt: this.attempt });
    const position = await this.ports.position();
    if (generation !== this.generation) return;
    if (!position.go) {
      this.hold(position.why);
      return;
    }
    const credentials = await this.credentials();
    if (generation !== this.generation) return;
    if ('why' in credentials) this.hold(credentials.why);
    else this.openSocket({ v: '2', ...position.query, ...credentials.query }, credentials.protocols);
  }

  private hold(why: Reason | 'unauthorized' | 'nothing'): void {
    if (why === 'unauthorized') this.needToken(false);
    else if (why === 'nothing') this.enter({ kind: 'idle' });
    else this.wait(why);
  }

  /** Neither a token nor anything else that works twice may stand in a URL: those end up in logs. */
  private async credentials(): Promise<Credentials> {
    const token = this.ports.token();
    if (!token) return { why: 'unauthorized' };
    const ticket = await this.ports.ticket?.();
    if (ticket?.ok) return { query: { ticket: ticket.value }, protocols: [] };
    if (ticket?.failure === 'unauthorized' || ticket?.failure === 'unreachable') return { why: ticket.failure };
    if (ticket && ticket.failure !== 'not_found') return { why: 'refused' };
    return { query: {}, protocols: ['chatbox', token] };
  }

  private openSocket(query: Record<string, string>, protocols: string[]): void {
    const socket = this.ports.open(`${this.url}?${new URLSearchParams(query).toString()}`, protocols);
    this.socket = socket;
    this.opened = false;
    this.cancelTimer = this.ports.clock.after(this.limits.handshake, () => this.restart('unreachable'));
    socket.onopen = () => this.whenOpen();
    socket.onmessage = (event) => this.whenMessage(event.data);
    socket.onclose = (event) => void this.whenClosed(event.code, event.reason);
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

  private async whenClosed(code: number, reason: string): Promise<void> {
    if (this.opened) {
      this.events.closed?.(code);
      this.drop();
      const next = afterClose(code, reason);
      if (next === 'renew') this.needToken(true);
      else if (next === 'end') this.enter({ kind: 'closed', why: 'refused' });
      else this.wait(code === closeCode.restarting ? 'restarting' : code === closeCode.slow ? 'slow' : 'lost');
      return;
    }
    this.drop();
    const generation = this.generation;
    const found = await this.ports.probe();
    if (generation !== this.generation) return;
    if (found === 'unauthorized') this.needToken(false);
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
