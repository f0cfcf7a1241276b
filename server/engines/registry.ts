import type { BackupEngine } from '../contract/backup-engine.ts';
import type { Engine } from './engine.ts';

/** One implementation per family of engines. */
export interface EngineFamilies {
  /** restic, Kopia and every custom image: whatever has a mover. */
  mover: Engine;
}

/** Finds the implementation that serves a BackupEngine. Every engine of this version names a mover, so there is one family. */
export function createEngineRegistry({ mover }: EngineFamilies): (engine: BackupEngine) => Engine {
  return () => mover;
}
