// Answers of the server as hooks. Old data stays on the screen while new data is on its way.
import { QueryClient, QueryObserver, keepPreviousData, type QueryObserverResult } from '@tanstack/query-core';
import { signal } from '@preact/signals';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { Problem, get, type Query } from './api';
import { place } from './url';

export const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      gcTime: 120_000,
      refetchOnWindowFocus: false,
      networkMode: 'always',
      retry: (times, error) => times < 1 && error instanceof Problem && error.status >= 500 && error.status !== 501,
      retryDelay: 400,
    },
  },
});
client.mount();

export interface Answer<T> {
  data: T | undefined;
  error: Problem | Error | null;
  /** Nothing to show yet. */
  pending: boolean;
  /** What is shown is of another question or older; a new answer is on its way. */
  fetching: boolean;
  at: number;
  retry: () => void;
}

export interface Options {
  /** Not asked while false. */
  when?: boolean;
  /** Asked again after so many ms; the time range's own refresh when left out. */
  every?: number | false;
  /** Forever good: traces, closed windows. */
  settled?: boolean;
  /** Nothing of an answer is the same as before, so nothing is looked for that could be kept: large answers whose times move on. */
  moving?: boolean;
}

/** In ms, from the `refresh` of the URL. */
export function refreshEvery(): number | false {
  const seconds = Number.parseInt(place.value.params.get('refresh') ?? '', 10);
  return Number.isFinite(seconds) && seconds > 0 ? Math.max(seconds, 2) * 1000 : false;
}

/** Counts up when everything on the screen is to be asked again. */
export const again = signal(0);

export function refreshAll(): void {
  again.value++;
  void client.invalidateQueries();
}

/** Asks again for what came from these routes and is on the screen. */
export function refresh(...routes: string[]): void {
  void client.invalidateQueries({ predicate: ({ queryKey }) => routes.some((route) => String(queryKey[0]).startsWith(route)) });
}

export function useAnswer<T>(key: readonly unknown[], fn: (signal: AbortSignal) => Promise<T>, options: Options = {}): Answer<T> {
  const { when = true, every = refreshEvery(), settled = false, moving = false } = options;
  const config = {
    queryKey: key,
    queryFn: ({ signal }: { signal: AbortSignal }) => fn(signal),
    enabled: when,
    refetchInterval: settled ? (false as const) : every,
    placeholderData: keepPreviousData,
    structuralSharing: !moving,
    ...(settled ? { staleTime: Number.POSITIVE_INFINITY } : {}),
  };
  const observer = useMemo(() => new QueryObserver<T>(client, config as never), []);
  const [, redraw] = useState(0);
  const hash = JSON.stringify([key, when, config.refetchInterval]);
  useMemo(() => observer.setOptions(config as never), [hash]);
  useEffect(() => observer.subscribe(() => redraw((times) => times + 1)), [observer]);
  const result = observer.getCurrentResult() as QueryObserverResult<T>;
  return {
    data: result.data as T | undefined,
    error: result.error as Problem | null,
    pending: result.isPending && when,
    fetching: result.isFetching && (result.isPlaceholderData || result.data === undefined),
    at: result.dataUpdatedAt,
    retry: () => void observer.refetch(),
  };
}

/** Asks what a page that is still being loaded will ask: `useGet` with the same finds the answer here. */
export function ahead(route: string, query: Query): void {
  void client.prefetchQuery({ queryKey: [route, query], queryFn: ({ signal }) => get(route, query, signal) });
}

/** The usual case: one GET. */
export function useGet<T>(route: string, query: Query = {}, options: Options = {}): Answer<T> {
  return useAnswer<T>([route, query], (abort) => get<T>(route, query, abort), options);
}
