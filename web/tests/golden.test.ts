// The golden frames of protocol/: the library keeps what they say, and sends what they say.

import { beforeEach, describe, expect, it } from 'vitest';
import clientGolden from '../../protocol/client.json';
import serverGolden from '../../protocol/server.json';
import { ChatClient } from '../src/client/chat_client';
import { parseFrame } from '../src/client/frames';
import { emptyTranscript, reduce } from '../src/client/transcript';
import { FakeClock, FakeServer, settle } from './fakes';

interface GoldenClientFrame {
  name: string;
  library?: boolean;
  frame?: Record<string, unknown>;
}
interface GoldenServerFrame {
  name: string;
  both?: object;
  v1?: object;
  v2?: object;
}

const clientFrames: GoldenClientFrame[] = clientGolden.accepted;
const serverFrames: GoldenServerFrame[] = serverGolden.frames;
const session = '4f0c2b7e9a1d4c3e8b5f6a7d0e1c2b3a';

describe('a frame of the server', () => {
  for (const { name, ...versions } of serverFrames) {
    it(`is kept whole: ${name}`, () => {
      for (const frame of Object.values(versions)) expect(parseFrame(JSON.stringify(frame))).toEqual(frame);
    });

    it(`changes the transcript or is about something else: ${name}`, () => {
      const frame = parseFrame(JSON.stringify(versions.both ?? versions.v2));
      if (!frame) throw new Error('no frame');
      const before = { ...emptyTranscript, sessionId: session, lastSeq: (frame.seq ?? 1) - 1, asking: true };
      const unchanged = reduce(before, { type: 'frame', frame, now: 1 }) === before;
      // These are not about the conversation; the client acts on them (client_session.test.ts).
      expect(unchanged).toBe(['typing', 'token_expiring', 'auth_refreshed'].includes(frame.type));
    });
  }
});

describe('a frame of the library', () => {
  let clock: FakeClock;
  let server: FakeServer;
  let client: ChatClient;
  let token: string;

  beforeEach(() => {
    clock = new FakeClock();
    server = new FakeServer();
    token = 'e30.e30.old';
  });

  async function connect(sessionId: string | undefined): Promise<void> {
    server.sessionId = sessionId;
    client = new ChatClient('ws://host/chatbox', {
      api: server.api, open: server.open, clock, random: () => 0.5, newId: () => 'c1', token: () => token, isOnline: () => true,
      storage: { getItem: () => null, setItem: () => undefined, removeItem: () => undefined },
    });
    client.start();
    await settle();
    server.pump();
  }

  const actions: Record<string, () => void> = {
    'a message': () => client.send('Hello there'),
    'a first message, without a session': () => client.send('Hello there'),
    'a file': () =>
      client.sendFile({ id: 'f-123.pdf', url: 'https://files.example.com/f-123.pdf', kind: 'file', name: 'a.pdf', size: 12345, media: 'application/pdf' }, 'The invoice'),
    'a voice message': () => client.sendFile({ id: 'v-1.webm', url: 'https://files.example.com/v-1.webm', kind: 'voice' }),
    'a call for help': () => client.requestHelp(),
    'another model': () => client.selectModel('beta'),
    stop: () => {
      server.begin();
      server.pump();
      client.stop();
    },
    typing: () => client.typing(),
    'typing no more': () => (client.typing(), client.typing(false)),
    'a new token': () => {
      token = 'e30.e30.new';
      client.tokenRenewed();
    },
  };

  for (const { name, frame } of clientFrames.filter((entry) => entry.library)) {
    it(`is sent as it says: ${name}`, async () => {
      await connect(name === 'a first message, without a session' ? undefined : session);
      const action = actions[name];
      if (!action) throw new Error(`nothing makes the library send: ${name}`);
      action();
      server.pump();
      expect(server.received.at(-1)).toEqual(frame);
    });
  }

  it('has a golden frame for everything that can be made', () => {
    expect(Object.keys(actions).sort()).toEqual(clientFrames.flatMap((entry) => (entry.library ? [entry.name] : [])).sort());
  });
});
