// Removes the prefixes that wrappers around a network add to the names of its tensors.

/** The prefixes of torch.compile, activation checkpointing and FSDP, which may be anywhere in a name and are never the name of a layer. */
const internal = /(?<=^|\.)(_orig_mod|_checkpoint_wrapped_module|_fsdp_wrapped_module|_forward_module)\./g;
/** The prefixes of DataParallel, Lightning and custom classes, which are removed only if all names start with them. */
const wrappers = ['module.', 'model.', 'net.', 'network.', 'backbone.'];
/** A counter of torch.optim.swa_utils.AveragedModel next to its module. */
const counter = 'n_averaged';
const maxWrappers = 8;

/** @returns the names without prefixes, in the same order (undefined for a tensor that does not belong to the network), and the common prefix */
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
