import type { Labels } from '../labels.ts';

/**
 * Labels as restic tags `key=value`. A comma would end a tag and restic trims spaces, so values are percent-encoded;
 * names as Kubernetes allows them stay readable.
 */
export function toTags(labels: Labels): string[] {
  return Object.entries(labels).map(([key, value]) => `${key}=${encodeURIComponent(value)}`);
}

/** Reads tags back; tags that are not ours are left out. */
export function fromTags(tags: readonly string[]): Labels {
  const labels: Record<string, string> = {};
  for (const tag of tags) {
    const at = tag.indexOf('=');
    if (!tag.startsWith('hvb.') || at < 0) continue;
    try {
      labels[tag.slice(0, at)] = decodeURIComponent(tag.slice(at + 1));
    } catch {
      // Written by somebody else: not a label of ours.
    }
  }
  return labels;
}
