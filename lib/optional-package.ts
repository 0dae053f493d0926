// Packages that only some users need are not installed with this one. Each is loaded where it is used, by a `require` inside a `try`, which
// works in Jest, where import() does not, and which bundlers take for optional.
import { AdderNetError } from './errors';

/**
 * What to throw where an optional package does not load: only if it is that very package which is not found has the user to install it.
 * @param name    the package
 * @param purpose what needs it, such as 'serve'
 * @param cause   what `require` threw
 * @param install packages that serve this purpose together
 * @returns ERR_PEER_MISSING, or ERR_PEER_BROKEN with the words of the package itself
 */
export function packageError(name: string, purpose: string, cause: unknown, install: readonly string[] = [name]): AdderNetError {
  const { code, message = String(cause) } = (cause ?? {}) as NodeJS.ErrnoException; // a module may throw anything
  const [firstLine = ''] = message.split('\n');
  if (/^(ERR_)?MODULE_NOT_FOUND$/.test(code ?? '') && firstLine.includes(`'${name}'`))
    return new AdderNetError('ERR_PEER_MISSING', `${purpose} needs the package ${name}: npm i ${install.join(' ')}${inNext()}`, { cause });
  return new AdderNetError('ERR_PEER_BROKEN', `${purpose} needs the package ${name}, which is installed but does not load: ${message}`, {
    cause,
  });
}

/** Its bundles do not find packages that are installed beside them. */
const inNext = (): string =>
  process.env.NEXT_RUNTIME ? '; if it is installed, set serverExternalPackages: ["addernet"] in the configuration of Next.js' : '';
