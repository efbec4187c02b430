// Whole-page states: everything that can be in place of a conversation.

import { KeyRound, MessageCircleOff } from 'lucide-preact';
import type { ComponentChildren, JSX } from 'preact';
import { notSignedIn, tooOld } from './words';

interface PageStateProps {
  id: string;
  icon: JSX.Element;
  title: string;
  children: ComponentChildren;
}

export function PageState({ id, icon, title, children }: PageStateProps): JSX.Element {
  return (
    <main class="page-state" id={id}>
      <span class="page-state-icon" aria-hidden="true">
        {icon}
      </span>
      <h2>{title}</h2>
      {children}
    </main>
  );
}

export function SignedOut({ expired, onRetry }: { expired: boolean; onRetry?: (() => void) | undefined }): JSX.Element {
  return (
    <PageState id="signed-out" icon={<KeyRound size={28} />} title={expired ? 'Your sign-in has expired' : 'You are not signed in'}>
      <p>{expired ? tooOld : notSignedIn}</p>
      {onRetry && (
        <button type="button" class="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </PageState>
  );
}

export function Missing({ onNewChat }: { onNewChat: () => void }): JSX.Element {
  return (
    <PageState id="missing" icon={<MessageCircleOff size={28} />} title="This chat is not there">
      <p>It may have been deleted, or it belongs to another account.</p>
      <button type="button" class="button" onClick={onNewChat}>
        Go to your chat
      </button>
    </PageState>
  );
}

/** The layout of a conversation, grey; the style sheet shows it only after 150 ms. */
export function LoadingTranscript(): JSX.Element {
  return (
    <main class="messages skeleton" id="loading" aria-busy="true" aria-label="Loading messages">
      <div class="column">
        <span class="bone right" />
        <span class="bone tall" />
        <span class="bone right short" />
        <span class="bone" />
      </div>
    </main>
  );
}

export function EndedBar({ onNewChat }: { onNewChat: () => void }): JSX.Element {
  return (
    <div class="composer" id="ended-bar">
      <div class="column ended">
        <p>This chat has ended.</p>
        <button type="button" class="button" onClick={onNewChat}>
          Start a new chat
        </button>
      </div>
    </div>
  );
}
