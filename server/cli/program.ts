import { Argument, Command, Option } from 'commander';
import { QUIESCE_POLICIES } from '../contract/vm-backup.ts';
import { START_POLICIES, type VolumeMapping } from '../contract/vm-restore.ts';
import { backup, type BackupOptions } from './commands/backup.ts';
import { list, LISTABLE, type Listable } from './commands/list.ts';
import { testRepository } from './commands/repository-test.ts';
import { approveRestore, planRestore, type PlanOptions } from './commands/restore.ts';
import { previewRuns, type PreviewOptions } from './commands/schedule-preview.ts';
import { verify } from './commands/verify.ts';
import { version } from './commands/version.ts';
import { withCluster, type CliIo, type ClusterOptions } from './context.ts';
import { CliError } from './errors.ts';
import { EXIT, EXIT_MEANINGS } from './exit-codes.ts';
import { FORMATS, type Format } from './output/print.ts';
import { count, instant, mapping } from './values.ts';

const EXIT_HELP = `\nExit codes:\n${Object.entries(EXIT_MEANINGS).map(([code, meaning]) => `  ${code.padStart(3)}  ${meaning}`).join('\n')}\n`;
const outputOption = (): Option => new Option('-o, --output <format>', 'form of what goes to stdout').choices(FORMATS).default('table');

/** A command that talks to a cluster, with the options by which it is chosen. */
function onCluster(command: Command, namespaced = true): Command {
  if (namespaced) command.option('-n, --namespace <name>', 'namespace; that of the kubeconfig\'s context when absent');
  return command.option('--kubeconfig <file>', 'kubeconfig; KUBECONFIG, then ~/.kube/config when absent').option('--context <name>', 'context of the kubeconfig; the current one when absent').addOption(outputOption());
}

/** The whole command line of `hvb`. What it runs throws a CliError; commander throws its own for a line that it cannot read. */
export function createProgram(io: CliIo): Command {
  const program = new Command('hvb').description('Back up and restore Harvester VMs from the command line.').addHelpText('after', EXIT_HELP)
    .exitOverride().configureOutput({ writeOut: (text) => io.out(text), writeErr: (text) => io.say(text.trimEnd()) }).showHelpAfterError('(hvb --help tells more)');

  addBackup(program, io);
  addRestore(program, io);
  onCluster(program.command('list').description('list backups, restores, repositories or engines').addArgument(new Argument('[what]', 'what to list').choices(LISTABLE).default('backups')))
    .option('-A, --all-namespaces', 'of all namespaces')
    .action((what: Listable, options: ClusterOptions & { allNamespaces?: boolean }) => withCluster(io, options, (context) => list(context, what, options)));
  onCluster(program.command('verify <backup>').description('read every byte of a backup back and compare it with what was backed up'))
    .option('--wait', 'wait for the result')
    .action((name: string, options: ClusterOptions & { wait?: boolean }) => withCluster(io, options, (context) => verify(context, name, options)));
  onCluster(program.command('repository').description('work with repositories').command('test <name>').description('open the repository now, and tell how that ended'), false)
    .action((name: string, options: ClusterOptions) => withCluster(io, options, (context) => testRepository(context, name)));
  program.command('schedule').description('work with schedules').command('preview <cron>').description('show when a schedule runs next (asks no cluster)')
    .option('--time-zone <name>', 'IANA name of its time zone', 'UTC')
    .option('--count <number>', 'how many runs', count, 5)
    .option('--from <instant>', 'the runs after this instant; now when absent', instant)
    .addOption(outputOption())
    .action((cron: string, options: PreviewOptions) => previewRuns(io, cron, options));
  program.command('version').description('show the version of hvb (asks no cluster)').addOption(outputOption())
    .action((options: { output: Format }) => version(io, options.output));
  return program;
}

function addBackup(program: Command, io: CliIo): void {
  onCluster(program.command('backup <vm>').description('back up a VM'))
    .option('--repository <name>', 'BackupRepository; may be left out when there is only one')
    .addOption(new Option('--quiesce <policy>', 'what to do about the guest\'s file systems; BestEffort when absent').choices(QUIESCE_POLICIES))
    .option('--name <name>', 'name of the VMBackup; made of VM and time when absent')
    .option('--wait', 'wait for the end')
    .action((vm: string, options: ClusterOptions & BackupOptions) => withCluster(io, options, (context) => backup(context, vm, options)));
}

interface RestoreOptions extends ClusterOptions, Omit<PlanOptions, 'target' | 'map'> { target?: string; map?: VolumeMapping[]; plan?: boolean; approve?: string; planHash?: string; wait: boolean }

function addRestore(program: Command, io: CliIo): void {
  onCluster(program.command('restore [backup]').description('plan the restore of a backup as a new VM, or approve a plan'))
    .option('--plan', 'make the plan and show it; nothing is restored yet')
    .option('--target <vm>', 'name of the restored VM, in the namespace')
    .option('--backup-namespace <name>', 'namespace of the backup; the same as the target\'s when absent')
    .option('--map <disk=class>', 'storage class of a disk, with modes if wanted: disk=class[:RWO|RWX][:Block|Filesystem] (repeat it)', mapping)
    .addOption(new Option('--start <policy>', 'whether the restored VM is started; as recorded when absent').choices(START_POLICIES))
    .option('--keep-mac-addresses', 'keep the MAC addresses: only when the source VM is gone')
    .option('--name <name>', 'name of the VMRestore; made of target and time when absent')
    .option('--approve <restore>', 'approve the plan of this VMRestore and run it')
    .option('--plan-hash <hash>', 'hash of the plan that you saw')
    .option('--no-wait', 'do not wait for the end after the approval')
    .action((name: string | undefined, options: RestoreOptions) => withCluster(io, options, (context) => {
      const { plan, target, approve, planHash } = options;

      if (plan && approve === undefined && name !== undefined && target !== undefined) return planRestore(context, name, { ...options, target, map: options.map ?? [] });
      if (!plan && approve !== undefined && name === undefined && planHash !== undefined) return approveRestore(context, approve, { ...options, planHash });
      throw new CliError(EXIT.usage, 'It needs either a backup with --target and --plan, or --approve with --plan-hash.', 'hvb restore <backup> --target <vm> --plan shows the plan and how to approve it.');
    }));
}
