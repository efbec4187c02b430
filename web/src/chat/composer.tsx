import { ArrowUp, LifeBuoy, Square } from 'lucide-preact';
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Model } from '../client/frames';
import type { KeyValue } from '../client/token';
import type { Control } from '../client/transcript';
import { utf8Length } from '../client/utf8';

/** Bytes that the protocol allows for one message. */
const maxBytes = 10_000;
const maxLines = 6;
const draftKey = 'chatbox.draft';

interface ComposerProps {
  running: boolean;
  stopping: boolean;
  models: readonly Model[];
  modelId: string | undefined;
  online: boolean;
  storage: KeyValue;
  onSend(text: string): void;
  onStop(): void;
  onModel(id: string): void;
  /** Something was written, or all of it deleted. */
  onTyping(active: boolean): void;
  control: Control;
  helper: string | undefined;
  /** A person was asked for, and that is not confirmed yet. */
  asking: boolean;
  onHelp(): void;
}

export function Composer(props: ComposerProps): JSX.Element {
  const { running, stopping, storage, onSend, onStop } = props;
  const [text, setText] = useState(() => storage.getItem(draftKey) ?? '');
  const box = useRef<HTMLTextAreaElement>(null);
  const over = charactersOver(text.trim());
  const canSend = text.trim() !== '' && over <= 0;

  useLayoutEffect(() => fitHeight(box.current), [text]);
  useEffect(() => {
    if (mayTakeFocus()) box.current?.focus();
  }, []);

  const change = (value: string): void => {
    setText(value);
    if (value) storage.setItem(draftKey, value);
    else storage.removeItem(draftKey);
  };
  const submit = (): void => {
    if (!canSend) return;
    onSend(text);
    change('');
    box.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    // While an input method composes, Enter belongs to it.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  };

  return (
    <form id="input-area" class="composer" aria-label="Write a message" onSubmit={(event) => (event.preventDefault(), submit())}>
      <div class="column">
        <div class="composer-box">
          <textarea
            id="message-input"
            ref={box}
            rows={1}
            placeholder="Type a message..."
            aria-label="Message"
            aria-describedby="composer-note"
            aria-invalid={over > 0}
            enterkeyhint="send"
            autocomplete="off"
            value={text}
            onInput={(event) => {
              change(event.currentTarget.value);
              props.onTyping(event.currentTarget.value.trim() !== '');
            }}
            onKeyDown={onKeyDown}
          />
          {running && (
            <button
              type="button"
              id="stop-btn"
              class={canSend ? 'round-button quiet' : 'round-button'}
              title="Stop the answer"
              aria-label="Stop the answer"
              disabled={stopping}
              onClick={onStop}
            >
              <Square size={14} fill="currentColor" aria-hidden="true" />
            </button>
          )}
          {(!running || canSend) && (
            <button type="submit" id="send-btn" class="round-button" title="Send" aria-label="Send" disabled={!canSend}>
              <ArrowUp size={20} aria-hidden="true" />
            </button>
          )}
        </div>
        <div class="composer-foot">
          <ModelPicker {...props} />
          <span id="composer-note" class={over > 0 ? 'bad' : ''} role={over > 0 ? 'alert' : undefined}>
            {over > 0 ? `Too long. Shorten it by about ${over.toLocaleString()} characters.` : noteOf(props)}
          </span>
          <HelpButton {...props} />
        </div>
      </div>
    </form>
  );
}

function noteOf({ control, helper }: ComposerProps): string {
  return control === 'human' ? `You are writing with ${helper ?? 'a person'}.` : 'Answers by the assistant can be wrong.';
}

/** Always there while the assistant answers; once somebody was asked, the card above says how it goes. */
function HelpButton({ control, asking, onHelp }: ComposerProps): JSX.Element | null {
  if (control !== 'ai') return null;
  return (
    <button type="button" id="help-btn" class="link-button" disabled={asking} title="Ask a person to join this chat" onClick={onHelp}>
      <LifeBuoy size={14} aria-hidden="true" />
      {asking ? 'Asking…' : 'Talk to a person'}
    </button>
  );
}

function ModelPicker({ models, modelId, online, control, onModel }: ComposerProps): JSX.Element | null {
  if (models.length < 2 || control === 'human') return null;
  return (
    <span id="model-selector-container" class="model-picker">
      <label class="off-screen" for="model-selector">
        Model
      </label>
      <select
        id="model-selector"
        value={modelId ?? models[0]?.id}
        disabled={!online}
        title="Model for the next answers"
        onChange={(event) => onModel(event.currentTarget.value)}
      >
        {models.map((model) => (
          <option key={model.id} value={model.id}>
            {model.name}
          </option>
        ))}
      </select>
    </span>
  );
}

/** About how many characters too long: the limit is in bytes, which mean nothing to whoever types. */
function charactersOver(text: string): number {
  const bytes = utf8Length(text);
  return bytes > maxBytes ? Math.ceil(((bytes - maxBytes) * text.length) / bytes) : 0;
}

/** Not in a frame, where the focus is the host page's, and not on a phone, where a keyboard would jump up. */
function mayTakeFocus(): boolean {
  return window.parent === window && window.matchMedia('(pointer: fine)').matches;
}

function fitHeight(box: HTMLTextAreaElement | null): void {
  if (!box) return;
  box.style.height = 'auto';
  const lines = maxLines * parseFloat(getComputedStyle(box).lineHeight);
  box.style.height = `${Math.min(box.scrollHeight, lines)}px`;
  box.style.overflowY = box.scrollHeight > lines ? 'auto' : 'hidden';
}
