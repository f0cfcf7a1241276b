interface Dated { createdAt: string; uid: string }

/** −1, 0, 1 by code units: the same everywhere, and far quicker than a locale's order. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The newest first; of the same second by UID, so that the order is the same every time. */
export function newestFirst(a: Dated, b: Dated): number {
  return compareText(b.createdAt, a.createdAt) || compareText(a.uid, b.uid);
}
