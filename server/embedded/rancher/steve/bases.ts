/** Prefixes under which the same Steve is reached: Rancher's management API, the cluster's own, and Harvester's. Longest first. */
const BASES = ['/k8s/clusters/local/v1/harvester', '/k8s/clusters/local/v1', '/v1/harvester', '/v1'] as const;

/** The Steve prefix of a URL path and the decoded segments after it; undefined when the path is not Steve's. */
export function steveBaseOf(pathname: string): { base: string; path: string[] } | undefined {
  const base = BASES.find((prefix) => pathname === prefix || pathname.startsWith(`${prefix}/`));

  if (!base) return undefined;

  return { base, path: pathname.slice(base.length).split('/').filter(Boolean).map((segment) => decodeURIComponent(segment)) };
}
