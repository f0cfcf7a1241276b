import { open } from 'node:fs/promises';
import { readHeader, type DiskHeader } from './disk-header.ts';
import { RecordLog } from './record-log.ts';
import type { GuestRecord } from './record.ts';

/** What the record log of one disk says. */
export interface DiskRecords {
  header: DiskHeader;
  /** Whole records, by rising sequence. */
  records: GuestRecord[];
  /** Sequence of the newest whole record; 0 when there is none (sequences begin at 1). */
  lastSeq: number;
  /** Slots that hold parts of records. */
  broken: number;
  /** Whether a record between the oldest and the newest is missing. */
  gap: boolean;
}

/** Reads the guest's records out of a disk image. Throws when the image has none (blank, foreign or damaged header). */
export async function readRecords(image: string): Promise<DiskRecords> {
  const file = await open(image, 'r');

  try {
    const header = await readHeader(file);

    if (!header) {
      throw new Error(`${image}: no disk header of the simulated guest, so there are no records to read (blank, foreign or damaged disk)`);
    }
    const slots = await new RecordLog(header.log).read(file);
    const records = slots.flatMap((slot) => (slot.state === 'whole' ? [slot.record] : [])).sort((a, b) => a.seq - b.seq);
    const lastSeq = records.at(-1)?.seq ?? 0;
    const firstSeq = records[0]?.seq ?? 1;

    return { header, records, lastSeq, broken: slots.filter((slot) => slot.state === 'broken').length, gap: lastSeq - firstSeq + 1 !== records.length && records.length > 0 };
  } finally {
    await file.close();
  }
}

/** The verdict over all disks of a VM: one instant, or torn. */
export interface DiskSetVerdict { whole: boolean; lastSeq: number; reasons: string[] }

/** Judges the disks of one VM together: whole when every disk ends with the same, complete record and none is missing before it. */
export function judgeDisks(disks: readonly Pick<DiskRecords, 'lastSeq' | 'broken' | 'gap'>[]): DiskSetVerdict {
  const reasons = disks.flatMap((disk, index) => [
    ...(disk.broken > 0 ? [`disk ${index + 1} has ${disk.broken} broken record(s)`] : []),
    ...(disk.gap ? [`disk ${index + 1} misses records`] : []),
  ]);
  const last = disks.map((disk) => disk.lastSeq);

  if (new Set(last).size > 1) {
    reasons.push(`the disks end with different records: ${last.join(', ')}`);
  }

  return { whole: reasons.length === 0, lastSeq: Math.min(...last), reasons };
}
