/** What the charts give, read as objects. That a real API accepts them: real-api.test.ts. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { registerObjectMetrics } from '../../../server/http/object-metrics.ts';
import type { Catalogue } from '../../../server/http/catalogue.ts';
import { createPrometheus } from '../../../server/telemetry/prometheus.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { CHARTS, EVERYTHING, NAMESPACES, helm, render, setting, template, type ChartName, type Rendered } from '../../support/charts.ts';

interface Container { name: string; image: string; command?: string[]; args?: string[]; securityContext: unknown; env?: { name: string; value?: string }[]; livenessProbe?: Probe; readinessProbe?: Probe; resources: { requests: object; limits: { memory?: string } }; volumeMounts?: { name: string; mountPath: string }[] }
interface Probe { httpGet: { path: string; port: string } }
interface PodTemplate { metadata: { labels: Record<string, string> }; spec: { serviceAccountName?: string; automountServiceAccountToken?: boolean; securityContext: unknown; containers: Container[]; volumes?: { name: string; emptyDir?: object }[] } }

const root = path.resolve(import.meta.dirname, '../../..');
const BOTH: ChartName[] = ['server', 'ui'];
const podOf = (objects: Rendered[]): PodTemplate => (objects.find(({ kind }) => kind === 'Deployment')?.spec as { template: PodTemplate }).template;
const kinds = (objects: Rendered[]): string[] => objects.map(({ kind, metadata }) => `${ kind }/${ metadata.name }`);
const ofKind = (objects: Rendered[], kind: string): Rendered | undefined => objects.find((object) => object.kind === kind);

/** Every string in an object that follows a key `image`. */
function imagesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => (key === 'image' && typeof item === 'string' ? [item] : imagesIn(item)));
}

describe.each(BOTH)('chart %s', (chart) => {
  it.each([['its defaults', {}], ['everything switched on', EVERYTHING[chart]]])('given %s, when it is linted, then Helm has nothing to say', async (_what, values) => {
    const { ok, output } = await helm(['lint', '--strict', CHARTS[chart], '--namespace', NAMESPACES[chart], '--kube-version', '1.33.0', ...setting(values)]);

    expect(output).not.toMatch(/\[(WARNING|ERROR)\]/);
    expect(ok).toBe(true);
  });

  it.each([['its defaults', {}], ['everything switched on', EVERYTHING[chart]]])('given %s, when it is rendered, then each object has labels and a place, and each image a version', async (_what, values) => {
    const objects = await render(chart, values);

    expect(objects.length).toBeGreaterThan(2);
    expect(new Set(kinds(objects)).size).toBe(objects.length);
    for (const { kind, apiVersion, metadata } of objects) {
      expect(apiVersion, kind).toBeTruthy();
      expect(metadata.labels, `${ kind }/${ metadata.name }`).toMatchObject({ 'app.kubernetes.io/name': expect.stringMatching(/^harvester-vm-backup(-ui)?$/) as string });
      if (metadata.namespace !== undefined) expect(metadata.namespace, kind).toBe(NAMESPACES[chart]);
    }
    const images = objects.flatMap(imagesIn);

    expect(images.length).toBeGreaterThan(0);
    for (const image of images) expect(image).toMatch(/(:\d[\w.-]*|@sha256:[0-9a-f]{64})$/);
  });

  it('given its pods, when they run, then without root, without rights and on a read-only file system', async () => {
    const { spec } = podOf(await render(chart));

    expect(spec.securityContext).toEqual({ runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532, seccompProfile: { type: 'RuntimeDefault' } });
    for (const { securityContext, resources, livenessProbe, readinessProbe } of spec.containers) {
      expect(securityContext).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
      expect(resources.limits.memory).toMatch(/Mi$/);
      expect([livenessProbe?.httpGet.port, readinessProbe?.httpGet.port]).toEqual(['http', 'http']);
    }
  });

  it('given another namespace, when it is rendered, then it stops and names the right one', async () => {
    const { ok, output } = await template(chart, {}, 'default');

    expect(ok).toBe(false);
    expect(output).toContain(`this chart can only be installed into the namespace ${ NAMESPACES[chart] }`);
    expect(output).toContain(`--namespace ${ NAMESPACES[chart] }`);
  });

  it.each([
    ['an unknown value', { replicass: 2 }],
    ['no replicas', { replicas: 0 }],
    ['a replica count that is a word', { replicas: 'two' }],
    ['the tag latest', { image: { tag: 'latest' } }],
    ['a digest that is none', { image: { digest: 'sha256:abc' } }],
    ['an image name with a space', { image: { repository: 'a b' } }],
  ])('given %s, when it is rendered, then its schema refuses that', async (_what, values) => {
    const { ok, output } = await template(chart, values);

    expect(ok).toBe(false);
    expect(output).toContain('values don\'t meet the specifications of the schema');
  });

  it('given its version, when it is compared with the project\'s, then they are the same', () => {
    const version = (JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string }).version;
    const text = readFileSync(path.join(CHARTS[chart], 'Chart.yaml'), 'utf8');

    expect(text).toContain(`\nversion: ${ version }\n`);
    expect(text).toContain(`\nappVersion: ${ version }\n`);
  });

  it('given a registry for all images of the cluster, when it is rendered, then every image comes from there', async () => {
    const images = (await render(chart, { global: { cattle: { systemDefaultRegistry: 'mirror.example:5000' } } })).flatMap(imagesIn);

    expect([...new Set(images)]).toEqual(['mirror.example:5000/harvester-vm-backup:0.1.0']);
  });
});

