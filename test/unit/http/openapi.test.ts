import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PRODUCT_VERSION } from '../../../server/contract/version.ts';
import { startLab, type Lab } from './harness.ts';

type Json = Record<string, unknown>;
interface Operation { operationId: string; summary: string; security: unknown[]; parameters?: { name: string; in: string; required: boolean; schema: Json }[]; requestBody?: { required: boolean; content: Json }; responses: Record<string, { description: string; content?: Json }> }

const JSON_SCHEMA_TYPES = ['string', 'integer', 'number', 'boolean', 'object', 'array', 'null'];

/** Every object in a document, with the path to it. */
function* objects(node: unknown, path = '#'): Generator<[string, Json]> {
  if (typeof node !== 'object' || node === null) return;
  if (!Array.isArray(node)) yield [path, node as Json];
  for (const [key, value] of Object.entries(node)) yield* objects(value, `${ path }/${ key }`);
}

describe('the OpenAPI document', () => {
  let lab: Lab;
  let document: Json & { paths: Record<string, Record<string, Operation>>; components: { schemas: Json } };

  beforeEach(async () => {
    lab = await startLab();
    document = (await lab.ask('/openapi.json')).json() as typeof document;
  });
  afterEach(() => lab.stop());

  it('given all routes, when described, then each is there once with its own id, a summary, and no others are', () => {
    const described = Object.entries(document.paths).flatMap(([path, item]) => Object.keys(item).map((method) => `${ method.toUpperCase() } ${ path }`));
    const operations = Object.values(document.paths).flatMap((item) => Object.values(item));

    expect(described.sort()).toEqual(lab.routes.map(({ method, path }) => `${ method } ${ path }`).sort());
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(lab.routes.length);
    expect(operations.filter(({ summary }) => !summary)).toEqual([]);
  });

  it('given OpenAPI 3.1, when looked at, then version and info are there, references lead somewhere, and schemas have known types', () => {
    expect(document).toMatchObject({ openapi: '3.1.1', info: { title: expect.any(String) as string, version: PRODUCT_VERSION } });
    for (const [path, node] of objects(document)) {
      if (typeof node['$ref'] === 'string') expect(Object.keys(document.components.schemas).map((name) => `#/components/schemas/${ name }`), path).toContain(node['$ref']);
      if (typeof node['type'] === 'string' && path.includes('schema') && !path.includes('securitySchemes') && !path.endsWith('/properties')) expect(JSON_SCHEMA_TYPES, path).toContain(node['type']);
      expect(node, path).not.toHaveProperty('$schema');
      expect(node, path).not.toHaveProperty('nullable');
    }
  });

  it('given path parameters, when described, then each operation declares exactly those of its path as required', () => {
    for (const [path, item] of Object.entries(document.paths)) {
      for (const { parameters = [], operationId } of Object.values(item)) {
        const declared = parameters.filter((parameter) => parameter.in === 'path');

        expect(declared.map(({ name }) => name), operationId).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
        expect(declared.every(({ required }) => required), operationId).toBe(true);
      }
    }
  });

  it('given what a client can meet, when described, then answers, problems and who may call are told', () => {
    const create = document.paths['/v1/namespaces/{namespace}/backups']?.['post'];
    const activity = document.paths['/v1/activity']?.['get'];

    expect(Object.keys(create?.responses ?? {})).toEqual(expect.arrayContaining(['201', '400', '401', '403', '409', '413', '415', '422', '502']));
    expect(create?.requestBody?.required).toBe(true);
    expect(create?.security).toEqual([{ token: [] }]);
    expect(activity?.security).toEqual([{ token: [] }, {}]);
    expect(activity?.parameters?.map(({ name, required }) => [name, required])).toEqual([['limit', false], ['continue', false], ['namespace', false]]);
    expect(document.paths['/healthz']?.['get']?.security).toEqual([]);
    expect(Object.keys(document.paths['/v1/report']?.['get']?.responses['200']?.content ?? {})).toEqual(['application/json', 'text/csv']);
  });

  it('given the package, when compared, then the version told is its own', () => {
    expect(PRODUCT_VERSION).toBe((JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version);
  });
});
