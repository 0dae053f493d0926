// What Node was started without, and which flag of it would allow what was refused.

const flags: Readonly<Record<string, string>> = {
  FileSystemRead: '--allow-fs-read',
  FileSystemWrite: '--allow-fs-write',
  WorkerThreads: '--allow-worker',
  ChildProcess: '--allow-child-process',
};

/** A sentence about an error of Node's permission model or of --no-addons; undefined for any other error. */
export function permissionRemedy(error: unknown): string | undefined {
  const { code, permission = '', resource } = (error ?? {}) as { code?: string; permission?: string; resource?: string };
  if (code === 'ERR_DLOPEN_DISABLED') return 'This Node loads no addons: start it without --no-addons, or with --allow-addons';
  const flag = flags[permission];
  if (code !== 'ERR_ACCESS_DENIED' || flag === undefined) return undefined;
  const which = flag.startsWith('--allow-fs') && resource ? `=${resource}` : '';
  return `Node's permission model refused ${permission}: start it with ${flag}${which}`;
}
