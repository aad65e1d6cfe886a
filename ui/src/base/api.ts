// The one door to the server: /api/v1, problems as RFC 9457.
import { language } from './prefs';
import type { Problem as ProblemBody } from './schema';
import { BASE } from './url';

export type Query = Record<string, string | number | boolean | null | undefined>;

/** Why there is no answer, in the server's words. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly body: ProblemBody,
  ) {
    super(body.detail || body.title);
  }

  /** The server is older than this page, or has no such part. */
  get notOffered(): boolean {
    return this.status === 404 && this.body.code === 'unknown_route';
  }

  /** The server could not be reached at all. */
  get unreachable(): boolean {
    return this.status === 0;
  }
}

export function apiUrl(route: string, query: Query = {}): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== '') params.set(key, String(value));
  }
  const text = params.toString();
  return `${BASE}api/v1/${route}${text ? `?${text}` : ''}`;
}

export async function get<T>(route: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  return json(await ask(apiUrl(route, query), { signal, headers: { accept: 'application/json' } }));
}

export async function send<T>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', route: string, body?: unknown, signal?: AbortSignal, accept = 'application/json'): Promise<T> {
  const response = await ask(apiUrl(route), {
    method,
    signal,
    headers: { accept, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  return response.status === 204 ? (undefined as T) : json(response);
}

export async function ask(url: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { ...init, headers: { ...init.headers, 'accept-language': language.value } });
  } catch (error) {
    if ((error as Error).name === 'AbortError') throw error;
    throw new Problem(0, made(0, 'unreachable', (error as Error).message));
  }
  if (!response.ok) throw await problem(response);
  return response;
}

async function json<T>(response: Response): Promise<T> {
  return (await response.json()) as T;
}

async function problem(response: Response): Promise<Problem> {
  const text = await response.text();
  try {
    return new Problem(response.status, JSON.parse(text) as ProblemBody);
  } catch {
    return new Problem(response.status, made(response.status, 'no_problem_document', text.slice(0, 500) || response.statusText));
  }
}

function made(status: number, code: string, detail: string): ProblemBody {
  return { type: `urn:fusebox:problem:${code}`, code, title: code, detail, status };
}