describe('chart server', () => {
  it('given its defaults, when it is rendered, then two replicas stand by with a budget, a service and the engine restic', async () => {
    const objects = await render('server');
    const { spec, metadata } = podOf(objects);
    const service = ofKind(objects, 'Service');

    expect(kinds(objects)).toEqual(expect.arrayContaining(['Deployment/harvester-vm-backup', 'PodDisruptionBudget/harvester-vm-backup', 'Service/harvester-vm-backup', 'BackupEngine/restic']));
    expect(kinds(objects).filter((kind) => /NetworkPolicy|ServiceMonitor|PrometheusRule/.test(kind))).toEqual([]);
    expect(ofKind(objects, 'Deployment')?.spec).toMatchObject({ replicas: 2 });
    expect(spec).toMatchObject({ serviceAccountName: 'harvester-vm-backup', terminationGracePeriodSeconds: 30 });
    expect(spec.containers[0]).toMatchObject({ command: ['node', '--max-semi-space-size=4', '/app/server/main.ts'], env: [{ name: 'HVB_LOG_LEVEL', value: 'info' }, { name: 'HVB_HTTP_PORT', value: '8080' }], livenessProbe: { httpGet: { path: '/healthz' } }, readinessProbe: { httpGet: { path: '/readyz' } } });
    expect(service?.spec).toMatchObject({ ports: [{ name: 'http', port: 8080, targetPort: 'http' }] });
    expect(metadata.labels).toMatchObject((service?.spec as { selector: Record<string, string> }).selector);
    expect(ofKind(objects, 'PodDisruptionBudget')?.spec).toMatchObject({ maxUnavailable: 1, selector: { matchLabels: (service?.spec as { selector: object }).selector } });
  });

  it('given the engine restic, when its mover is started, then by the mover\'s program in the server\'s own image', async () => {
    const objects = await render('server');
    const image = podOf(objects).spec.containers[0]?.image;

    expect(ofKind(objects, 'BackupEngine')?.spec).toEqual({ mover: { image, command: ['node', '/app/server/mover/main.ts'] } });
    expect(kinds(await render('server', { engines: { restic: { enabled: false } } }))).not.toContain('BackupEngine/restic');
  });

  it('given a network policy, when it is rendered, then only the API server and Prometheus reach the server, on its one port', async () => {
    const closed = ofKind(await render('server', { networkPolicy: { enabled: true, apiServerCIDRs: ['10.0.0.0/24'] } }), 'NetworkPolicy');
    const scraped = ofKind(await render('server', EVERYTHING.server), 'NetworkPolicy');
    const selector = { matchLabels: { 'app.kubernetes.io/name': 'harvester-vm-backup', 'app.kubernetes.io/component': 'server' } };

    expect(closed?.spec).toEqual({ podSelector: selector, policyTypes: ['Ingress'], ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/24' } }], ports: [{ port: 'http' }] }] });
    expect((scraped?.spec as { ingress: unknown[] }).ingress[1]).toMatchObject({ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'cattle-monitoring-system' } } }], ports: [{ port: 'http' }] });
  });

  it('given a network policy without addresses, when it is rendered, then it says which value is missing', async () => {
    const { ok, output } = await template('server', { networkPolicy: { enabled: true } });

    expect(ok).toBe(false);
    expect(output).toContain('networkPolicy.enabled needs networkPolicy.apiServerCIDRs');
  });
});

