// Optional packages are not installed with this one. Each is loaded where it is used, by a `require` inside a `try`: that works in Jest, where
// import() does not, and bundlers treat it as optional.
import { AdderNetError } from './errors';

/**
 * The error for an optional package that does not load. The user has to install it only if it is this very package that was not found.
 * @param name    the package
 * @param purpose what needs the package, such as 'serve'
 * @param cause   what `require` threw
 * @param install all packages that the purpose needs
 * @returns ERR_PEER_MISSING, or ERR_PEER_BROKEN with the message of the package
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

/** A hint for Next.js, whose bundles do not find installed packages. */
const inNext = (): string =>
  process.env.NEXT_RUNTIME ? '; if it is installed, set serverExternalPackages: ["addernet"] in the configuration of Next.js' : '';
