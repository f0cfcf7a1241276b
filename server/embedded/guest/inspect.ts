/**
 * Prints what the simulated guest wrote to its disks:
 *
 *   node server/embedded/guest/inspect.ts <disk> [<disk> …]
 *
 * Give all disks of one VM, to have them judged together. Exit code 0: whole; 1: torn; 2: not readable.
 */
import { judgeDisks, readRecords } from './read-records.ts';

const images = process.argv.slice(2);

try {
  if (images.length === 0) {
    throw new Error('usage: inspect.ts <disk> [<disk> …]');
  }
  const disks = await Promise.all(images.map((image) => readRecords(image)));
  const verdict = judgeDisks(disks);

  disks.forEach((disk, index) => {
    const last = disk.records.at(-1);

    console.log(`${images[index]}: ${disk.records.length} records, last sequence ${disk.lastSeq}${last ? ` at ${last.time.toISOString()}` : ''}, ${disk.broken} broken`);
  });
  console.log(verdict.whole ? `whole: every disk ends with record ${verdict.lastSeq}` : `torn: ${verdict.reasons.join('; ')}`);
  process.exitCode = verdict.whole ? 0 : 1;
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 2;
}
