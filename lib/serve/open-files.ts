// The system's limit of open files, which connections count against.

/** What the process opens besides connections: libraries, event loops, its own files and listeners. */
const reserved = 64;

interface Report {
  readonly userLimits?: { readonly open_files?: { readonly soft: number | 'unlimited' } };
}

/** How many connections may be open at a time. The system closes what is accepted beyond its limit, even if others could give way. */
export function affordableConnections(): number {
  const { report } = process;
  Reflect.set(report, 'excludeNetwork', true); // or it waits for the names of all peers
  const { userLimits } = report.getReport() as Report;
  const files = Number(userLimits?.open_files?.soft);
  return Number.isNaN(files) ? Number.POSITIVE_INFINITY : Math.max(1, files - reserved);
}
