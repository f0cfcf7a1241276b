import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadAll } from 'js-yaml';
import { GROUP, OWN_KINDS } from '../../../server/contract/api.ts';
import { SYSTEM_NAMESPACE } from '../../../server/contract/names.ts';

const TEMPLATES = join(import.meta.dirname, '../../../charts/harvester-vm-backup/templates');
const SERVER = `system:serviceaccount:${SYSTEM_NAMESPACE}:harvester-vm-backup`;

interface Rule { apiGroups?: string[]; resources?: string[]; verbs: string[] }
interface Validation { expression: string; message?: string; messageExpression?: string; reason?: string }
interface Manifest {
  kind: string; metadata: { name: string; namespace?: string }; rules?: Rule[];
  spec?: { failurePolicy?: string; policyName?: string; validationActions?: string[]; validations?: Validation[]; variables?: { name: string; expression: string }[]; matchConditions?: { expression: string }[] };
}

async function texts(): Promise<Map<string, string>> {
  const policies = (await readdir(join(TEMPLATES, 'policies'))).map((name) => `policies/${name}`);

  return new Map(await Promise.all(['roles-server.yaml', 'roles-users.yaml', ...policies].map(async (name) => [name, await readFile(join(TEMPLATES, name), 'utf8')] as const)));
}

const files = await texts();
const objects = [...files.values()].flatMap((text) => loadAll(text) as Manifest[]);
const policies = objects.filter(({ kind }) => kind === 'ValidatingAdmissionPolicy');
const validations = policies.flatMap(({ metadata: { name }, spec }) => (spec?.validations ?? []).map((validation, index) => ({ name, index, spec, ...validation })));

describe('roles and policies of the chart', () => {
  it.each([...files])('given the file %s, when the tests and the embedded cluster load it, then it needs no Helm', (_, text) => {
    expect(text).not.toContain('{{');
  });

  it('given every policy, when its binding is looked for, then there is one that denies, and an error denies too', () => {
    const bindings = objects.filter(({ kind }) => kind === 'ValidatingAdmissionPolicyBinding');

    expect(bindings.map(({ spec }) => spec?.policyName).sort()).toEqual(policies.map(({ metadata }) => metadata.name).sort());
    expect(bindings.filter(({ spec }) => spec?.validationActions?.join() !== 'Deny')).toEqual([]);
    expect(policies.filter(({ spec }) => spec?.failurePolicy !== 'Fail')).toEqual([]);
  });

  it.each(validations)('given validation $index of $name, when it denies, then it is Forbidden, with words of its own that name who', ({ reason, message, messageExpression, spec }) => {
    const said = (messageExpression ?? '').replace(/variables\.(\w+)/g, (_, name: string) => spec?.variables?.find((variable) => variable.name === name)?.expression ?? '');

    expect(reason).toBe('Forbidden');
    expect(message).toMatch(/\.$/);
    expect(said).toContain('request.userInfo.username');
  });

  it.each(validations)('given validation $index of $name, when it asks the authorizer, then at most twice, which is what Kubernetes lets an expression cost, and not for the message', ({ expression, messageExpression = '', spec }) => {
    const whole = (text: string): string => text.replace(/variables\.(\w+)/g, (_, name: string) => `(${spec?.variables?.find((variable) => variable.name === name)?.expression ?? ''})`);

    expect(whole(expression).split('.check(').length - 1).toBeLessThanOrEqual(2);
    expect(whole(messageExpression)).not.toContain('authorizer');
  });

  it('given policies that let an account through, when it is named, then it is the server\'s', () => {
    const named = [...files.values()].flatMap((text) => text.match(/system:serviceaccount:[\w:-]+/g) ?? []);

    expect(named.length).toBeGreaterThan(0);
    expect([...new Set(named)]).toEqual([SERVER]);
    expect(objects.some(({ kind, metadata }) => kind === 'ServiceAccount' && `system:serviceaccount:${metadata.namespace}:${metadata.name}` === SERVER)).toBe(true);
  });

  it('given roles, when their rules are read, then none has a star, and ours name resources that exist', () => {
    const rules = objects.flatMap(({ rules: each }) => each ?? []);
    const known = OWN_KINDS.flatMap(({ plural }) => [plural, `${plural}/status`]);

    expect(rules.filter(({ apiGroups = [], resources = [], verbs }) => [...apiGroups, ...resources, ...verbs].some((word) => word.includes('*')))).toEqual([]);
    expect(rules.filter(({ apiGroups }) => apiGroups?.includes(GROUP)).flatMap(({ resources = [] }) => resources).filter((resource) => !known.includes(resource))).toEqual([]);
  });

  it('given namespaced objects, when their namespace is read, then it is the system namespace', () => {
    expect(objects.filter(({ kind }) => ['Role', 'RoleBinding', 'ServiceAccount'].includes(kind)).map(({ metadata }) => metadata.namespace)).toEqual(expect.arrayContaining([SYSTEM_NAMESPACE]));
    expect(objects.filter(({ metadata }) => metadata.namespace !== undefined && metadata.namespace !== SYSTEM_NAMESPACE)).toEqual([]);
  });
});
