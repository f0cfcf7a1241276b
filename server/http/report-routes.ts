import type { Clock } from '../contract/clock.ts';
import { pageOf as pageSchema, reportQuery, vmReportSchema, type VMReport } from '../contract/http.ts';
import { vmReport } from '../domain/report/vm-report.ts';
import type { Catalogue } from './catalogue.ts';
import { csvOf, type CsvValue } from './csv.ts';
import { pageOf, risingPlaces } from './pages.ts';
import { route, type Route } from './route.ts';

const COLUMNS: readonly [string, (row: VMReport) => CsvValue][] = [
  ['namespace', ({ namespace }) => namespace],
  ['vm', ({ vm }) => vm],
  ['vmExists', ({ exists }) => exists],
  ['lastGoodBackup', ({ lastGood }) => lastGood?.name],
  ['lastGoodAt', ({ lastGood }) => lastGood?.completedAt],
  ['ageSeconds', ({ lastGood }) => lastGood?.ageSeconds],
  ['verification', ({ lastGood }) => lastGood?.verification],
  ['consistency', ({ lastGood }) => lastGood?.consistency],
  ['repository', ({ lastGood }) => lastGood?.repository],
  ['sizeBytes', ({ lastGood }) => lastGood?.sizeBytes],
  ['bytesUploaded', ({ lastGood }) => lastGood?.bytesUploaded],
  ['goodBackups', ({ goodBackups }) => goodBackups],
  ['damagedBackups', ({ damagedBackups }) => damagedBackups],
  ['failuresSince', ({ failuresSince }) => failuresSince],
  ['lastFailureCode', ({ lastFailure }) => lastFailure?.code],
  ['lastFailureAt', ({ lastFailure }) => lastFailure?.at],
  ['lastFailureMessage', ({ lastFailure }) => lastFailure?.message],
  ['running', ({ running }) => running],
];

/** How every VM stands. */
export function reportRoutes({ machines, backups }: Catalogue, clock: Clock): Route[] {
  return [route({
    method: 'GET', path: '/v1/report', access: 'read', operationId: 'getReport', summary: 'Per VM: its last good backup, how old and how consistent it is, and what failed since',
    query: reportQuery, answer: { status: 200, schema: pageSchema(vmReportSchema), mediaTypes: ['text/csv'] }, problems: ['HVB-HTTP-CONTINUE-INVALID'],
    handle: ({ query }) => {
      const rows = vmReport(machines.list(query.namespace), backups.list(query.namespace), clock.now());

      if (query.format === 'csv') {
        const text = csvOf(COLUMNS.map(([name]) => name), rows.map((row) => COLUMNS.map(([, value]) => value(row))));

        return { text, mediaType: 'text/csv; charset=utf-8; header=present', headers: { 'content-disposition': 'attachment; filename="vm-backup-report.csv"' } };
      }
      return {
        json: pageOf(rows, query, {
          list: `report/${query.namespace ?? ''}`, compare: risingPlaces,
          // As the report is sorted: of one name the VM that exists comes first.
          place: ({ namespace, vm, exists, uid }) => [namespace, vm, exists ? '0' : '1', uid ?? ''],
        }),
      };
    },
  })];
}
