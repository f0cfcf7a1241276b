/** Helm on our charts, as a child process. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { loadAll } from 'js-yaml';

const run = promisify(execFile);
const charts = path.resolve(import.meta.dirname, '../../charts');

/** A Kubernetes object as a chart gives it. */
export interface Rendered { apiVersion: string; kind: string; metadata: { name: string; namespace?: string; labels?: Record<string, string>; annotations?: Record<string, string> }; spec?: unknown; [field: string]: unknown }
/** What Helm said, and whether it was content. */
export interface HelmRun { ok: boolean; output: string }

/** Folders of the charts. */
export const CHARTS = { server: path.join(charts, 'harvester-vm-backup'), ui: path.join(charts, 'harvester-vm-backup-ui') } as const;
export type ChartName = keyof typeof CHARTS;
/** The only namespace that each chart can be installed into. */
export const NAMESPACES: Readonly<Record<ChartName, string>> = { server: 'harvester-vm-backup-system', ui: 'cattle-ui-plugin-system' };
/** Values that switch everything on. */
export const EVERYTHING: Readonly<Record<ChartName, object>> = {
  server: {
    image: { repository: 'registry.example/team/harvester-vm-backup', digest: `sha256:${ '0123456789abcdef'.repeat(4) }` },
    imagePullSecrets: ['registry'], replicas: 3, logLevel: 'debug', priorityClassName: 'system-cluster-critical',
    nodeSelector: { 'kubernetes.io/os': 'linux' }, tolerations: [{ key: 'kubevirt.io/drain', operator: 'Exists', effect: 'NoSchedule' }],
    engines: { restic: { enabled: true, parameters: { example: 'x' } } },
    networkPolicy: { enabled: true, apiServerCIDRs: ['192.168.0.0/24', '10.52.0.0/32', 'fd00::/64'] },
    monitoring: { enabled: true, labels: { release: 'prometheus' }, interval: '15s', lateAfterHours: 36 },
    global: { cattle: { systemDefaultRegistry: '' } },
  },
  ui: { image: { repository: 'registry.example/team/harvester-vm-backup', tag: '0.1.0-rc.1' }, imagePullSecrets: ['registry'], replicas: 2, nodeSelector: { 'kubernetes.io/os': 'linux' }, tolerations: [{ operator: 'Exists' }] },
};

/** Runs Helm. @throws Error when there is none: a test of the charts must not be skipped in silence */
export async function helm(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<HelmRun> {
  const program = process.env['HELM_BINARY'];

  if (!program) throw new Error('HELM_BINARY is not set: run these tests by "npm test", which brings Helm, or name one');
  try {
    const { stdout, stderr } = await run(program, args, { env: { PATH: process.env['PATH'], HOME: '/nonexistent', ...env }, maxBuffer: 64 * 1024 * 1024 });

    return { ok: true, output: stdout + stderr };
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as { stdout?: string; stderr?: string; message: string };

    return { ok: false, output: stdout + stderr || message };
  }
}

/** `--set-json` for each field: nested values as they are, no file needed. */
export function setting(values: object): string[] {
  return Object.entries(values).flatMap(([key, value]) => ['--set-json', `${ key }=${ JSON.stringify(value) }`]);
}

/** `helm template` for the Kubernetes version that Harvester 1.9 has. */
export function template(chart: ChartName, values: object = {}, namespace = NAMESPACES[chart]): Promise<HelmRun> {
  return helm(['template', 'harvester-vm-backup', CHARTS[chart], '--namespace', namespace, '--kube-version', '1.33.0', ...setting(values)]);
}

/** The objects that a chart gives, without its CRDs. @throws Error with Helm's words */
export async function render(chart: ChartName, values: object = {}): Promise<Rendered[]> {
  const { ok, output } = await template(chart, values);

  if (!ok) throw new Error(output);
  return loadAll(output).filter(Boolean) as Rendered[];
}
