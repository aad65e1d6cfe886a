// SQL for the editor: colours by a reader of single words, and completion. A whole grammar would be larger than the rest of this page.
import type { CompletionContext, CompletionResult } from '@codemirror/autocomplete';
import { StreamLanguage, type StreamParser } from '@codemirror/language';
import { KEYWORDS, TYPES, offers } from '../../model/sqlwords';

interface State {
  /** What the line before left open. */
  open: 'comment' | 'text' | 'name' | null;
}

const CLOSED_BY = { comment: '*/', text: "'", name: '"' } as const;
const STYLES = { comment: 'comment', text: 'string', name: 'variableName' } as const;

const parser: StreamParser<State> = {
  name: 'sql',
  startState: () => ({ open: null }),
  languageData: { commentTokens: { line: '--', block: { open: '/*', close: '*/' } }, closeBrackets: { brackets: ['(', '[', "'", '"'] } },
  token(stream, state) {
    if (state.open) {
      const style = STYLES[state.open];
      if (stream.skipTo(CLOSED_BY[state.open])) {
        stream.match(CLOSED_BY[state.open]);
        state.open = null;
      } else stream.skipToEnd();
      return style;
    }
    if (stream.eatSpace()) return null;
    if (stream.match('--')) {
      stream.skipToEnd();
      return 'comment';
    }
    for (const [open, what] of [
      ['/*', 'comment'],
      ["'", 'text'],
      ['"', 'name'],
    ] as const) {
      if (stream.match(open)) {
        state.open = what;
        return STYLES[what];
      }
    }
    if (stream.match(/^\d+(\.\d+)?(e[+-]?\d+)?/i)) return 'number';
    if (stream.match(/^\w+/)) {
      const word = stream.current().toLowerCase();
      if (word === 'true' || word === 'false' || word === 'null') return 'atom';
      if (KEYWORDS.has(word)) return 'keyword';
      if (TYPES.has(word)) return 'typeName';
      return stream.match(/^\s*\(/, false) ? 'variableName.function' : 'variableName';
    }
    stream.next();
    return null;
  },
};

export const sqlLanguage = StreamLanguage.define(parser);

const KINDS = { table: 'type', column: 'property', keyword: 'keyword', function: 'function' } as const;

/** Completion out of the tables that there are. */
export function completes(schema: Record<string, string[]>) {
  return (context: CompletionContext): CompletionResult | null => {
    const found = offers(context.state.doc.toString(), context.state.sliceDoc(0, context.pos), schema);
    if (!found) return null;
    return { from: context.pos - found.replaces, options: found.list.map(({ label, kind }, index) => ({ label, type: KINDS[kind], boost: -index / 10 })), validFor: /^\w*$/ };
  };
}
