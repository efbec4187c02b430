// HTML that came out of Markdown, as a tree that Preact shows. DOMPurify cleans it first; then only known elements with known
// attributes are built, so nothing is ever set as HTML in the page. Growing text changes text nodes in place: no flicker, and a
// selection survives.

import DOMPurify from 'dompurify';
import { h, type ComponentChild, type JSX } from 'preact';
import { memo } from 'preact/compat';
import { CodeBlock } from './code_block';
import { isSafeAddress } from './markdown';

const plainTags = [
  'p', 'br', 'hr', 'strong', 'em', 'del', 'code', 'blockquote', 'ul', 'ol', 'li', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6',
  'thead', 'tbody', 'tr', 'th', 'td',
];
const allowedTags = [...plainTags, 'a', 'pre', 'table', 'input'];

const rules = {
  ALLOWED_TAGS: allowedTags,
  ALLOWED_ATTR: ['href', 'title', 'align', 'start', 'type', 'checked', 'disabled'],
  ALLOWED_URI_REGEXP: /^(?:https?:|mailto:)/i,
  ADD_URI_SAFE_ATTR: ['align', 'start', 'type', 'checked', 'disabled'],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  RETURN_DOM_FRAGMENT: true as const,
};

/** One block. With `caret`, a soft caret stands behind its last character. */
export const SafeBlock = memo(function SafeBlock({ html, caret }: { html: string; caret: boolean }): JSX.Element {
  return <>{childrenOf(DOMPurify.sanitize(html, rules), caret)}</>;
});

export function Caret(): JSX.Element {
  return <span class="caret" aria-hidden="true" />;
}

function childrenOf(parent: Node, caret: boolean): ComponentChild[] {
  const nodes = [...parent.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE || node.nodeType === Node.ELEMENT_NODE);
  // White space behind the last element carries nothing: the caret belongs into the element.
  let last = nodes.length - 1;
  while (last > 0 && nodes[last]?.nodeType === Node.TEXT_NODE && !nodes[last]?.textContent?.trim()) last -= 1;
  const built = nodes.map((node, index) => build(node, caret && index === last));
  const lastNode = nodes[last];
  if (caret && (!lastNode || lastNode.nodeType === Node.TEXT_NODE || cannotHoldCaret(lastNode))) built.push(<Caret />);
  return built;
}

function cannotHoldCaret(node: Node): boolean {
  return ['BR', 'HR', 'INPUT', 'PRE', 'TABLE'].includes(node.nodeName);
}

function build(node: Node, caret: boolean): ComponentChild {
  if (node.nodeType === Node.TEXT_NODE) return node.textContent;
  const element = node as HTMLElement;
  const tag = element.tagName.toLowerCase();
  switch (tag) {
    case 'a':
      return <SafeLink element={element} caret={caret} />;
    case 'pre':
      return <CodeBlock code={element.textContent ?? ''} language={element.querySelector('code')?.getAttribute('title') ?? ''} />;
    case 'table':
      return (
        <div class="table-scroll" tabIndex={0} role="group" aria-label="Table">
          <table>{childrenOf(element, false)}</table>
        </div>
      );
    case 'input':
      return <input type="checkbox" disabled checked={element.hasAttribute('checked')} />;
    case 'br':
    case 'hr':
      return h(tag, null);
    default:
      return plainTags.includes(tag) ? h(tag, attributesOf(element, tag), ...childrenOf(element, caret)) : element.textContent;
  }
}

function attributesOf(element: HTMLElement, tag: string): Record<string, string> | null {
  const align = element.getAttribute('align');
  if ((tag === 'th' || tag === 'td') && (align === 'center' || align === 'right')) return { class: `align-${align}` };
  const start = element.getAttribute('start');
  return tag === 'ol' && start && /^\d{1,6}$/.test(start) ? { start } : null;
}

function SafeLink({ element, caret }: { element: HTMLElement; caret: boolean }): JSX.Element {
  const href = element.getAttribute('href') ?? '';
  const children = childrenOf(element, caret);
  if (!isSafeAddress(href)) return <>{children}</>;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer" title={href}>
      {children}
    </a>
  );
}
