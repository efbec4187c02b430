// What the page says, in one place.

import type { ConnectionState, Reason } from '../client/connection';
import type { Item, Problem } from '../client/transcript';

/** The state in a word or two, for the header. */
export function stateWord(state: ConnectionState, now: number): string {
  switch (state.kind) {
    case 'idle':
    case 'connecting':
    case 'resuming':
      return 'Connecting…';
    case 'online':
      return 'Connected';
    case 'waiting':
      return `Reconnecting in ${secondsUntil(state.until, now)} s`;
    case 'offline':
      return 'Offline';
    case 'unauthorized':
      return 'Signed out';
    case 'closed':
      return 'Disconnected';
  }
}

export function indicatorClass(state: ConnectionState): 'connected' | 'connecting' | 'disconnected' {
  if (state.kind === 'online') return 'connected';
  return state.kind === 'offline' || state.kind === 'unauthorized' || state.kind === 'closed' ? 'disconnected' : 'connecting';
}

const reasons: Record<Reason, string> = {
  lost: 'The connection was lost.',
  unreachable: 'The server does not answer.',
  refused: 'The server takes no more connections now.',
  restarting: 'The server is restarting.',
  slow: 'The connection is too slow at the moment.',
  silent: 'The connection went quiet.',
};

/** Why there is no connection, and what happens next. Empty while there is nothing to say. */
export function connectionDetail(state: ConnectionState): string {
  if (state.kind === 'waiting') return `${reasons[state.reason]} What you write is sent as soon as it is back.`;
  if (state.kind === 'offline') return 'Your device is offline. What you write is sent as soon as it is back.';
  return '';
}

const answerProblems: Record<string, string> = {
  LLM_UNAVAILABLE: 'The assistant cannot be reached right now.',
  LLM_TIMEOUT: 'The assistant took too long to answer.',
};

/** How an answer ended, when it did not end by itself. */
export function answerWords(item: Item): string {
  switch (item.answer) {
    case 'stopped':
      return 'Stopped';
    case 'interrupted':
      return 'Interrupted before it was complete';
    case 'failed':
      return answerProblems[item.problem?.code ?? ''] ?? 'The answer failed.';
    default:
      return item.stopping ? 'Stopping…' : '';
  }
}

const sendProblems: Record<string, string> = {
  DATABASE_ERROR: 'Not sent. The server could not store it.',
  UNAUTHORIZED: 'Not sent. This chat belongs to somebody else.',
  INVALID_FORMAT: 'Not sent. The server did not accept it.',
};

export function sendWords(problem: Problem | undefined): string {
  return sendProblems[problem?.code ?? ''] ?? 'Not sent.';
}

export function secondsUntil(time: number, now: number): number {
  return Math.max(1, Math.ceil((time - now) / 1000));
}

export const tooOld = 'Your sign-in has expired. Open the chat again from where you came, or reload the page there.';
export const notSignedIn = 'Open the chat from your app or with the link that you were given. The link signs you in.';
