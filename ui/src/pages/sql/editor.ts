// CodeMirror, in a shadow root: there its style sheets are adopted ones, which the strict content security policy allows.
import { autocompletion, closeBrackets, completionKeymap } from '@codemirror/autocomplete';
import { history, historyKeymap, standardKeymap, toggleComment } from '@codemirror/commands';
import { HighlightStyle, bracketMatching, syntaxHighlighting } from '@codemirror/language';
import { EditorState, Prec } from '@codemirror/state';
import { EditorView, drawSelection, keymap, lineNumbers, placeholder } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { completes, sqlLanguage } from './language';

const theme = EditorView.theme({
  '&': { color: 'var(--text)', backgroundColor: 'transparent', fontSize: '13px', height: '100%' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.6', overflow: 'auto' },
  '.cm-content': { caretColor: 'var(--text)', padding: '10px 0' },
  '.cm-gutters': { backgroundColor: 'transparent', color: 'var(--text-faint)', border: '0' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': { background: 'color-mix(in srgb, var(--accent) 26%, transparent)' },
  '.cm-tooltip': { background: 'var(--raised)', border: '1px solid var(--line)', borderRadius: '8px', overflow: 'hidden', boxShadow: 'var(--shadow)' },
  '.cm-tooltip-autocomplete > ul > li': { padding: '3px 8px', fontFamily: 'var(--mono)' },
  '.cm-tooltip-autocomplete > ul > li[aria-selected]': { background: 'var(--selected)', color: 'var(--text)' },
  '.cm-placeholder': { color: 'var(--text-faint)' },
});

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: 'var(--accent)', fontWeight: '600' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--ok)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--warn)' },
  { tag: tags.comment, color: 'var(--text-faint)', fontStyle: 'italic' },
  { tag: tags.function(tags.variableName), color: 'color-mix(in srgb, var(--s2) 75%, var(--text))' },
  { tag: tags.typeName, color: 'var(--ok)' },
]);

export interface Editor {
  set: (text: string) => void;
  insert: (text: string) => void;
  focus: () => void;
  mark: (line: number, column: number) => void;
  destroy: () => void;
}

export function edit(host: HTMLElement, text: string, options: { label: string; hint: string; schema: Record<string, string[]>; onChange: (text: string) => void; onRun: () => void }): Editor {
  const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' });
  root.replaceChildren();
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(),
        history(),
        drawSelection(),
        bracketMatching(),
        closeBrackets(),
        autocompletion({ icons: false, override: [completes(options.schema)] }),
        syntaxHighlighting(colours),
        sqlLanguage,
        placeholder(options.hint),
        Prec.highest(keymap.of([{ key: 'Mod-Enter', run: () => (options.onRun(), true) }])),
        keymap.of([...completionKeymap, ...historyKeymap, ...standardKeymap, { key: 'Mod-/', run: toggleComment }]),
        EditorView.contentAttributes.of({ 'aria-label': options.label }),
        EditorView.updateListener.of((update) => update.docChanged && options.onChange(update.state.doc.toString())),
        theme,
      ],
    }),
  });
  return {
    set: (next) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: next } }),
    insert: (more) => view.dispatch(view.state.replaceSelection(more)),
    focus: () => view.focus(),
    mark: (line, column) => {
      const at = Math.min(view.state.doc.line(Math.min(line, view.state.doc.lines)).from + column - 1, view.state.doc.length);
      view.dispatch({ selection: { anchor: at }, scrollIntoView: true });
      view.focus();
    },
    destroy: () => view.destroy(),
  };
}
