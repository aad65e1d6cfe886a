// Line icons of 16 units, drawn for this product; colour and size come from the text around them.
const PATHS = {
  overview: 'M2.5 9.5h3l1.6-5 2.6 8 1.6-4.5h2.2',
  services: 'M3 3h4v4H3zM9 9h4v4H9zM9 3h4v4H9zM3 9h4v4H3z',
  errors: 'M8 2.2 14 13H2zM8 6.5v3M8 11.3v.2',
  breakers: 'M1.5 11h3.2M11.3 11h3.2M4.7 11 10 5.6M4.7 11a1 1 0 1 0 .01 0M11.3 11a1 1 0 1 0 .01 0',
  traces: 'M2 3.5h8M4.5 6.5h8M6.5 9.5h4M8.5 12.5H14',
  logs: 'M3 3.5h10M3 6.5h10M3 9.5h7M3 12.5h9',
  metrics: 'M2 13h12M3.5 10.5 6.5 7l2.5 2 4-5.5',
  map: 'M4 4.8a1.6 1.6 0 1 0-.01 0M12 6.3a1.6 1.6 0 1 0-.01 0M6 13.3a1.6 1.6 0 1 0-.01 0M5.4 4l5.1.8M4.4 4.9l1.2 5.2M10.9 6l-3.8 4.6',
  sql: 'M3 4c0-1 2.2-1.7 5-1.7S13 3 13 4v8c0 1-2.2 1.7-5 1.7S3 13 3 12zM3 4c0 1 2.2 1.7 5 1.7S13 5 13 4M3 8c0 1 2.2 1.7 5 1.7S13 9 13 8',
  status: 'M2.5 4h11v3.4h-11zM2.5 9h11v3.4h-11zM5 5.7h.1M5 10.7h.1',
  settings: 'M3 4.5h5.5M11.5 4.5H13M3 11.5h1.5M7.5 11.5H13M10 3v3M6 10v3',
  search: 'M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9M10.3 10.3 13.5 13.5',
  close: 'M4 4l8 8M12 4l-8 8',
  down: 'M4 6l4 4 4-4',
  right: 'M6 4l4 4-4 4',
  left: 'M10 4 6 8l4 4',
  up: 'M4 10l4-4 4 4',
  copy: 'M5.5 5.5h7v7h-7zM3.5 10.5v-7h7',
  link: 'M6.8 9.2a2.5 2.5 0 0 0 3.6 0l2-2a2.5 2.5 0 0 0-3.6-3.6l-.7.7M9.2 6.8a2.5 2.5 0 0 0-3.6 0l-2 2a2.5 2.5 0 0 0 3.6 3.6l.7-.7',
  refresh: 'M13 8a5 5 0 1 1-1.5-3.6M13 2.5v2.4h-2.4',
  play: 'M5 3.5v9l7-4.5z',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  sun: 'M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6M8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9',
  moon: 'M13 9.5A5.5 5.5 0 0 1 6.5 3a5.5 5.5 0 1 0 6.5 6.5',
  auto: 'M8 2.5a5.5 5.5 0 1 0 0 11zM8 2.5a5.5 5.5 0 0 1 0 11',
  help: 'M6 6.2a2 2 0 1 1 2.8 1.9c-.6.3-.8.7-.8 1.4M8 11.6v.1',
  filter: 'M2.5 3.5h11L9.5 8.5v4l-3-1.5V8.5z',
  minus: 'M4 8h8',
  plus: 'M4 8h8M8 4v8',
  clock: 'M8 13.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11M8 5v3.2l2 1.3',
  warn: 'M8 2.2 14 13H2zM8 6.5v3M8 11.3v.2',
  download: 'M8 2.5v7.5M5 7.2 8 10l3-2.8M3 13h10',
  expand: 'M3 6.5v-3h3M13 6.5v-3h-3M3 9.5v3h3M13 9.5v3h-3',
  fold: 'M3 4.5h10M6 8h7M6 11.5h7M3.2 8h.1M3.2 11.5h.1',
  send: 'M2.5 8 13.5 3 10 13.5 7.5 9z',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.4" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

export function Logo() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="var(--accent)" />
      <path d="M6 16h5l3-6 4 12 3-6h5" fill="none" stroke="var(--on-accent)" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round" />
    </svg>
  );
}
