// Wrappers around a network add a part to the names of its tensors.

/** torch.compile, activation checkpointing and FSDP: anywhere in a name, and never the name of a layer. */
const internal = /(?<=^|\.)(_orig_mod|_checkpoint_wrapped_module|_fsdp_wrapped_module|_forward_module)\./g;
/** DataParallel, Lightning and users' own classes: where every name begins so. */
const wrappers = ['module.', 'model.', 'net.', 'network.', 'backbone.'];
/** A counter that torch.optim.swa_utils.AveragedModel has beside its module. */
const counter = 'n_averaged';
const maxWrappers = 8;

/** @returns the names without wrappers, in their order (undefined: no tensor of the network), and the prefix that all of them had */
export function unwrapNames(names: readonly string[]): { names: (string | undefined)[]; prefix: string } {
  const bare = names.map((name) => name.replace(internal, ''));
  const distinct = new Set(bare).size === names.length ? bare : names;
  const prefix = commonPrefix(distinct);
  return { names: distinct.map((name) => (name.startsWith(prefix) ? name.slice(prefix.length) : undefined)), prefix };
}

function commonPrefix(names: readonly string[]): string {
  let prefix = '';
  for (let i = 0; i < maxWrappers; i++) {
    const rest = names.filter((name) => name !== `${prefix}${counter}`);
    const wrapper = wrappers.find((part) => rest.length > 0 && rest.every((name) => name.startsWith(prefix + part)));
    if (wrapper === undefined) break;
    prefix += wrapper;
  }
  return prefix;
}
