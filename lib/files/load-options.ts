// What is known of a network beside its file.
import type { ConvKind, InputShape, Normalization } from '../models';
import { optionNames } from '../options';

/** What `load` takes. */
export interface LoadOptions {
  /** Name of the network, such as resnet20, where the file does not tell it or tells another one. */
  model?: string | undefined;
  /** What its layers compute with, where the file does not tell: a PyTorch file of a binary network looks like one of multiplications. */
  kind?: ConvKind | undefined;
  /** Where the weights are in a checkpoint of PyTorch: its keys, joined by dots, such as 'student' or 'models.0'. Default: the likeliest place. */
  key?: string | undefined;
  /** In which numbers it computes: 'f32' takes float networks alone, 'u8' those in 8 bits and fewer. Default: either. */
  dtype?: 'f32' | 'u8' | undefined;
  /** How images are normalized, where the file does not say, or says otherwise. */
  normalization?: Normalization | undefined;
  /** How many classes you expect: another number in the file is an error. */
  classes?: number | undefined;
  /** One name for each class, where the file does not say, or says otherwise. */
  classNames?: readonly string[] | undefined;
  /** Shape of one image, [h,w,c], where the file does not say, or says otherwise. */
  inputShape?: InputShape | undefined;
  /** Takes what was assumed, rounded or left out, in whole sentences. Default: a warning of the process, of type AdderNetWarning. */
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
