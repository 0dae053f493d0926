// The messages of inference.proto that are used here. int64 fields are numbers, bytes are Buffers, and missing fields have their defaults.
export interface ModelOfVersion {
  readonly name: string;
  readonly version: string;
}

/** The value of each parameter is in the field that parameter_choice names. */
export type InferParameters = Readonly<Record<string, Readonly<Record<string, unknown>> & { readonly parameter_choice?: string }>>;

export interface TensorContents {
  readonly int_contents: readonly number[];
  readonly uint_contents: readonly number[];
  readonly fp32_contents: readonly number[];
  readonly bytes_contents: readonly Buffer[];
}

export interface TensorMessage {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly contents?: Partial<TensorContents> | null;
}

export interface ModelInferRequest {
  readonly model_name: string;
  /** Empty means the latest version. */
  readonly model_version: string;
  readonly id: string;
  readonly parameters: InferParameters;
  readonly inputs: readonly (TensorMessage & { readonly parameters: InferParameters })[];
  readonly outputs: readonly { readonly name: string; readonly parameters: InferParameters }[];
  /** The bytes of each input, unless they are in its contents. */
  readonly raw_input_contents: readonly Buffer[];
}

export interface ModelInferResponse {
  readonly model_name: string;
  readonly model_version: string;
  readonly id: string;
  readonly outputs: readonly TensorMessage[];
  readonly raw_output_contents: readonly Buffer[];
}
