// The messages of inference.proto, as far as they come in and go out; int64 are numbers, bytes are buffers, what is missing has its default.
export interface ModelOfVersion {
  readonly name: string;
  readonly version: string;
}

export interface TensorMessage {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly contents?: { readonly uint_contents?: readonly number[]; readonly fp32_contents?: readonly number[] } | null;
}

export interface ModelInferRequest {
  readonly model_name: string;
  /** Empty: the latest. */
  readonly model_version: string;
  readonly id: string;
  readonly inputs: readonly TensorMessage[];
  readonly outputs: readonly { readonly name: string }[];
  /** Bytes of each input, where they are not in its contents. */
  readonly raw_input_contents: readonly Buffer[];
}

export interface ModelInferResponse {
  readonly model_name: string;
  readonly model_version: string;
  readonly id: string;
  readonly outputs: readonly TensorMessage[];
  readonly raw_output_contents: readonly Buffer[];
}
