// What the page says, in one place.

import type { ConnectionState, Reason } from '../client/connection';
import type { Control, Item, Notice, Problem, Transcript } from '../client/transcript';

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
    case 'renewing':
      return 'Signing in…';
    case 'unauthorized':
      return 'Signed out';
    case 'closed':
      return 'Disconnected';  // for good, unless somebody tries again
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
  expired: 'Your sign-in could not be renewed yet.',
};

/** Why there is no connection, and what happens next. Empty while there is nothing to say. */
export function connectionDetail(state: ConnectionState): string {
  if (state.kind === 'waiting') return `${reasons[state.reason]} What you write is sent as soon as it is back.`;
  if (state.kind === 'closed' && state.why === 'refused') return 'The server ended this connection and does not want it back as it was.';
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
  INVALID_FORMAT: 'Not sent. The server did not accept it; write it differently.',
  TOO_LARGE: 'Not sent. It is too large; shorten it, or send it in parts.',
  NOT_FOUND: 'Not sent. This chat is not there any more; start a new one from the menu.',
  SERVICE_ERROR: 'Not sent. The server has too much to do.',
};

export function sendWords(problem: Problem | undefined): string {
  return sendProblems[problem?.code ?? ''] ?? 'Not sent.';
}

const notices: Record<string, string> = {
  DATABASE_ERROR: 'The server could not store that. Try again in a moment.',
  INVALID_FORMAT: 'The server did not understand that. Reload the page; if it happens again, tell whoever runs this chat.',
  MISSING_FIELD: 'Write your question first.',
  NOT_FOUND: 'This chat is not there any more. Start a new one from the menu.',
  UNAUTHORIZED: 'This chat belongs to somebody else. Start your own from the menu.',
  SERVICE_ERROR: 'The server has too much to do at the moment. Try again in a moment.',
  TOO_MANY_REQUESTS: 'That was a lot at once. Wait a moment, then go on.',
};

/** What a notice says. A code that is not known here keeps the words of the server. */
export function noticeWords(notice: Notice): string {
  const help = notice.code.startsWith('HELP_');
  const words = notices[help ? notice.code.slice(5) : notice.code] ?? notice.text;
  return help ? `Nobody could be asked to join. ${words}` : words;
}

/** A line that nobody wrote. */
export function eventWords(item: Item): string {
  const who = item.name ?? 'A person';
  switch (item.event) {
    case 'help':
      return 'Help request sent. A person will join this chat.';
    case 'join':
      return `${who} has joined the conversation`;
    case 'leave':
      return `${who} has left the conversation. The assistant answers again.`;
    default:
      return item.text;
  }
}

/** Who answers, in a word or two. */
export function whoWord(control: Control): string {
  if (control === 'human') return 'Here in person';
  return control === 'waiting' ? 'AI, waiting for a person' : 'AI assistant';
}

/** What the card says while a person is asked for. Empty when there is none. */
export function helpWords({ control, asking, sessionId }: Transcript): string {
  if (control === 'waiting') return 'A person has been asked to join and will write here. Until then the assistant goes on answering.';
  if (!asking) return '';
  return sessionId ? 'Asking for a person…' : 'A person is asked for as soon as you have written what it is about.';
}

export function fileSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  if (bytes < 1_000_000) return `${Math.round(bytes / 1000)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

export function secondsUntil(time: number, now: number): number {
  return Math.max(1, Math.ceil((time - now) / 1000));
}

export const tooOld = 'Your sign-in has expired. Open the chat again from where you came, or reload the page there.';
export const notSignedIn = 'Open the chat from your app or with the link that you were given. The link signs you in.';
