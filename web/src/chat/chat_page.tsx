import { LifeBuoy, X } from 'lucide-preact';
import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { ChatClient, Snapshot } from '../client/chat_client';
import type { ConnectionState } from '../client/connection';
import type { KeyValue } from '../client/token';
import { runningAnswer, type Item, type Transcript } from '../client/transcript';
import { useNow } from '../ui/hooks';
import { Composer } from './composer';
import { Header } from './header';
import { EndedBar, LoadingTranscript, Missing, SignedOut } from './states';
import type { MessageActions } from './message';
import { TranscriptView } from './transcript_view';
import { connectionDetail, helpWords, noticeWords } from './words';

interface ChatPageProps {
  client: ChatClient;
  storage: KeyValue;
  /** Asks whoever signed us in for a new token. Undefined when there is nobody to ask. */
  renewToken?: (() => void) | undefined;
  /** Leaves a session that is not there for the active one. */
  openActive: () => void;
}

export function ChatPage({ client, storage, renewToken, openActive }: ChatPageProps): JSX.Element {
  const { transcript, connection, phase, writing } = useSnapshot(client);
  const [newChatFailed, setNewChatFailed] = useState(false);
  const actions = useActions(client);
  const running = runningAnswer(transcript);
  const online = connection.kind === 'online';
  const newChat = (): void => void client.newChat().then((worked) => setNewChatFailed(!worked));
  const mayStartNew = phase === 'ready' && connection.kind !== 'unauthorized' && transcript.items.length > 0;

  return (
    <div id="app" class="page">
      <Header name={assistantName(transcript)} control={transcript.control} helper={transcript.helper} connection={connection} onNewChat={mayStartNew ? newChat : undefined} />
      {connection.kind === 'unauthorized' && transcript.items.length === 0 ? (
        <SignedOut expired={connection.expired} onRetry={renewToken} />
      ) : phase === 'missing' ? (
        <Missing onNewChat={openActive} />
      ) : (
        <>
          {phase === 'loading' ? <LoadingTranscript /> : <TranscriptView {...{ transcript, online, actions }} writing={writing.includes('admin')} />}
          <ConnectionLine connection={connection} onTry={() => client.reconnect()} renewToken={renewToken} />
          <NoticeLine
            text={newChatFailed ? 'The server does not answer, so no new chat was started. Try again later.' : transcript.notice && noticeWords(transcript.notice)}
            onDismiss={() => (setNewChatFailed(false), client.dismissNotice())}
          />
          <HelpCard words={helpWords(transcript)} />
          {transcript.ended ? (
            <EndedBar onNewChat={newChat} />
          ) : (
            <Composer
              running={running !== undefined}
              stopping={running?.stopping === true}
              models={transcript.models}
              modelId={transcript.modelId}
              online={online}
              storage={storage}
              onSend={(text) => client.send(text)}
              onStop={() => client.stop()}
              onModel={(id) => client.selectModel(id)}
              onTyping={(active) => client.typing(active)}
              control={transcript.control}
              helper={transcript.helper}
              asking={transcript.asking}
              onHelp={() => client.requestHelp()}
            />
          )}
        </>
      )}
    </div>
  );
}

function assistantName(transcript: Transcript): string {
  const model = transcript.models.find((candidate) => candidate.id === transcript.modelId) ?? transcript.models[0];
  return model?.name ?? 'Assistant';
}

function useActions(client: ChatClient): MessageActions {
  return useMemo(
    () => ({
      retry: (clientId: string) => client.retry(clientId),
      discard: (clientId: string) => client.discard(clientId),
      askAgain: (item: Item) => {
        const { items } = client.current.transcript;
        const question = items.slice(0, items.indexOf(item)).reverse().find((earlier) => earlier.sender === 'user');
        if (question) client.send(question.text);
      },
    }),
    [client],
  );
}

/** The client's state, at most once per frame: pieces of an answer may come faster than a screen can show them. */
function useSnapshot(client: ChatClient): Snapshot {
  const [snapshot, setSnapshot] = useState(client.current);
  const pending = useRef<() => void>();
  useEffect(() => {
    const show = (): void => {
      pending.current = undefined;
      setSnapshot(client.current);
    };
    const stop = client.subscribe(() => {
      pending.current ??= soon(show);
    });
    show();
    return () => {
      stop();
      pending.current?.();
      pending.current = undefined;
    };
  }, [client]);
  return snapshot;
}

/** The next frame, or a moment later in a page that is hidden and gets no frames. */
function soon(callback: () => void): () => void {
  if (document.hidden) {
    const timer = setTimeout(callback, 200);
    return () => clearTimeout(timer);
  }
  const frame = requestAnimationFrame(callback);
  return () => cancelAnimationFrame(frame);
}

interface ConnectionLineProps {
  connection: ConnectionState;
  onTry: () => void;
  renewToken?: (() => void) | undefined;
}

/** A quiet line above the composer, once there is no connection for longer than a moment. */
function ConnectionLine({ connection, onTry, renewToken }: ConnectionLineProps): JSX.Element | null {
  const since = useRef(Date.now());
  if (connection.kind === 'online') since.current = 0;
  else if (since.current === 0) since.current = Date.now();
  const now = useNow(500, connection.kind !== 'online');
  // The line stays as it is through the attempts between two waits.
  const detail = useRef('');
  if (connection.kind === 'online') detail.current = '';
  else detail.current = connectionDetail(connection) || detail.current;
  if (connection.kind === 'unauthorized') return <SignInLine renewToken={renewToken} />;
  if (!detail.current || now - since.current < 1000) return null;
  return (
    <div class="column line" id="connection-line" role="status">
      <p>{detail.current}</p>
      {(connection.kind === 'waiting' || connection.kind === 'closed') && (
        <button type="button" class="link-button" onClick={onTry}>
          Try now
        </button>
      )}
    </div>
  );
}

function SignInLine({ renewToken }: { renewToken?: (() => void) | undefined }): JSX.Element {
  return (
    <div class="column line" role="status">
      <p>Your sign-in has expired. Open the chat again from where you came; nothing that you wrote is lost.</p>
      {renewToken && (
        <button type="button" class="link-button" onClick={renewToken}>
          Sign in again
        </button>
      )}
    </div>
  );
}

/** Says what happens after a person was asked for, for as long as it is not done. */
function HelpCard({ words }: { words: string }): JSX.Element | null {
  if (!words) return null;
  return (
    <div class="column">
      <div class="help-card" id="help-card" role="status">
        <span class="avatar person" aria-hidden="true">
          <LifeBuoy size={16} />
        </span>
        <p>{words}</p>
      </div>
    </div>
  );
}

function NoticeLine({ text, onDismiss }: { text: string | undefined; onDismiss: () => void }): JSX.Element | null {
  if (!text) return null;
  return (
    <div class="column line" id="notice" role="status">
      <p>{text}</p>
      <button type="button" class="icon-button small" title="Dismiss" aria-label="Dismiss" onClick={onDismiss}>
        <X size={16} aria-hidden="true" />
      </button>
    </div>
  );
}
