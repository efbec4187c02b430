import { describe, expect, it } from 'vitest';
import serverGolden from '../../protocol/server.json';
import { connectionDetail, eventWords, fileSize, helpWords, indicatorClass, noticeWords, sendWords, stateWord, whoWord } from '../src/chat/words';
import type { ConnectionState, Reason } from '../src/client/connection';
import { emptyTranscript, reduce, type Item } from '../src/client/transcript';

const errors = serverGolden.frames.flatMap((frame) => {
  const found = (frame.both ?? frame.v2) as { error?: { code: string; message: string } };
  return found.error ? [found.error] : [];
});

describe('errors in words', () => {
  it('say what to do, for every error that the server sends', () => {
    // These never become a notice: they stand at an answer, or are about the token, which the client sees to.
    const elsewhere = /^LLM_|_TOKEN$/;
    for (const { code, message } of errors.filter((error) => !elsewhere.test(error.code))) {
      const words = noticeWords({ code, text: message, time: 0 });
      expect(words, code).not.toBe(message);
      expect(words, code).toMatch(/\.$/);
    }
  });

  it('keep the words of a server that knows more', () => {
    expect(noticeWords({ code: 'NEW', text: 'The moon is full', time: 0 })).toBe('The moon is full');
  });

  it('say that it was a call for a person that failed', () => {
    expect(noticeWords({ code: 'HELP_DATABASE_ERROR', text: '', time: 0 })).toMatch(/^Nobody could be asked to join\. .*Try again/);
  });

  it('stand at a message that was not sent', () => {
    for (const code of ['TOO_LARGE', 'NOT_FOUND', 'INVALID_FORMAT', 'ELSE']) expect(sendWords({ code, text: '' })).toMatch(/^Not sent\./);
  });
});

describe('who answers', () => {
  it('is said in a word or two', () => {
    expect(new Set((['ai', 'waiting', 'human'] as const).map(whoWord)).size).toBe(3);
  });

  it('while a person is asked for says what happens next', () => {
    const asking = reduce(emptyTranscript, { type: 'help' });
    expect(helpWords(emptyTranscript)).toBe('');
    expect(helpWords(asking)).toContain('as soon as you have written');
    expect(helpWords({ ...asking, sessionId: 's' })).toBe('Asking for a person…');
    expect(helpWords({ ...emptyTranscript, control: 'waiting' })).toContain('the assistant goes on answering');
    expect(helpWords({ ...emptyTranscript, control: 'human' })).toBe('');
  });

  it('is a line in the conversation when it changes', () => {
    const item = { key: 'k', sender: 'system', text: '', bytes: 0, time: 0, order: 1, born: 1, name: 'Jane' } as const;
    const words = (['help', 'join', 'leave'] as const).map((event): string => eventWords({ ...item, event } as Item));
    expect(words[0]).toContain('Help request sent');
    expect(words[1]).toBe('Jane has joined the conversation');
    expect(words[2]).toContain('Jane has left');
  });
});

describe('the connection', () => {
  it('has a word, a colour and, when there is something to say, a reason for each state', () => {
    const waiting = (reason: Reason): ConnectionState => ({ kind: 'waiting', reason, until: 5000, attempt: 1 });
    const quiet: ConnectionState[] = [{ kind: 'idle' }, { kind: 'connecting', attempt: 0 }, { kind: 'resuming' }, { kind: 'online' }, { kind: 'renewing' }];
    for (const state of quiet) expect(connectionDetail(state)).toBe('');
    for (const reason of ['lost', 'unreachable', 'refused', 'restarting', 'slow', 'silent', 'expired'] as const) {
      expect(connectionDetail(waiting(reason))).toMatch(/\. What you write is sent/);
    }
    expect(stateWord(waiting('lost'), 2000)).toBe('Reconnecting in 3 s');
    expect(connectionDetail({ kind: 'closed', why: 'refused' })).not.toBe('');
    expect(indicatorClass({ kind: 'closed', why: 'refused' })).toBe('disconnected');
    expect(indicatorClass({ kind: 'renewing' })).toBe('connecting');
  });
});

describe('the size of a file', () => {
  it('is short', () => {
    expect([0, 999, 1000, 123_456, 5_250_000].map(fileSize)).toEqual(['0 bytes', '999 bytes', '1 kB', '123 kB', '5.3 MB']);
  });
});
