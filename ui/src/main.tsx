import './styles/tokens.css';
import './styles/base.css';
import './styles/components.css';
import './styles/pages.css';
import { render } from 'preact';
import { App } from './pages/app';
import { listenToKeys } from './base/keys';
import { applyPrefs } from './base/prefs';
import { listen } from './base/url';

applyPrefs();
listen();
listenToKeys();
render(<App />, document.getElementById('app')!);
