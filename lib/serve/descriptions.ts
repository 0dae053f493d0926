// What the server says of itself and of its networks.
import { inputName, outputName } from './input-tensor';
import type { ModelStore, ServedModel } from './model-store';
import { Refusal } from './refusal';
import type { Service } from './service';

export const serverMetadata = ({ options: { version } }: Service) => ({ name: 'addernet', version, extensions: ['binary_tensor_data'] });

export function modelMetadata(store: ModelStore, { name, bits, metadata }: ServedModel) {
  const { unit, dataset, classNames, inputShape, classes } = metadata;
  return {
    name,
    versions: store.versions(name),
    platform: 'addernet',
    inputs: [{ name: inputName, datatype: 'FP32', shape: [-1, ...inputShape] }],
    outputs: [{ name: outputName, datatype: 'FP32', shape: [-1, classes] }],
    parameters: { unit, bits, dataset, class_names: classNames },
  };
}

/**
 * Every network that was asked for: a new server with a broken file must not take the place of one that is whole.
 * @throws {Refusal} 503
 */
export function checkReady({ isEnding, store }: Service): void {
  if (isEnding) throw new Refusal(503, 'the server is ending');
  const broken = store.broken().map(({ name, error }) => `${name}: ${error}`);
  if (broken.length > 0) throw new Refusal(503, `not all models could be loaded: ${broken.join('; ')}`);
}
