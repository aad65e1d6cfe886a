// Questions that are asked before their page is there: both have to ask the same.

/** A whole trace as columns, or the part of it below `root`. */
export function traceQuestion(traceId: string, root: string): [route: string, query: Record<string, string>] {
  return [`traces/${encodeURIComponent(traceId.toLowerCase())}`, { format: 'columnar', root }];
}
