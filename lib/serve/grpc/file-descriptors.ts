// Descriptors of .proto files in the form that protoc writes, for reflection.
import type { MessageTypeDefinition, PackageDefinition, ServiceDefinition } from '@grpc/proto-loader';

/** The fields of google.protobuf.FileDescriptorProto and its messages that are used here. */
interface FileDescriptor {
  readonly name: string;
  readonly messageType?: MessageDescriptor[];
}
interface MessageDescriptor {
  name: string;
  readonly field?: { readonly name: string; typeName?: string }[];
  readonly nestedType?: MessageDescriptor[];
  readonly options?: { readonly mapEntry?: boolean };
}

export interface ProtoFile {
  readonly name: string;
  readonly definition: PackageDefinition;
  /** A serialized FileDescriptorProto. */
  readonly descriptor: Buffer;
}

/**
 * @param definition the definition of one file, which imports no others
 * @param codec      the definition of google/protobuf/descriptor.proto
 */
export function protoFile(definition: PackageDefinition, codec: PackageDefinition): ProtoFile {
  const { serialize, deserialize } = codec['google.protobuf.FileDescriptorProto'] as MessageTypeDefinition<object, FileDescriptor>;
  const [message] = Object.values(definition).filter((value) => !isService(value)) as MessageTypeDefinition<object, object>[];
  const file = deserialize(message!.fileDescriptorProtos[0]!);
  for (const type of file.messageType ?? []) nameMapEntries(type);
  return { name: file.name, definition, descriptor: serialize(file) };
}

export const isService = (definition: PackageDefinition[string]): definition is ServiceDefinition => !('format' in definition);

/** protobufjs names the entry type of a map `parameters` Parameters; other implementations require ParametersEntry. */
function nameMapEntries({ field = [], nestedType = [] }: MessageDescriptor): void {
  for (const type of nestedType) {
    nameMapEntries(type);
    if (!type.options?.mapEntry || type.name.endsWith('Entry')) continue;
    const name = `${type.name}Entry`;
    for (const own of field) if (own.typeName === type.name) own.typeName = name;
    type.name = name;
  }
}
