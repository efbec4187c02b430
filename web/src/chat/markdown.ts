// Markdown of an answer to HTML, one string per top-level block. The HTML is not trusted by what shows it (see safe_html): here
// raw HTML is already turned into text, pictures into links, and addresses that are not web or mail into plain text.

import { Marked, type Token, type Tokens } from 'marked';

const marked = new Marked({ gfm: true, breaks: false });

marked.use({
  renderer: {
    // What looks like HTML in an answer is shown as it was written. Only line breaks, common in table cells, mean something.
    html({ text }: Tokens.HTML | Tokens.Tag): string {
      return /^<br\s*\/?>\s*$/i.test(text) ? '<br>' : escapeHtml(text);
    },
    link({ href, tokens }: Tokens.Link): string {
      const label = this.parser.parseInline(tokens);
      return isSafeAddress(href) ? `<a href="${escapeHtml(href)}">${label}</a>` : label;
    },
    // A picture would be fetched from somebody else's server, with the visitor's address: it becomes a link.
    image({ href, text }: Tokens.Image): string {
      const label = escapeHtml(text || 'Picture');
      return isSafeAddress(href) ? `<a href="${escapeHtml(href)}">${label}</a>` : label;
    },
    code({ text, lang }: Tokens.Code): string {
      const language = (lang ?? '').match(/^[\w+#.-]{1,20}/)?.[0] ?? '';
      return `<pre><code title="${escapeHtml(language)}">${escapeHtml(text)}</code></pre>`;
    },
  },
});

export function isSafeAddress(href: string): boolean {
  return /^(https?:\/\/|mailto:)/i.test(href);
}

/** The HTML of each block of a finished text. */
export function renderBlocks(text: string): string[] {
  return htmlOf(marked.lexer(normalised(text)));
}

/**
 * Renders a text that grows at its end. Blocks that can no longer change are kept, so that the cost of an update is that of the last
 * few blocks, not of the whole answer.
 */
export class GrowingMarkdown {
  private stableText = '';
  private stableHtml: string[] = [];

  update(text: string): string[] {
    const source = normalised(text);
    if (!source.startsWith(this.stableText)) {
      this.stableText = '';
      this.stableHtml = [];
    }
    this.settle(source);
    const tail = calmTail(source.slice(this.stableText.length));
    return [...this.stableHtml, ...htmlOf(marked.lexer(tail))];
  }

  /** Moves blocks into the stable part while two more blocks follow: what comes next can change only the last of them. */
  private settle(source: string): void {
    const tokens = marked.lexer(source.slice(this.stableText.length));
    let left = tokens.filter((token) => token.type !== 'space').length;
    for (const token of tokens) {
      if (token.type !== 'space') {
        if (left <= 2) return;
        left -= 1;
      }
      this.stableText += token.raw;
      this.stableHtml.push(...htmlOf([token]));
    }
  }
}

function htmlOf(tokens: Token[]): string[] {
  return tokens.filter((token) => token.type !== 'space' && token.type !== 'def').map((token) => marked.parser([token]));
}

function normalised(text: string): string {
  return text.replace(/\r\n?/g, '\n');
}

/**
 * The end of a growing text, without what would flicker: a table row or a list mark that is not complete is held back, an emphasis
 * or a link that is not closed yet is closed.
 */
export function calmTail(tail: string): string {
  const start = lastBlockStart(tail);
  if (start === undefined) return tail;  // inside a code block everything is shown as it comes
  const before = tail.slice(0, start);
  const block = withoutStub(tail.slice(start));
  return before + (/^ {0,3}\|/.test(block) ? wholeRows(block) : closed(block));
}

/** Where the last paragraph, list or table begins; undefined inside a fenced code block. */
function lastBlockStart(text: string): number | undefined {
  let fence = '';
  let start = 0;
  let at = 0;
  for (const line of text.split('\n')) {
    const mark = /^\s*(?:[-*+] |\d+[.)] )?\s*(`{3,}|~{3,})/.exec(line)?.[1];
    if (fence) {
      if (mark && mark.startsWith(fence) && line.trim() === mark) {
        fence = '';
        start = at + line.length + 1;
      }
    } else if (mark) fence = mark;
    else if (line.trim() === '') start = at + line.length + 1;
    at += line.length + 1;
  }
  return fence ? undefined : Math.min(start, text.length);
}

/** Without a last line that is only the beginning of a mark: it could still become anything. */
function withoutStub(block: string): string {
  const at = block.lastIndexOf('\n') + 1;
  const line = block.slice(at);
  const isStub = /^\s*([-*+_=>#~`|]+|\d{1,3}[.)]?|[-*+] \[[ xX]?\]?|\d{1,3}[.)] \*{1,3})\s*$/.test(line);
  return isStub ? block.slice(0, at) : block;
}

function wholeRows(block: string): string {
  const rows = block.slice(0, block.lastIndexOf('\n') + 1);
  return rows.split('\n').length > 2 ? rows : '';
}

function closed(block: string): string {
  let text = block.replace(/!?\[([^\]\n]*)\]\([^)\n]*$/, '$1').replace(/!?\[([^\]\n]*)$/, '$1');
  if (count(text, '`') % 2 === 1) return text.endsWith('`') ? text.slice(0, -1) : `${text}\``;
  for (const mark of ['**', '~~']) {
    if (count(text, mark) % 2 === 0) continue;
    const trimmed = text.replace(/\s+$/, '');
    text = trimmed.endsWith(mark) ? trimmed.slice(0, -mark.length) : trimmed + mark;
  }
  return text.replace(/(^|[^*])\*$/, '$1');
}

function count(text: string, mark: string): number {
  return text.split(mark).length - 1;
}

function escapeHtml(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;').replace(/'/g, '&#39;');
}
