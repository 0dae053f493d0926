// What the caller of load knows about a network besides its file.
import type { InputShape, NetworkKind, Normalization } from '../models';
import { optionNames } from '../options';

/** Options of `load`. */
export interface LoadOptions {
  /** Name of the network, such as resnet20, where the file does not say it or says another one. */
  model?: string | undefined;
  /** Kind of its layers, where the file does not say it: a PyTorch file of a binary network looks like that of a CNN. */
  kind?: NetworkKind | undefined;
  /** Key of the weights in a PyTorch checkpoint; nested keys are joined by dots, such as 'models.0'. Default: the likeliest key. */
  key?: string | undefined;
  /**
   * The numbers that it computes with: 'f32' accepts only float networks, 'u8' only those quantized to up to 8 bits, 'i16' only those of 9 to 16.
   * Default: all are accepted.
   */
  dtype?: 'f32' | 'u8' | 'i16' | undefined;
  /** How images are normalized, where the file does not say, or says otherwise. */
  normalization?: Normalization | undefined;
  /** The expected number of classes: another number in the file is an error. */
  classes?: number | undefined;
  /** One name for each class, where the file does not say, or says otherwise. */
  classNames?: readonly string[] | undefined;
  /** Shape of one image, [h,w,c], where the file does not say, or says otherwise. */
  inputShape?: InputShape | undefined;
  /** Is called with what was assumed, rounded or left out, in whole sentences. Default: a process warning of type AdderNetWarning. */
  onNote?: ((note: string) => void) | undefined;
}

export const loadOptionNames = optionNames<LoadOptions>({
  model: true,
  kind: true,
  key: true,
  dtype: true,
  normalization: true,
  classes: true,
  classNames: true,
  inputShape: true,
  onNote: true,
});
