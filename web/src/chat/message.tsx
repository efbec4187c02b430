import { Check, Copy, RotateCw, Trash2, TriangleAlert } from 'lucide-preact';
import type { ComponentChildren, JSX } from 'preact';
import { memo } from 'preact/compat';
import { useMemo } from 'preact/hooks';
import { isRunning, type Item } from '../client/transcript';
import { useCopy } from '../ui/copy';
import { useNow } from '../ui/hooks';
import { clockTime, exactTime } from '../ui/time';
import { FileView } from './file_view';
import { AssistantMark, PersonMark } from './header';
import { GrowingMarkdown, renderBlocks } from './markdown';
import { SafeBlock } from './safe_html';
import { answerWords, eventWords, secondsUntil, sendWords } from './words';

export interface MessageActions {
  retry(clientId: string): void;
  discard(clientId: string): void;
  /** Asks the question before this answer again. */
  askAgain(item: Item): void;
}

interface MessageProps {
  item: Item;
  /** First and last of a run of messages by the same sender. */
  first: boolean;
  last: boolean;
  online: boolean;
  /** The answer may be asked for again: nothing was said after it. */
  repeatable: boolean;
  actions: MessageActions;
}

export const Message = memo(function Message(props: MessageProps): JSX.Element {
  const { item, first, last } = props;
  const classes = ['message', item.sender, first && 'first', last && 'last', item.delivery === 'failed' && 'not-sent'];
  return (
    <article class={classes.filter(Boolean).join(' ')} data-answer={item.answer} data-delivery={item.delivery}>
      {item.sender !== 'user' && item.sender !== 'system' && <Face item={item} shown={first} />}
      <div class="message-body">
        <h3 class="off-screen">{speakerOf(item)}</h3>
        {item.sender === 'admin' && first && item.name && <p class="message-name">{item.name}</p>}
        <Content item={item} />
        {!item.event && <Meta {...props} />}
      </div>
    </article>
  );
});

function speakerOf(item: Item): string {
  if (item.sender === 'user') return 'You said';
  if (item.sender === 'admin') return `${item.name ?? 'A person'} said`;
  return item.sender === 'ai' ? 'The assistant said' : 'Note';
}

function Face({ item, shown }: { item: Item; shown: boolean }): JSX.Element {
  if (!shown) return <span class="avatar-space" />;
  if (item.sender === 'ai') return <AssistantMark size={16} />;
  return <PersonMark name={item.name} size={16} />;
}

function Content({ item }: { item: Item }): JSX.Element | null {
  if (item.sender === 'ai') return <Answer item={item} />;
  if (item.event) {
    return (
      <div class="message-content plain" title={exactTime(item.time)}>
        {eventWords(item)}
      </div>
    );
  }
  return (
    <>
      {item.file && <FileView file={item.file} />}
      {(item.text || !item.file) && <div class="message-content plain">{item.text}</div>}
    </>
  );
}

function Answer({ item }: { item: Item }): JSX.Element | null {
  const running = isRunning(item);
  const growing = useMemo(() => new GrowingMarkdown(), []);
  const blocks = useMemo(() => (running ? growing.update(item.text) : renderBlocks(item.text)), [item.text, running]);
  if (item.answer === 'waiting') return <TypingIndicator />;
  if (blocks.length === 0 && !running) return null;
  return (
    <div class="message-content markdown">
      {blocks.map((html, index) => (
        <SafeBlock key={index} html={html} caret={running && index === blocks.length - 1} />
      ))}
    </div>
  );
}

export function TypingIndicator({ label = 'The assistant is thinking' }: { label?: string }): JSX.Element {
  return (
    <div class="message-content typing-indicator" role="img" aria-label={label}>
      <span />
      <span />
      <span />
    </div>
  );
}

/** What stands under a message: when, and how it went. */
function Meta(props: MessageProps): JSX.Element | null {
  const { item, last } = props;
  const status = item.sender === 'user' ? <Delivery {...props} /> : <Ending {...props} />;
  const showsTime = last && !isRunning(item);
  if (!showsTime && !status) return null;
  return (
    <div class="message-meta">
      {showsTime && (
        <time class="message-timestamp" dateTime={new Date(item.time).toISOString()} title={exactTime(item.time)}>
          {clockTime(item.time)}
        </time>
      )}
      {status}
      {item.sender === 'ai' && !isRunning(item) && item.text && <CopyAnswer text={item.text} />}
    </div>
  );
}

function Delivery({ item, online, actions }: MessageProps): JSX.Element | null {
  const clientId = item.clientId;
  const waitsUntil = item.delivery === 'queued' ? item.problem?.retryAt : undefined;
  const now = useNow(500, waitsUntil !== undefined);
  if (!clientId || item.delivery === undefined || item.delivery === 'sent') return null;
  if (item.delivery === 'failed') {
    return (
      <Words bad>
        <WarningText text={sendWords(item.problem)} />
        <button type="button" class="link-button" onClick={() => actions.retry(clientId)}>
          Try again
        </button>
        <button type="button" class="icon-button small" title="Delete" aria-label="Delete this message" onClick={() => actions.discard(clientId)}>
          <Trash2 size={14} aria-hidden="true" />
        </button>
      </Words>
    );
  }
  if (waitsUntil !== undefined) return <Words>Too many messages. Sends again in {secondsUntil(waitsUntil, now)} s</Words>;
  return <span class="words patient">{online ? 'Sending…' : 'Waits for the connection'}</span>;
}

function Ending({ item, repeatable, actions }: MessageProps): JSX.Element | null {
  const words = answerWords(item);
  if (!words) return null;
  const again = repeatable && (item.answer === 'failed' || item.answer === 'interrupted');
  const bad = item.answer === 'failed';
  return (
    <Words bad={bad}>
      {bad ? <WarningText text={words} /> : words}
      {again && (
        <button type="button" class="link-button" onClick={() => actions.askAgain(item)}>
          <RotateCw size={14} aria-hidden="true" />
          Ask again
        </button>
      )}
    </Words>
  );
}

function Words({ bad, children }: { bad?: boolean; children: ComponentChildren }): JSX.Element {
  return <span class={bad ? 'words bad' : 'words'}>{children}</span>;
}

function WarningText({ text }: { text: string }): JSX.Element {
  return (
    <span>
      <TriangleAlert class="in-text" size={14} aria-hidden="true" />
      {text}
    </span>
  );
}

function CopyAnswer({ text }: { text: string }): JSX.Element {
  const [copied, copy] = useCopy();
  const label = copied ? 'Copied' : 'Copy answer';
  return (
    <button type="button" class="icon-button small on-hover" title={label} aria-label={label} onClick={() => copy(text)}>
      {copied ? <Check size={14} aria-hidden="true" /> : <Copy size={14} aria-hidden="true" />}
    </button>
  );
}
