import './styles/tokens.css';
import './styles/base.css';
import './styles/components.css';
import './styles/pages.css';
import { render } from 'preact';
import { App, begin } from './pages/app';
import { listenToKeys } from './base/keys';
import { applyPrefs } from './base/prefs';
import { listen } from './base/url';

// Browsers look the icon up again when the path changes, and would look beside the new one.
for (const icon of document.querySelectorAll<HTMLLinkElement>('link[rel=icon]')) icon.setAttribute('href', icon.href);
applyPrefs();
listen();
listenToKeys();
begin();
render(<App />, document.getElementById('app')!);
