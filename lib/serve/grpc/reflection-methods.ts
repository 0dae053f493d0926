// Server reflection tells tools such as grpcurl which services, methods and messages there are.
import { valueText } from '../request-json';
import { isService, type ProtoFile } from './file-descriptors';
import type { Answer, MethodImplementation } from './method';
import { Status } from './status';

interface ReflectionRequest {
  readonly host: string;
  /** The name of the field that is set. */
  readonly message_request?: string;
  readonly file_by_filename?: string;
  readonly file_containing_symbol?: string;
}

export function reflectionMethods(files: readonly ProtoFile[]): Record<string, MethodImplementation> {
  const services = files.flatMap(({ definition }) => Object.keys(definition).filter((name) => isService(definition[name]!)));

  const fileOf = ({ message_request: kind, file_by_filename: filename, file_containing_symbol: symbol }: ReflectionRequest) =>
    kind === 'file_by_filename'
      ? files.find(({ name }) => name === filename)
      : files.find(({ definition }) => enclosing(symbol!).some((name) => Object.hasOwn(definition, name)));

  const answer = (request: ReflectionRequest): object => {
    const { message_request: kind } = request;
    if (kind === 'list_services') return { list_services_response: { service: services.map((name) => ({ name })) } };
    const isKnown = kind === 'file_by_filename' || kind === 'file_containing_symbol';
    const file = isKnown ? fileOf(request) : undefined;
    if (file) return { file_descriptor_response: { file_descriptor_proto: [file.descriptor] } };
    const error_message = isKnown
      ? `there is no ${valueText(request.file_by_filename ?? request.file_containing_symbol)}`
      : 'messages have no extensions here';
    return { error_response: { error_code: Status.NOT_FOUND, error_message } };
  };

  const reflect: Answer = async function* (requests: AsyncIterable<ReflectionRequest>) {
    for await (const request of requests) yield { valid_host: request.host, original_request: request, ...answer(request) };
  };
  return { ServerReflectionInfo: { answer: reflect } };
}

/** A symbol and its enclosing scopes: a, a.b and a.b.c. A definition lists no methods, fields or nested messages by themselves. */
const enclosing = (symbol: string): string[] => {
  const parts = symbol.split('.', 16);
  return parts.map((_, i) => parts.slice(0, i + 1).join('.'));
};
