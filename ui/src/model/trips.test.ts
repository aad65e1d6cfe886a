import { describe, expect, it } from 'vitest';
import type { Trip, TripAnswer } from './breakers';
import { beside, codePairs, likeness, tripAt } from './trips';

const at = (second: number) => new Date(Date.UTC(2026, 10, 29, 12, 0, second)).toISOString();
const trip = (from: number, to: number | null) => ({ opened: { time: at(from), lo: null, hi: at(from) }, closed: to === null ? null : { time: at(to), lo: null, hi: at(to) } }) as Trip;
const codes = (shares: Record<string, number>) => ({ codes: Object.entries(shares).map(([code, share]) => ({ code, share, count: 1, expected: 0, z: 0, lift: 0 })) }) as Pick<TripAnswer, 'codes'>;

describe('errors before two trips', () => {
  it('are put beside each other, the largest first', () => {
    expect(codePairs(codes({ timeout: 0.7, refused: 0.1 }), codes({ refused: 0.9, deadline: 0.05 }))).toEqual([
      { code: 'refused', a: 0.1, b: 0.9 },
      { code: 'timeout', a: 0.7, b: null },
      { code: 'deadline', a: null, b: 0.05 },
    ]);
  });
  it.each<[Record<string, number>, Record<string, number>, number | null]>([
    [{ a: 1 }, { a: 1 }, 1],
    [{ a: 1 }, { b: 1 }, 0],
    [{ a: 0.5, b: 0.5 }, { a: 0.5, c: 0.5 }, 0.5],
    // What is left out at the end of a list does not make them less alike.
    [{ a: 0.4 }, { a: 0.8 }, 1],
    [{}, { a: 1 }, null],
  ])('%j and %j are alike by %s', (a, b, expected) => {
    expect(likeness(codePairs(codes(a), codes(b)))).toBe(expected);
  });
});

describe('the trip to compare with', () => {
  const trips = [trip(40, null), trip(10, 12), trip(20, 25)];
  it.each([
    [11, 20],
    [20, 10],
    [24, 10],
    [50, 20],
  ])('of the one at %i s is that at %i s', (time, expected) => {
    expect(beside(trips, at(time))?.opened.time).toBe(at(expected));
  });
  it('does not exist when there is one alone', () => {
    expect(beside([trip(10, 12)], at(11))).toBeNull();
  });
  it('a moment between trips is in none', () => {
    expect(tripAt(trips, at(15))).toBeNull();
    expect(tripAt(trips, at(99))?.opened.time).toBe(at(40));
  });
});
