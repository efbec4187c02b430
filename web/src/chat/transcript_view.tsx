import { ArrowDown } from 'lucide-preact';
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Item, Transcript } from '../client/transcript';
import { useNow } from '../ui/hooks';
import { dayName, sameDay } from '../ui/time';
import { AssistantMark, PersonMark } from './header';
import { Message, TypingIndicator, type MessageActions } from './message';

/** Messages that are in the page at first; the button above them brings more. */
const pageSize = 200;
/** Messages further apart than this stand in groups of their own. */
const groupGap = 5 * 60_000;
/** Pixels from the end within which the view follows what comes. */
const nearEnd = 64;

interface TranscriptViewProps {
  transcript: Transcript;
  online: boolean;
  /** A person is writing. */
  writing: boolean;
  actions: MessageActions;
}

export function TranscriptView({ transcript, online, writing, actions }: TranscriptViewProps): JSX.Element {
  const [pages, setPages] = useState(1);
  const { container, content, atEnd, toEnd } = useFollowing(transcript.items);
  const now = useNow(60_000);
  const { items } = transcript;
  const shown = items.slice(-pageSize * pages);
  return (
    <div class="messages-frame">
      <main id="messages-container" class="messages" ref={container} tabIndex={0} aria-label="Messages">
        <div class="column" ref={content}>
          {items.length === 0 && <Welcome />}
          {shown.length < items.length && (
            <button type="button" class="quiet-button earlier" onClick={() => setPages(pages + 1)}>
              Show earlier messages
            </button>
          )}
          {shown.map((item, index) => (
            <Entry key={item.key} item={item} before={shown[index - 1]} after={shown[index + 1]} {...{ now, online, actions }} />
          ))}
          {writing && <PersonWrites name={transcript.helper} />}
        </div>
      </main>
      {!atEnd && (
        <button type="button" id="to-latest-btn" class="to-latest" onClick={toEnd} title="Latest messages" aria-label="Go to the latest messages">
          <ArrowDown size={20} aria-hidden="true" />
        </button>
      )}
      <Announcer items={items} />
    </div>
  );
}

interface EntryProps {
  item: Item;
  before: Item | undefined;
  after: Item | undefined;
  now: number;
  online: boolean;
  actions: MessageActions;
}

function Entry({ item, before, after, now, online, actions }: EntryProps): JSX.Element {
  const newDay = !before || !sameDay(before.time, item.time);
  return (
    <>
      {newDay && (
        <h2 class="day">
          <span>{dayName(item.time, now)}</span>
        </h2>
      )}
      <Message
        item={item}
        first={newDay || !together(before, item)}
        last={!after || !sameDay(item.time, after.time) || !together(item, after)}
        online={online}
        repeatable={!after}
        actions={actions}
      />
    </>
  );
}

function together(a: Item | undefined, b: Item): boolean {
  return a !== undefined && a.sender === b.sender && a.name === b.name && Math.abs(b.time - a.time) < groupGap;
}

function PersonWrites({ name }: { name: string | undefined }): JSX.Element {
  return (
    <div class="message admin first last" id="person-writes">
      <PersonMark name={name} size={16} />
      <div class="message-body">
        <TypingIndicator label={`${name ?? 'A person'} is writing`} />
      </div>
    </div>
  );
}

function Welcome(): JSX.Element {
  return (
    <div class="welcome" id="empty-state">
      <AssistantMark size={28} />
      <h2>How can we help?</h2>
      <p>Write your question below. The assistant answers at once, and you can stop it at any time.</p>
    </div>
  );
}

/** Keeps the end in view while the reader is there, and leaves the place alone while they read back. */
function useFollowing(items: readonly Item[]): {
  container: preact.RefObject<HTMLElement>;
  content: preact.RefObject<HTMLDivElement>;
  atEnd: boolean;
  toEnd: () => void;
} {
  const container = useRef<HTMLElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const following = useRef(true);
  const [atEnd, setAtEnd] = useState(true);
  const toEnd = (): void => {
    following.current = true;
    setAtEnd(true);
    const box = container.current;
    if (box) box.scrollTop = box.scrollHeight;
  };
  const lastOwn = items.filter((item) => item.delivery !== undefined).length;
  useLayoutEffect(toEnd, [lastOwn]);
  useEffect(() => {
    const box = container.current;
    const inner = content.current;
    if (!box || !inner) return undefined;
    const whenScrolled = (): void => {
      following.current = box.scrollHeight - box.scrollTop - box.clientHeight < nearEnd;
      setAtEnd(following.current);
    };
    // Growth of the content, and of the composer below, which makes the box smaller.
    const resized = new ResizeObserver(() => {
      if (following.current) box.scrollTop = box.scrollHeight;
    });
    resized.observe(inner);
    resized.observe(box);
    box.addEventListener('scroll', whenScrolled, { passive: true });
    return () => {
      resized.disconnect();
      box.removeEventListener('scroll', whenScrolled);
    };
  }, []);
  return { container, content, atEnd, toEnd };
}

/** Speaks an answer once, when it is finished: a screen reader could not bear every piece. */
function Announcer({ items }: { items: readonly Item[] }): JSX.Element {
  const running = useRef(new Set<string>());
  const [text, setText] = useState('');
  useEffect(() => {
    for (const item of items) {
      if (item.answer === 'waiting' || item.answer === 'streaming') running.current.add(item.key);
      else if (running.current.delete(item.key)) setText(spoken(item));
    }
  }, [items]);
  return (
    <div class="off-screen" role="status" aria-live="polite" id="announcer">
      {text}
    </div>
  );
}

function spoken(item: Item): string {
  const ending = item.answer === 'done' ? '' : ` (${item.answer ?? ''})`;
  return `The assistant${ending}: ${item.text.replace(/[*_`#>|~]+/g, ' ')}`;
}
