import { spawn } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { constants } from 'node:os';

/** How a process ended. `reason` as Kubernetes words it. */
export interface ProcessExit { exitCode: number; signal?: number; reason: 'Completed' | 'Error' | 'OOMKilled' | 'StartError'; message?: string }

/** What to start. The environment is exactly `env`. */
export interface ProcessOptions { command: string; args: readonly string[]; env: Readonly<Record<string, string>>; cwd: string; logFile: string }

/** A child process in a process group of its own, whose output goes to a file. */
export interface RunningProcess {
  /** Resolves when the process has ended and nothing of its group is left. Never rejects. */
  exited: Promise<ProcessExit>;
  /** Sends a signal to the whole group; `reason` goes into the exit. */
  kill(signal: NodeJS.Signals, reason?: 'OOMKilled'): void;
}

/** Starts a process. One that cannot be started ends at once with code 128 and reason `StartError`. */
export function startProcess({ command, args, env, cwd, logFile }: ProcessOptions): RunningProcess {
  const output = openSync(logFile, 'a', 0o600);
  const { promise: exited, resolve } = Promise.withResolvers<ProcessExit>();
  let killedFor: 'OOMKilled' | undefined;
  const child = spawn(command, [...args], { cwd, env, detached: true, stdio: ['ignore', output, output] });

  const killGroup = (signal: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) {
        process.kill(-child.pid, signal);
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') {
        throw error;
      }
    }
  };

  child.on('error', (error) => {
    if (child.pid === undefined) {
      writeSync(output, `${error.message}\n`);
      closeSync(output);
      resolve({ exitCode: 128, reason: 'StartError', message: `failed to start container: ${error.message}` });
    }
  });
  child.on('exit', (code, signalName) => {
    // When the first process of a container ends, the kernel ends the others.
    killGroup('SIGKILL');
    closeSync(output);
    const signal = signalName ? constants.signals[signalName] : undefined;

    resolve({ exitCode: code ?? 128 + (signal ?? 0), signal, reason: killedFor ?? (code === 0 ? 'Completed' : 'Error') });
  });

  return {
    exited,
    kill(signal, reason) {
      killedFor ??= reason;
      killGroup(signal);
    },
  };
}