describe('monitoring of chart server', () => {
  /** Names of all metrics that the server has. */
  function metrics(): string[] {
    const { registry } = createPrometheus({ version: 'test' });
    const none = { list: () => [] };

    registerObjectMetrics(registry, { backups: none, restores: none, repositories: none, machines: none } as unknown as Catalogue, new FakeClock());
    return registry.getMetricsAsArray().map(({ name }) => name);
  }
  const rulesOf = async (values: object): Promise<{ alert: string; expr: string; labels: { severity: string }; annotations: { summary: string; description: string } }[]> =>
    (ofKind(await render('server', values), 'PrometheusRule')?.spec as { groups: { rules: [] }[] }).groups.flatMap(({ rules }) => rules);

  it('given its alerts, when their metrics are looked for, then the server has each of them, and each alert says what to do', async () => {
    const rules = await rulesOf({ monitoring: { enabled: true } });
    const known = metrics();

    expect(rules.map(({ alert }) => alert)).toEqual(['VMBackupServerDown', 'VMBackupNoLeader', 'VMBackupRepositoryNotReady', 'VMBackupFailing', 'VMBackupDamaged', 'VMBackupLate']);
    expect(rules.flatMap(({ expr }) => expr.match(/hvb_\w+/g) ?? []).filter((name) => !known.includes(name))).toEqual([]);
    for (const { labels, annotations } of rules) {
      expect(['critical', 'warning']).toContain(labels.severity);
      // What is left in braces is for Prometheus; `.Values` left over would reach the person who is woken up.
      for (const text of [annotations.summary, annotations.description]) expect(text).toMatch(/^(?:[^{]|\{\{ \$(?:labels\.\w+|value)(?: \| \w+)? \}\}){10,}$/);
    }
  });

  it('given a limit for late backups, when the alert is made, then it has that limit; with 0 there is none', async () => {
    const late = async (lateAfterHours: number): Promise<string | undefined> => (await rulesOf({ monitoring: { enabled: true, lateAfterHours } })).find(({ alert }) => alert === 'VMBackupLate')?.expr;

    expect(await late(36)).toMatch(/> 36 \* 3600$/);
    expect(await late(0)).toBeUndefined();
  });

  it('given a ServiceMonitor, when Prometheus scrapes, then by the service\'s port, keeping the namespaces of VMs, under the labels asked for', async () => {
    const objects = await render('server', EVERYTHING.server);
    const monitor = ofKind(objects, 'ServiceMonitor');

    expect(monitor?.metadata.labels).toMatchObject({ release: 'prometheus' });
    expect(ofKind(objects, 'PrometheusRule')?.metadata.labels).toMatchObject({ release: 'prometheus' });
    expect(monitor?.spec).toMatchObject({ endpoints: [{ port: 'http', path: '/metrics', honorLabels: true, interval: '15s' }], namespaceSelector: { matchNames: [NAMESPACES.server] } });
    expect(ofKind(objects, 'Service')?.metadata.labels).toMatchObject((monitor?.spec as { selector: { matchLabels: object } }).selector.matchLabels);
  });
});

describe('chart ui', () => {
  it('given the extension\'s own package, when the chart is rendered, then UIPlugin and annotations say the same', async () => {
    const { name, version, rancher } = JSON.parse(readFileSync(path.join(root, 'pkg/harvester-vm-backup/package.json'), 'utf8')) as { name: string; version: string; rancher: { annotations: Record<string, string> } };
    const objects = await render('ui');
    const service = ofKind(objects, 'Service');
    const { plugin } = ofKind(objects, 'UIPlugin')?.spec as { plugin: Record<string, unknown> & { metadata: object } };

    expect(plugin).toMatchObject({ name, version, noCache: false, noAuth: false, endpoint: `http://${ service?.metadata.name }.${ NAMESPACES.ui }:8080/plugin/${ name }-${ version }` });
    expect(plugin.metadata).toEqual({ ...rancher.annotations, 'catalog.cattle.io/ui-extensions-host': 'rancher-manager' });
    expect(podOf(objects).metadata.labels).toMatchObject((service?.spec as { selector: Record<string, string> }).selector);
  });

  it('given its pod, when it runs, then it has no token, and serves the extension', async () => {
    const { spec } = podOf(await render('ui'));

    expect(spec.automountServiceAccountToken).toBe(false);
    expect(spec.containers[0]?.command).toEqual(['node', '/app/server/ui-files/main.ts']);
  });
});
