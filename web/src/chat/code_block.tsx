import { Check, Copy } from 'lucide-preact';
import type { JSX } from 'preact';
import { useCopy } from '../ui/copy';

export function CodeBlock({ code, language }: { code: string; language: string }): JSX.Element {
  const [copied, copy] = useCopy();
  const label = copied ? 'Copied' : 'Copy code';
  return (
    <div class="code-block">
      <div class="code-head">
        <span>{language || 'code'}</span>
        <button type="button" class="icon-button small" title={label} aria-label={label} onClick={() => copy(code.replace(/\n$/, ''))}>
          {copied ? <Check size={16} aria-hidden="true" /> : <Copy size={16} aria-hidden="true" />}
        </button>
      </div>
      <pre tabIndex={0}>
        <code>{code}</code>
      </pre>
    </div>
  );
}
